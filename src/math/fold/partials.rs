//! In: the states of some output elements. Out: the same, merged with those of the next tile.
//! Never: the elements they came from.

use super::lanes::{Accumulate, Product, Sum};
use super::{FoldKind, Moments, Place};
use crate::math::element::{Bool8, Element, with_dtype};
use crate::math::int::Int;
use crate::types::{DType, Scalar};

/// Partial states of some output elements of one reduction.
#[derive(Clone, PartialEq, Debug)]
pub struct Partials {
    kind: FoldKind,
    states: States,
}

/// One state an output element.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum States {
    Bool(Vec<Bool8>),
    Int8(Vec<i8>),
    Int16(Vec<i16>),
    Int32(Vec<i32>),
    Int64(Vec<i64>),
    UInt8(Vec<u8>),
    UInt16(Vec<u16>),
    UInt32(Vec<u32>),
    UInt64(Vec<u64>),
    Float32(Vec<f32>),
    Float64(Vec<f64>),
    Moments(Vec<Moments>),
    Places(Vec<Place>),
}

/// An element type that states can have.
pub(super) trait State: Element {
    /// The states of a list.
    fn wrap(states: Vec<Self>) -> States;
}

macro_rules! states {
    ($($name:ident $type:ty),*) => {
        $(impl State for $type {
            fn wrap(states: Vec<Self>) -> States {
                States::$name(states)
            }
        })*

        impl States {
            fn len(&self) -> usize {
                match self {
                    $(States::$name(states) => states.len(),)*
                    States::Moments(states) => states.len(),
                    States::Places(states) => states.len(),
                }
            }

            fn append(&mut self, more: States) -> bool {
                match (self, more) {
                    $((States::$name(states), States::$name(more)) => states.extend(more),)*
                    (States::Moments(states), States::Moments(more)) => states.extend(more),
                    (States::Places(states), States::Places(more)) => states.extend(more),
                    _ => return false,
                }
                true
            }

            fn scalar(&self, index: usize) -> Option<Scalar> {
                match self {
                    $(States::$name(states) => states.get(index).map(|&state| state.to_scalar()),)*
                    States::Places(states) => {
                        states.get(index).map(|place| Scalar::Int64(place.index as i64))
                    }
                    States::Moments(_) => None,
                }
            }

            /// Merges as minima do, where `MIN`, or as maxima.
            fn merge_extremes<const MIN: bool>(&mut self, later: &States) -> bool {
                match (self, later) {
                    $((States::$name(states), States::$name(later)) => {
                        let merge = if MIN { <$type>::least } else { <$type>::greatest };
                        zip(states, later, merge)
                    })*
                    _ => return false,
                }
                true
            }
        }
    };
}
states! {
    Bool Bool8, Int8 i8, Int16 i16, Int32 i32, Int64 i64,
    UInt8 u8, UInt16 u16, UInt32 u32, UInt64 u64, Float32 f32, Float64 f64
}

impl From<Vec<f64>> for States {
    fn from(states: Vec<f64>) -> Self {
        States::Float64(states)
    }
}

/// `earlier = merge(earlier, later)`, one by one.
fn zip<T: Copy>(earlier: &mut [T], later: &[T], merge: impl Fn(T, T) -> T) {
    for (earlier, &later) in earlier.iter_mut().zip(later) {
        *earlier = merge(*earlier, later);
    }
}

impl Partials {
    pub(super) fn new(kind: FoldKind, states: States) -> Self {
        Self { kind, states }
    }

    /// `count` states of no elements: merged on either side of a partial they leave its bits
    /// alone. (That of a float sum is -0.0; an output element that has no tiles is
    /// [`Partials::without_tiles`], 0.0.)
    pub fn identity(kind: FoldKind, dtype: DType, count: usize) -> Partials {
        let states = match kind {
            FoldKind::SumFloat => States::Float64(vec![Sum::IDENTITY; count]),
            FoldKind::ProdFloat => States::Float64(vec![Product::IDENTITY; count]),
            FoldKind::SumInt if dtype.is_unsigned() => States::UInt64(vec![0; count]),
            FoldKind::SumInt | FoldKind::CountNonzero => States::Int64(vec![0; count]),
            FoldKind::ProdInt if dtype.is_unsigned() => States::UInt64(vec![1; count]),
            FoldKind::ProdInt => States::Int64(vec![1; count]),
            FoldKind::Min | FoldKind::Nth { .. } => {
                with_dtype!(dtype, T => State::wrap(vec![<T as Element>::HIGHEST; count]))
            }
            FoldKind::Max => {
                with_dtype!(dtype, T => State::wrap(vec![<T as Element>::LOWEST; count]))
            }
            FoldKind::Any => States::Bool(vec![Bool8::new(false); count]),
            FoldKind::All => States::Bool(vec![Bool8::new(true); count]),
            FoldKind::ArgMin | FoldKind::ArgMax => States::Places(vec![Place::NOWHERE; count]),
            FoldKind::Moments => States::Moments(vec![Moments::default(); count]),
        };
        Partials { kind, states }
    }

