//! In: a kind of reduction and elements in memory. Out: the partial state of each output element,
//! and how partials merge. Never: a result that depends on how the work was shared out.
//!
//! The order of additions is the one of the IR manual ([`crate::ir`], "Reductions, to the bit").

mod lanes;
mod moments;
mod partials;
mod simple;
mod tree;

pub use lanes::tile_partial_from_runs;
pub use moments::Moments;
pub use partials::Partials;
pub use tree::{Counter, tree_merge};

use super::element::{Element, with_dtype};
use crate::types::DType;
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
    /// The dtype of a state over elements of `dtype`; `None` for [`FoldKind::Moments`].
    pub fn state_dtype(self, dtype: DType) -> Option<DType> {
        match self {
            FoldKind::SumFloat | FoldKind::ProdFloat => Some(DType::Float64),
            FoldKind::SumInt | FoldKind::ProdInt if dtype.is_unsigned() => Some(DType::UInt64),
            FoldKind::SumInt | FoldKind::ProdInt | FoldKind::CountNonzero => Some(DType::Int64),
            FoldKind::Min | FoldKind::Max => Some(dtype),
            FoldKind::Any | FoldKind::All => Some(DType::Bool),
            FoldKind::Moments => None,
        }
    }
}

/// Calls `rows` or `columns` of the module and the fold that `$kind` says, for elements of
/// `$dtype`.
macro_rules! fold_with {
    ($function:ident, $kind:expr, $dtype:expr, $values:expr, $n:expr, $m:expr) => {
        with_dtype!($dtype, T => {
            let items = <T as Element>::items($values);
            let unsigned = $dtype.is_unsigned();
            let states = match $kind {
                FoldKind::SumFloat => lanes::$function::<T, Sum>(items, $n, $m),
                FoldKind::ProdFloat => lanes::$function::<T, Product>(items, $n, $m),
                FoldKind::SumInt if unsigned => simple::$function::<T, SumInt<u64>>(items, $n, $m),
                FoldKind::SumInt => simple::$function::<T, SumInt<i64>>(items, $n, $m),
                FoldKind::ProdInt if unsigned => {
                    simple::$function::<T, ProductInt<u64>>(items, $n, $m)
                }
                FoldKind::ProdInt => simple::$function::<T, ProductInt<i64>>(items, $n, $m),
                FoldKind::Min => simple::$function::<T, Least>(items, $n, $m),
                FoldKind::Max => simple::$function::<T, Greatest>(items, $n, $m),
                FoldKind::Any => simple::$function::<T, Any>(items, $n, $m),
                FoldKind::All => simple::$function::<T, All>(items, $n, $m),
                FoldKind::CountNonzero => simple::$function::<T, Count>(items, $n, $m),
                FoldKind::Moments => moments::$function::<T>(items, $n, $m),
            };
            Partials::new($kind, states)
        })
    };
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
