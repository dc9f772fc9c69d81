//! In: rows or columns of elements. Out: folds whose order does not matter.
//! Never: float sums and products (they are `lanes`').

use std::marker::PhantomData;

use super::partials::{State, States};
use crate::math::element::{Bool8, Cast, Element};
use crate::math::int::Int;

/// A fold that may take its elements in any order.
pub(super) trait Fold<T> {
    /// What is carried along.
    type State: State;
    /// The state of no elements.
    fn identity() -> Self::State;
    /// The state of an element.
    fn lift(x: T) -> Self::State;
    /// The state of both.
    fn merge(a: Self::State, b: Self::State) -> Self::State;
}

/// Wrapping sum in `S`.
pub(super) struct SumInt<S>(PhantomData<S>);
/// Wrapping product in `S`.
pub(super) struct ProductInt<S>(PhantomData<S>);
/// Minimum.
pub(super) struct Least;
/// Maximum.
pub(super) struct Greatest;
/// Whether any is not zero.
pub(super) struct Any;
/// Whether all are not zero.
pub(super) struct All;
/// How many are not zero.
pub(super) struct Count;

/// Declares a fold by its state, its identity, and how an element and two states enter.
macro_rules! folds {
    ($($fold:ty, $state:ty, [$($bounds:tt)*], $identity:expr, $lift:expr, $merge:expr;)*) => {$(
        impl<$($bounds)*> Fold<T> for $fold {
            type State = $state;
            #[inline(always)]
            fn identity() -> $state {
                $identity
            }
            #[inline(always)]
            fn lift(x: T) -> $state {
                $lift(x)
            }
            #[inline(always)]
            fn merge(a: $state, b: $state) -> $state {
                $merge(a, b)
            }
        }
    )*};
}
folds! {
    SumInt<S>, S, [T: Cast<S>, S: Int + State], S::from_bits(0), T::cast, S::add;
    ProductInt<S>, S, [T: Cast<S>, S: Int + State], S::from_bits(1), T::cast, S::mul;
    Least, T, [T: Element + State], T::HIGHEST, |x| x, T::least;
    Greatest, T, [T: Element + State], T::LOWEST, |x| x, T::greatest;
    Any, Bool8, [T: Element], Bool8::new(false), |x: T| x.cast(), Bool8::greatest;
    All, Bool8, [T: Element], Bool8::new(true), |x: T| x.cast(), Bool8::least;
    Count, i64, [T: Element], 0, |x: T| i64::from(x.truth()), i64::wrapping_add;
}

/// Accumulators of one row: enough for two vectors of AVX-512 floats.
const WIDTH: usize = 16;

/// One state for each of `n_rows` rows of `n_inner` elements.
pub(super) fn rows<T: Element, F: Fold<T>>(
    items: &[T::Raw],
    n_rows: usize,
    n_inner: usize,
) -> States {
    let rows = items.chunks(n_inner).take(n_rows);
    F::State::wrap(rows.map(row_state::<T, F>).collect())
}

pub(super) fn row_state<T: Element, F: Fold<T>>(row: &[T::Raw]) -> F::State {
    let merge = |state, &raw| F::merge(state, F::lift(T::load(raw)));
    if row.len() < WIDTH {
        return row.iter().fold(F::identity(), merge);
    }
    let mut states = [F::identity(); WIDTH];
    let (whole, rest) = row.as_chunks::<WIDTH>();
    for step in whole {
        for (state, raw) in states.iter_mut().zip(step) {
            *state = merge(*state, raw);
        }
    }
    for (state, raw) in states.iter_mut().zip(rest) {
        *state = merge(*state, raw);
    }
    states.into_iter().fold(F::identity(), F::merge)
}

/// One state for each of `n_out` columns of `n_red` elements.
pub(super) fn columns<T: Element, F: Fold<T>>(
    items: &[T::Raw],
    n_red: usize,
    n_out: usize,
) -> States {
    let mut states = vec![F::identity(); n_out];
    for row in items.chunks(n_out).take(n_red) {
        for (state, &raw) in states.iter_mut().zip(row) {
            *state = F::merge(*state, F::lift(T::load(raw)));
        }
    }
    F::State::wrap(states)
}
