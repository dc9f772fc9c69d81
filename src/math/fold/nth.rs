//! In: rows or columns of elements, all there are. Out: of each the element that stands at a rank
//! once they are sorted. Never: a part of what is reduced; there is no merging.

use super::partials::{State, States};
use crate::math::element::Element;

/// One element for each of `n_rows` rows of `n_inner` elements.
pub(super) fn rows<T: Element + State>(
    items: &[T::Raw],
    n_rows: usize,
    n_inner: usize,
    rank: usize,
) -> States {
    let mut room = Vec::with_capacity(n_inner);
    let rows = items.chunks(n_inner).take(n_rows);
    T::wrap(
        rows.map(|row| nth::<T>(row.iter(), rank, &mut room))
            .collect(),
    )
}

/// One element for each of `n_out` columns of `n_red` elements.
pub(super) fn columns<T: Element + State>(
    items: &[T::Raw],
    n_red: usize,
    n_out: usize,
    rank: usize,
) -> States {
    let mut room = Vec::with_capacity(n_red);
    let columns = (0..n_out).map(|column| {
        let column = items.iter().skip(column).step_by(n_out).take(n_red);
        nth::<T>(column, rank, &mut room)
    });
    T::wrap(columns.collect())
}

/// The element at a rank; NaN if any is NaN. `room` is scratch.
fn nth<'a, T: Element>(items: impl Iterator<Item = &'a T::Raw>, rank: usize, room: &mut Vec<T>) -> T
where
    T::Raw: 'a,
{
    room.clear();
    room.extend(items.map(|&raw| T::load(raw)));
    if let Some(&nan) = room.iter().find(|x| x.is_nan()) {
        return nan;
    }
    // OK because `verify` refuses ranks beyond the elements, and a tile holds all of them.
    let last = room.len() - 1;
    *room
        .select_nth_unstable_by_key(rank.min(last), |x| x.rank())
        .1
}
