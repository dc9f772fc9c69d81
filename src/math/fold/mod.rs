//! In: a kind of reduction and elements in memory. Out: the partial state of each output element,
//! and how partials merge. Never: a result that depends on how the work was shared out.
//!
//! The order of additions is the one of the IR manual ([`crate::ir`], "Reductions, to the bit").

mod lanes;
mod moments;
mod nth;
mod partials;
mod place;
mod simple;
mod tree;

pub use lanes::tile_partial_from_runs;
pub use moments::Moments;
pub use partials::Partials;
pub use place::Place;
pub use tree::{Counter, tree_merge};

use std::borrow::Cow;

use super::element::{Bool8, Element, with_dtype};
use super::scalar;
use crate::types::{DType, Scalar};
use lanes::{Product, Sum};
use simple::{All, Any, Count, Greatest, Least, ProductInt, SumInt};

/// What is folded. The state of one output element is given for each.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum FoldKind {
    /// Elements of any dtype, as float64: float64.
    SumFloat,
    /// Elements of any dtype, as float64: float64.
    ProdFloat,
    /// Wrapping: uint64 of unsigned elements, int64 of others.
    SumInt,
    /// Wrapping: uint64 of unsigned elements, int64 of others.
    ProdInt,
    /// An element of the same dtype; NaN propagates, -0.0 is less than +0.0.
    Min,
    /// An element of the same dtype; NaN propagates, -0.0 is less than +0.0.
    Max,
    /// Where the first NaN, else the first minimum stands: a [`Place`].
    ArgMin,
    /// Where the first NaN, else the first maximum stands: a [`Place`].
    ArgMax,
    /// The element at a rank of all of them: an element of the same dtype. Never merged.
    Nth {
        /// From 0 on.
        rank: usize,
    },
    /// Whether an element is not zero: bool.
    Any,
    /// Whether all elements are not zero: bool.
    All,
    /// How many elements are not zero: int64.
    CountNonzero,
    /// Count, mean and sum of squared deviations, of elements of any dtype as float64.
    Moments,
}

impl FoldKind {
    /// The dtype of a state over elements of `dtype`; `None` where it is no element.
    pub fn state_dtype(self, dtype: DType) -> Option<DType> {
        match self {
            FoldKind::SumFloat | FoldKind::ProdFloat => Some(DType::Float64),
            FoldKind::SumInt | FoldKind::ProdInt if dtype.is_unsigned() => Some(DType::UInt64),
            FoldKind::SumInt | FoldKind::ProdInt | FoldKind::CountNonzero => Some(DType::Int64),
            FoldKind::Min | FoldKind::Max | FoldKind::Nth { .. } => Some(dtype),
            FoldKind::Any | FoldKind::All => Some(DType::Bool),
            FoldKind::ArgMin | FoldKind::ArgMax | FoldKind::Moments => None,
        }
    }
}

/// `$body` over the elements as float32 or, if they are anything else, as float64.
macro_rules! as_floats {
    ($dtype:expr, $values:expr, $t:ident, $items:ident => $body:expr) => {
        if $dtype == DType::Float32 {
            type $t = f32;
            let $items = $t::items($values);
            $body
        } else {
            type $t = f64;
            let converted = converted($dtype, DType::Float64, $values);
            let $items = $t::items(&converted);
            $body
        }
    };
}

/// `$body` over the elements as integers (floats as int64), with the 64-bit integer they go to.
macro_rules! as_ints {
    (@ $from:ty, $to:ty, $values:expr, $t:ident, $wide:ident, $items:ident => $body:expr) => {{
        type $t = $from;
        type $wide = $to;
        let $items = $t::items($values);
        $body
    }};
    ($dtype:expr, $values:expr, $t:ident, $wide:ident, $items:ident => $body:expr) => {
        match $dtype {
            DType::Bool => as_ints!(@ Bool8, i64, $values, $t, $wide, $items => $body),
            DType::Int8 => as_ints!(@ i8, i64, $values, $t, $wide, $items => $body),
            DType::Int16 => as_ints!(@ i16, i64, $values, $t, $wide, $items => $body),
            DType::Int32 => as_ints!(@ i32, i64, $values, $t, $wide, $items => $body),
            DType::Int64 => as_ints!(@ i64, i64, $values, $t, $wide, $items => $body),
            DType::UInt8 => as_ints!(@ u8, u64, $values, $t, $wide, $items => $body),
            DType::UInt16 => as_ints!(@ u16, u64, $values, $t, $wide, $items => $body),
            DType::UInt32 => as_ints!(@ u32, u64, $values, $t, $wide, $items => $body),
            DType::UInt64 => as_ints!(@ u64, u64, $values, $t, $wide, $items => $body),
            DType::Float32 | DType::Float64 => {
                let converted = converted($dtype, DType::Int64, $values);
                as_ints!(@ i64, i64, &converted, $t, $wide, $items => $body)
            }
        }
    };
}