    /// The states of `count` output elements of an empty domain: as [`Partials::identity`], but
    /// a float sum is 0.0.
    pub fn without_tiles(kind: FoldKind, dtype: DType, count: usize) -> Partials {
        let mut partials = Partials::identity(kind, dtype, count);
        if let (FoldKind::SumFloat, States::Float64(sums)) = (kind, &mut partials.states) {
            sums.fill(0.0);
        }
        partials
    }

    /// Turns positions among the elements of a tile into positions among all elements; other kinds
    /// have none.
    pub fn relocate(&mut self, to: impl Fn(u64) -> u64) {
        if let States::Places(places) = &mut self.states {
            for place in places {
                place.index = to(place.index);
            }
        }
    }

    /// The states that lie in native-endian memory, elements of [`FoldKind::state_dtype`]; `None`
    /// for moments and positions.
    pub fn from_bytes(kind: FoldKind, dtype: DType, bytes: &[u8]) -> Option<Partials> {
        let states = with_dtype!(kind.state_dtype(dtype)?, T => {
            let items = <T as Element>::items(bytes);
            State::wrap(items.iter().map(|&raw| <T as Element>::load(raw)).collect())
        });
        Some(Partials { kind, states })
    }

    /// What was folded.
    pub fn kind(&self) -> FoldKind {
        self.kind
    }

    /// How many output elements there are.
    pub fn len(&self) -> usize {
        self.states.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The state of one output element; `None` for moments or past the end.
    pub fn scalar(&self, index: usize) -> Option<Scalar> {
        self.states.scalar(index)
    }

    /// The moments; `None` for other kinds.
    pub fn moments(&self) -> Option<&[Moments]> {
        if let States::Moments(moments) = &self.states {
            return Some(moments);
        }
        None
    }

    /// The float64 states, of float sums and products among others; `None` for other dtypes.
    pub fn f64s(&self) -> Option<&[f64]> {
        if let States::Float64(states) = &self.states {
            return Some(states);
        }
        None
    }

    /// Adds the states of further output elements at the end.
    ///
    /// # Panics
    /// If `more` is of another kind or dtype.
    pub fn append(&mut self, more: Partials) {
        let fits = self.kind == more.kind && self.states.append(more.states);
        assert!(fits, "partials of different reductions were joined");
    }

    /// Merges the states of the same output elements over the elements that come next, in place.
    ///
    /// # Panics
    /// If `later` is of another kind, dtype or length.
    pub fn merge(&mut self, later: Partials) {
        let mut fits = self.kind == later.kind && self.len() == later.len();
        fits = fits && self.merge_states(&later.states);
        assert!(fits, "partials of different reductions were merged");
    }

    /// Whether the dtypes allowed it.
    fn merge_states(&mut self, later: &States) -> bool {
        match (self.kind, &mut self.states, later) {
            (FoldKind::Min, states, later) => return states.merge_extremes::<true>(later),
            (FoldKind::Max, states, later) => return states.merge_extremes::<false>(later),
            (FoldKind::SumFloat, States::Float64(a), States::Float64(b)) => zip(a, b, Sum::step),
            (FoldKind::ProdFloat, States::Float64(a), States::Float64(b)) => {
                zip(a, b, Product::step);
            }
            (FoldKind::SumInt | FoldKind::CountNonzero, States::Int64(a), States::Int64(b)) => {
                zip(a, b, Int::add);
            }
            (FoldKind::SumInt, States::UInt64(a), States::UInt64(b)) => zip(a, b, Int::add),
            (FoldKind::ProdInt, States::Int64(a), States::Int64(b)) => zip(a, b, Int::mul),
            (FoldKind::ProdInt, States::UInt64(a), States::UInt64(b)) => zip(a, b, Int::mul),
            (FoldKind::Any, States::Bool(a), States::Bool(b)) => zip(a, b, Bool8::greatest),
            (FoldKind::All, States::Bool(a), States::Bool(b)) => zip(a, b, Bool8::least),
            (FoldKind::ArgMin | FoldKind::ArgMax, States::Places(a), States::Places(b)) => {
                zip(a, b, Place::merge);
            }
            (FoldKind::Moments, States::Moments(a), States::Moments(b)) => {
                zip(a, b, Moments::merge);
            }
            _ => return false,
        }
        true
    }
}
