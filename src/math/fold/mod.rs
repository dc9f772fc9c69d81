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

use super::element::with_dtype;
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
    with_dtype!(dtype, T => {
        let items = <T as super::element::Element>::items(values);
        let states = match kind {
            FoldKind::SumFloat => lanes::rows::<T, Sum>(items, n_rows, n_inner),
            FoldKind::ProdFloat => lanes::rows::<T, Product>(items, n_rows, n_inner),
            FoldKind::SumInt if dtype.is_unsigned() => simple::rows::<T, SumInt<u64>>(items, n_rows, n_inner),
            FoldKind::SumInt => simple::rows::<T, SumInt<i64>>(items, n_rows, n_inner),
            FoldKind::ProdInt if dtype.is_unsigned() => simple::rows::<T, ProductInt<u64>>(items, n_rows, n_inner),
            FoldKind::ProdInt => simple::rows::<T, ProductInt<i64>>(items, n_rows, n_inner),
            FoldKind::Min => simple::rows::<T, Least>(items, n_rows, n_inner),
            FoldKind::Max => simple::rows::<T, Greatest>(items, n_rows, n_inner),
            FoldKind::Any => simple::rows::<T, Any>(items, n_rows, n_inner),
            FoldKind::All => simple::rows::<T, All>(items, n_rows, n_inner),
            FoldKind::CountNonzero => simple::rows::<T, Count>(items, n_rows, n_inner),
            FoldKind::Moments => moments::rows::<T>(items, n_rows, n_inner),
        };
        Partials::new(kind, states)
    })
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
    with_dtype!(dtype, T => {
        let items = <T as super::element::Element>::items(values);
        let states = match kind {
            FoldKind::SumFloat => lanes::columns::<T, Sum>(items, n_red, n_out),
            FoldKind::ProdFloat => lanes::columns::<T, Product>(items, n_red, n_out),
            FoldKind::SumInt if dtype.is_unsigned() => simple::columns::<T, SumInt<u64>>(items, n_red, n_out),
            FoldKind::SumInt => simple::columns::<T, SumInt<i64>>(items, n_red, n_out),
            FoldKind::ProdInt if dtype.is_unsigned() => simple::columns::<T, ProductInt<u64>>(items, n_red, n_out),
            FoldKind::ProdInt => simple::columns::<T, ProductInt<i64>>(items, n_red, n_out),
            FoldKind::Min => simple::columns::<T, Least>(items, n_red, n_out),
            FoldKind::Max => simple::columns::<T, Greatest>(items, n_red, n_out),
            FoldKind::Any => simple::columns::<T, Any>(items, n_red, n_out),
            FoldKind::All => simple::columns::<T, All>(items, n_red, n_out),
            FoldKind::CountNonzero => simple::columns::<T, Count>(items, n_red, n_out),
            FoldKind::Moments => moments::columns::<T>(items, n_red, n_out),
        };
        Partials::new(kind, states)
    })
}

#[cfg(test)]
mod tests;