/// Calls `rows` or `columns` of the module and the fold that `$kind` says, for elements of
/// `$dtype`. Each kind is compiled for the dtypes that reductions give it; others are converted
/// first, so that 49 loops do for 132 pairs.
macro_rules! fold_with {
    ($function:ident, $kind:expr, $dtype:expr, $values:expr, $n:expr, $m:expr) => {{
        let (n, m, dtype) = ($n, $m, $dtype);
        let states = match $kind {
            FoldKind::SumFloat => as_floats!(dtype, $values, T, items => lanes::$function::<T, Sum>(items, n, m)),
            FoldKind::ProdFloat => as_floats!(dtype, $values, T, items => lanes::$function::<T, Product>(items, n, m)),
            FoldKind::Moments => as_floats!(dtype, $values, T, items => moments::$function::<T>(items, n, m)),
            FoldKind::SumInt => as_ints!(dtype, $values, T, Wide, items => simple::$function::<T, SumInt<Wide>>(items, n, m)),
            FoldKind::ProdInt => as_ints!(dtype, $values, T, Wide, items => simple::$function::<T, ProductInt<Wide>>(items, n, m)),
            FoldKind::Min => with_dtype!(dtype, T => simple::$function::<T, Least>(T::items($values), n, m)),
            FoldKind::Max => with_dtype!(dtype, T => simple::$function::<T, Greatest>(T::items($values), n, m)),
            FoldKind::ArgMin => with_dtype!(dtype, T => place::$function::<T, Least>(T::items($values), n, m)),
            FoldKind::ArgMax => with_dtype!(dtype, T => place::$function::<T, Greatest>(T::items($values), n, m)),
            FoldKind::Nth { rank } => with_dtype!(dtype, T => nth::$function::<T>(T::items($values), n, m, rank)),
            FoldKind::Any => simple::$function::<Bool8, Any>(Bool8::items(&truths(dtype, $values)), n, m),
            FoldKind::All => simple::$function::<Bool8, All>(Bool8::items(&truths(dtype, $values)), n, m),
            FoldKind::CountNonzero => simple::$function::<Bool8, Count>(Bool8::items(&truths(dtype, $values)), n, m),
        };
        Partials::new($kind, states)
    }};
}

/// The elements as another dtype; themselves where it is their own.
fn converted(from: DType, to: DType, values: &[u8]) -> Cow<'_, [u8]> {
    if from == to {
        return Cow::Borrowed(values);
    }
    let mut out = Vec::with_capacity(values.len() / from.size() * to.size());
    let items = values.chunks_exact(from.size());
    for value in items.filter_map(|item| Scalar::read(from, item)) {
        scalar::cast(value, to).write(&mut out);
    }
    Cow::Owned(out)
}

/// Whether each element is not zero.
fn truths(dtype: DType, values: &[u8]) -> Cow<'_, [u8]> {
    converted(dtype, DType::Bool, values)
}

/// The partials of one tile whose reduced axes are innermost: output `r` folds the elements
/// `values[r * n_inner..][..n_inner]`. `values` is native-endian memory of `dtype`; both counts
/// are at least 1, and elements past `n_rows * n_inner` are ignored.
pub fn fold_rows(
    kind: FoldKind,
    dtype: DType,
    values: &[u8],
    n_rows: usize,
    n_inner: usize,
) -> Partials {
    fold_with!(rows, kind, dtype, values, n_rows, n_inner)
}

/// The partials of one tile whose reduced axes are outermost: output `j` folds the elements
/// `values[i * n_out + j]` in order of `i`, to the same bits as if they had been gathered into a
/// row. `values` is native-endian memory of `dtype`; both counts are at least 1, and elements
/// past `n_red * n_out` are ignored.
pub fn fold_columns(
    kind: FoldKind,
    dtype: DType,
    values: &[u8],
    n_red: usize,
    n_out: usize,
) -> Partials {
    // PERF: a lone column is a row: 3.6 -> 0.2 ns an element.
    if n_out == 1 {
        return fold_rows(kind, dtype, values, 1, n_red);
    }
    fold_with!(columns, kind, dtype, values, n_red, n_out)
}

#[cfg(test)]
mod tests;
