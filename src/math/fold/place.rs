//! In: rows or columns of elements. Out: where the least or the greatest of each stands first.
//! Never: a position that depends on the order in which tiles come.

use super::partials::{State, States};
use super::simple::{Fold, Greatest, Least, row_state};
use crate::math::element::Element;

/// Which element of those folded so far wins, and where it stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// The lower wins; 0 is NaN, which beats every number.
    key: u64,
    /// Its position among the elements of the output element, in C order.
    pub index: u64,
}

impl Place {
    /// Of no elements: it loses to any.
    pub(super) const NOWHERE: Place = Place {
        key: u64::MAX,
        index: u64::MAX,
    };

    /// That of both; of equals the first.
    #[must_use]
    pub fn merge(self, other: Place) -> Place {
        let ahead = (other.key, other.index) < (self.key, self.index);
        if ahead { other } else { self }
    }
}

/// Which elements win.
pub(super) trait Wins<T: Element>: Fold<T, State = T> {
    /// Orders elements: the lower wins, equals have equal keys, NaN has 0.
    fn key(x: T) -> u64;
}

impl<T: Element + State> Wins<T> for Least {
    #[inline(always)]
    fn key(x: T) -> u64 {
        if x.is_nan() { 0 } else { x.plain().rank() }
    }
}

impl<T: Element + State> Wins<T> for Greatest {
    #[inline(always)]
    fn key(x: T) -> u64 {
        if x.is_nan() { 0 } else { !x.plain().rank() }
    }
}

/// One state for each of `n_rows` rows of `n_inner` elements; positions count from the row's start.
pub(super) fn rows<T: Element, W: Wins<T>>(
    items: &[T::Raw],
    n_rows: usize,
    n_inner: usize,
) -> States {
    let rows = items.chunks(n_inner).take(n_rows);
    States::Places(rows.map(row_place::<T, W>).collect())
}

/// The winner is found as for a minimum, then looked for.
fn row_place<T: Element, W: Wins<T>>(row: &[T::Raw]) -> Place {
    let winner = row_state::<T, W>(row);
    let key = W::key(winner);
    let wins = |&raw: &T::Raw| {
        let x = T::load(raw);
        x == winner || x.is_nan()
    };
    match row.iter().position(wins) {
        Some(index) => Place {
            key,
            index: index as u64,
        },
        None => Place::NOWHERE,
    }
}

/// One state for each of `n_out` columns of `n_red` elements.
pub(super) fn columns<T: Element, W: Wins<T>>(
    items: &[T::Raw],
    n_red: usize,
    n_out: usize,
) -> States {
    let mut places = vec![Place::NOWHERE; n_out];
    for (row, index) in items.chunks(n_out).take(n_red).zip(0..) {
        for (place, &raw) in places.iter_mut().zip(row) {
            let key = W::key(T::load(raw));
            *place = place.merge(Place { key, index });
        }
    }
    States::Places(places)
}
