//! In: views of the `ndarray` crate. Out: arrays that borrow their memory.
//! Never: a reference to memory between a view's elements, which may belong to somebody else.
#![expect(unsafe_code, reason = "the memory under a dense view as one slice")]

use ndarray::{ArrayView, Dimension};

use super::element::{Element, bytes_of};
use super::{Array, checked_shape};
use crate::error::{Error, Result};

/// Borrows a view without copying where its elements leave no gaps between them: in any order of
/// axes, reversed, or broadcast. A view with gaps (a column of a matrix, every second element) is
/// copied, because the memory between its elements may be lent to somebody else.
impl<'a, T: Element, D: Dimension> TryFrom<ArrayView<'a, T, D>> for Array<'a> {
    type Error = Error;

    fn try_from(view: ArrayView<'a, T, D>) -> Result<Self> {
        let shape = checked_shape(view.shape(), None)?;
        let Some((low, span)) = dense_span(view.shape(), view.strides()) else {
            let data: Vec<T> = view.iter().copied().collect();
            return Array::from_vec(data, &shape);
        };
        let strides = view.strides().iter();
        let strides: Vec<isize> = strides
            .map(|&stride| stride.saturating_mul(size_of::<T>() as isize))
            .collect();
        // SAFETY: the view's lowest element is `low` elements before its first.
        let first = unsafe { view.as_ptr().sub(low) };
        // SAFETY: `dense_span` found that the view's elements, which are initialised and
        // borrowed for 'a, cover each of these `span` places.
        let data: &'a [T] = unsafe { std::slice::from_raw_parts(first, span) };
        let offset = low * size_of::<T>();
        Array::from_strided(T::DTYPE, bytes_of(data), &shape, offset, &strides)
    }
}

/// How many elements before the first one a view begins, and over how many places it extends, if
/// it covers all of them.
fn dense_span(shape: &[usize], strides: &[isize]) -> Option<(usize, usize)> {
    if shape.contains(&0) {
        return None;
    }
    let mut axes: Vec<(usize, usize)> = Vec::with_capacity(shape.len());
    let mut low = 0;
    for (&extent, &stride) in shape.iter().zip(strides) {
        let reach = (extent - 1) * stride.unsigned_abs();
        if stride < 0 {
            low += reach;
        }
        axes.push((stride.unsigned_abs(), reach));
    }
    axes.sort_unstable();
    // From the innermost axis outwards: steps no longer than what is covered leave no gap.
    let mut span = 1;
    for (stride, reach) in axes {
        if reach > 0 && stride > span {
            return None;
        }
        span += reach;
    }
    Some((low, span))
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, ArrayView0, ShapeBuilder, arr0, s};

    use super::super::tests::elements;
    use super::*;

    fn borrows<T: Element, D: Dimension>(view: ArrayView<'_, T, D>) -> bool {
        dense_span(view.shape(), view.strides()).is_some()
    }

    #[test]
    fn dense_views_are_borrowed_and_all_views_agree_with_ndarray() {
        let base = Array2::from_shape_fn((4, 6), |(row, column)| (row * 6 + column) as i32);
        let fortran = Array2::from_shape_fn((4, 6).f(), |(row, column)| (row * 6 + column) as i32);
        let check = |view: ArrayView<'_, i32, ndarray::Ix2>, borrowed: bool| {
            let expect: Vec<i32> = view.iter().copied().collect();
            assert_eq!(borrows(view), borrowed);
            let array = Array::try_from(view).unwrap();
            assert_eq!(elements::<i32>(&array), expect);
        };
        check(base.view(), true);
        check(base.t(), true);
        check(fortran.view(), true);
        check(base.slice(s![..;-1, ..]), true);
        check(base.slice(s![..;-1, ..;-1]), true);
        check(base.slice(s![1..3, ..]), true);
        check(base.slice(s![.., 1..3]), false);
        check(base.slice(s![..;2, ..;-2]), false);
        check(base.slice(s![1..2, ..;3]), false);
        check(base.slice(s![1..1, ..]), false);
        check(base.slice(s![1, ..]).broadcast((5, 6)).unwrap(), true);
    }

    #[test]
    fn a_0_d_view_is_a_0_d_array() {
        let value = arr0(2.5f64);
        let view: ArrayView0<'_, f64> = value.view();
        let array = Array::try_from(view).unwrap();
        assert_eq!(array.shape().ndim(), 0);
        assert_eq!(elements::<f64>(&array), [2.5]);
    }
}
