//! In: an operation, a dtype and a SIMD level. Out: a routine over a strip of elements, to be
//! called from machine code. Never: an answer that depends on the level, or on neighbours.
#![expect(
    unsafe_code,
    reason = "kernels call these with raw pointers; wider instructions need target_feature"
)]

use std::slice;

use super::SimdLevel;
use super::element::{Cast, Element, with_dtype};
use super::ops::{Binary, Unary, VisitBinary, VisitUnary, visit_binary, visit_unary};
use crate::types::{BinaryOp, DType, UnaryOp};

/// A routine over `n` elements. Pointers are aligned to their elements and valid for `n` of
/// them; bools are bytes 0 or 1; the machine has the level it was asked for.
#[derive(Clone, Copy, Debug)]
pub enum Routine {
    /// `x = f(x)`.
    InPlace(unsafe extern "C" fn(*mut u8, usize)),
    /// `a = f(a, b)`, both of the argument dtype; no overlap.
    Pair(unsafe extern "C" fn(*mut u8, *const u8, usize)),
    /// `dst = f(src)`; no overlap.
    Convert(unsafe extern "C" fn(*mut u8, *const u8, usize)),
}

/// `op` in place; `None` where the result has another dtype than the argument or the operation
/// does not take it.
pub fn unary(op: UnaryOp, dtype: DType, level: SimdLevel) -> Option<Routine> {
    visit_unary(op, dtype, Pick(level))
}

/// `a = op(a, b)`; `None` where the result has another dtype than the arguments or the
/// operation does not take them.
pub fn binary(op: BinaryOp, dtype: DType, level: SimdLevel) -> Option<Routine> {
    visit_binary(op, dtype, Pick(level))
}

/// Conversion of a strip of `from` to one of `to`.
pub fn cast(from: DType, to: DType, level: SimdLevel) -> Routine {
    with_dtype!(from, From => with_dtype!(to, To => {
        Routine::Convert(convert::pick::<From, To>(level))
    }))
}

struct Pick(SimdLevel);

impl VisitUnary for Pick {
    type Out = Routine;
    fn visit<T: Element, F: Unary<T>>(self) -> Routine {
        Routine::InPlace(if F::WIDE {
            in_place::pick::<T, F>(self.0)
        } else {
            in_place::plain::<T, F>
        })
    }
}

impl VisitBinary for Pick {
    type Out = Routine;
    fn visit<T: Element, F: Binary<T>>(self) -> Routine {
        Routine::Pair(if F::WIDE {
            pair::pick::<T, F>(self.0)
        } else {
            pair::plain::<T, F>
        })
    }
}

/// Elements that are looked at together for hard arguments; no element's result depends on it.
const GROUP: usize = 64;

/// `x = F(x)`.
///
/// # Safety
/// `x` is aligned and valid for reads and writes of `n` elements.
#[inline(always)]
unsafe fn in_place_loop<T: Element, F: Unary<T>>(x: *mut u8, n: usize) {
    // SAFETY: the caller promises `n` aligned elements that nothing else uses meanwhile.
    let strip = unsafe { slice::from_raw_parts_mut(x.cast::<T>(), n) };
    for group in strip.chunks_mut(GROUP) {
        if group.iter().fold(false, |any, &x| any | F::is_hard(x)) {
            for x in group {
                *x = if F::is_hard(*x) {
                    F::eval_hard(*x)
                } else {
                    F::eval(*x)
                };
            }
        } else {
            for x in group {
                *x = F::eval(*x);
            }
        }
    }
}

/// `a = F(a, b)`.
///
/// # Safety
/// Both are aligned and valid for `n` elements, and do not overlap.
#[inline(always)]
unsafe fn pair_loop<T: Element, F: Binary<T>>(a: *mut u8, b: *const u8, n: usize) {
    // SAFETY: the caller promises `n` aligned elements that nothing else uses meanwhile.
    let left = unsafe { slice::from_raw_parts_mut(a.cast::<T>(), n) };
    // SAFETY: the caller promises `n` aligned elements apart from those of `a`.
    let right = unsafe { slice::from_raw_parts(b.cast::<T>(), n) };
    for (a, &b) in left.iter_mut().zip(right) {
        *a = F::eval(*a, b);
    }
}

/// `dst = src as To`.
///
/// # Safety
/// Both are aligned and valid for `n` elements, and do not overlap.
#[inline(always)]
unsafe fn convert_loop<From: Element + Cast<To>, To: Element>(
    dst: *mut u8,
    src: *const u8,
    n: usize,
) {
    // SAFETY: the caller promises `n` aligned elements that nothing else uses meanwhile.
    let to = unsafe { slice::from_raw_parts_mut(dst.cast::<To>(), n) };
    // SAFETY: the caller promises `n` aligned elements apart from those of `dst`.
    let from = unsafe { slice::from_raw_parts(src.cast::<From>(), n) };
    for (to, &from) in to.iter_mut().zip(from) {
        *to = from.cast();
    }
}

/// Declares one loop at each level, and the choice between them.
macro_rules! levels {
    ($name:ident, $loop:ident, ($($arg:ident: $type:ty),*),
     [$a:ident: $($a_bound:path),*], [$b:ident: $b_bound:path]) => {
        mod $name {
            use super::*;

            /// The type of the routines.
            type Entry = unsafe extern "C" fn($($type),*);

            /// The routine for `level`.
            pub(super) fn pick<$a: $($a_bound +)*, $b: $b_bound>(level: SimdLevel) -> Entry {
                match level {
                    SimdLevel::Off | SimdLevel::Sse42 => plain::<$a, $b>,
                    #[cfg(target_arch = "x86_64")]
                    SimdLevel::Avx2 => avx2::<$a, $b>,
                    #[cfg(target_arch = "x86_64")]
                    SimdLevel::Avx512 => avx512::<$a, $b>,
                    #[cfg(not(target_arch = "x86_64"))]
                    SimdLevel::Avx2 | SimdLevel::Avx512 => plain::<$a, $b>,
                }
            }

            /// With the target's baseline.
            pub(super) unsafe extern "C" fn plain<$a: $($a_bound +)*, $b: $b_bound>($($arg: $type),*) {
                // SAFETY: the caller keeps the promises of `Routine`.
                unsafe { $loop::<$a, $b>($($arg),*) }
            }

            /// With AVX2 and FMA.
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            unsafe extern "C" fn avx2<$a: $($a_bound +)*, $b: $b_bound>($($arg: $type),*) {
                // SAFETY: the caller keeps the promises of `Routine`.
                unsafe { $loop::<$a, $b>($($arg),*) }
            }

            /// With AVX-512.
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
            unsafe extern "C" fn avx512<$a: $($a_bound +)*, $b: $b_bound>($($arg: $type),*) {
                // SAFETY: the caller keeps the promises of `Routine`.
                unsafe { $loop::<$a, $b>($($arg),*) }
            }
        }
    };
}

levels!(in_place, in_place_loop, (x: *mut u8, n: usize), [T: Element], [F: Unary<T>]);
levels!(pair, pair_loop, (a: *mut u8, b: *const u8, n: usize), [T: Element], [F: Binary<T>]);
levels!(convert, convert_loop, (dst: *mut u8, src: *const u8, n: usize),
    [From: Element, Cast<To>], [To: Element]);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::scalar;
    use crate::types::Scalar;

    /// Elements of a dtype with many special ones, the `i`th depending only on `i`.
    fn element(dtype: DType, i: usize) -> Scalar {
        const FLOATS: [f64; 22] = [
            0.0,
            -0.0,
            1.0,
            -1.0,
            0.5,
            2.5,
            -3.7,
            100.25,
            1e9,
            -1e9,
            1e30,
            -1e-30,
            2e6,
            9e3,
            88.8,
            -104.0,
            709.9,
            4e38,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::NAN,
            5e-324,
        ];
        let mixed = (i as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        if !dtype.is_float() {
            return Scalar::from_bits(
                dtype,
                if i.is_multiple_of(3) {
                    mixed % 9
                } else {
                    mixed >> 7
                },
            );
        }
        let value = match i % 3 {
            0 => FLOATS[(mixed % 22) as usize],
            _ => (mixed >> 40) as f64 / 1e5 - 50.0,
        };
        scalar::cast(Scalar::Float64(value), dtype)
    }

    fn strip(dtype: DType, from: usize, n: usize) -> Vec<Scalar> {
        (from..from + n).map(|i| element(dtype, i)).collect()
    }

    /// Memory aligned for any dtype.
    fn memory(elements: &[Scalar]) -> Vec<u64> {
        let mut bytes = Vec::new();
        elements
            .iter()
            .for_each(|element| element.write(&mut bytes));
        bytes.resize(bytes.len().next_multiple_of(8) + 8, 0xa5);
        bytes
            .as_chunks()
            .0
            .iter()
            .map(|&word| u64::from_ne_bytes(word))
            .collect()
    }

    fn elements(dtype: DType, memory: &[u64], n: usize) -> Vec<Scalar> {
        let bytes: Vec<u8> = memory.iter().flat_map(|word| word.to_ne_bytes()).collect();
        let size = dtype.size();
        assert_ne!(bytes[n * size..], [0; 0], "the slack is kept");
        (0..n)
            .map(|i| Scalar::read(dtype, &bytes[i * size..]).unwrap())
            .collect()
    }

    /// Runs a routine on `a` (and `b`, which is the source of a conversion).
    fn run(routine: Routine, a: &[Scalar], b: &[Scalar], to: DType) -> Vec<Scalar> {
        let n = a.len();
        let (mut left, right) = (memory(a), memory(b));
        match routine {
            // SAFETY: `left` holds `n` aligned elements.
            Routine::InPlace(f) => unsafe { f(left.as_mut_ptr().cast(), n) },
            Routine::Pair(f) | Routine::Convert(f) => {
                // SAFETY: both hold `n` aligned elements.
                unsafe { f(left.as_mut_ptr().cast(), right.as_ptr().cast(), n) }
            }
        }
        elements(to, &left, n)
    }

    fn levels() -> impl Iterator<Item = SimdLevel> {
        SimdLevel::ALL
            .into_iter()
            .filter(|level| level.is_available())
    }

    /// Strips of 0 to 40 elements, and one of several groups, all from different places, so that
    /// every element has every neighbour and position.
    fn spans() -> impl Iterator<Item = (usize, usize)> {
        (0..=40).map(|n| (n * 7, n)).chain([(3, 515)])
    }

    #[test]
    fn strips_agree_with_scalars_at_every_level() {
        for dtype in DType::ALL {
            for level in levels() {
                for op in UnaryOp::ALL {
                    let routine = unary(op, dtype, level);
                    assert_eq!(
                        routine.is_some(),
                        op.result(dtype) == Some(dtype),
                        "{op:?} {dtype}"
                    );
                    for (from, n) in spans().filter(|_| routine.is_some()) {
                        let a = strip(dtype, from, n);
                        let want: Vec<Scalar> =
                            a.iter().map(|&a| scalar::unary(op, a).unwrap()).collect();
                        let got = run(routine.unwrap(), &a, &[], dtype);
                        assert_eq!(got, want, "{op:?} {dtype} {level} {a:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn pairs_agree_with_scalars_at_every_level() {
        for dtype in DType::ALL {
            for level in levels() {
                for op in BinaryOp::ALL {
                    let routine = binary(op, dtype, level);
                    assert_eq!(
                        routine.is_some(),
                        op.result(dtype) == Some(dtype),
                        "{op:?} {dtype}"
                    );
                    for (from, n) in spans().filter(|_| routine.is_some()) {
                        let (a, b) = (strip(dtype, from, n), strip(dtype, from * 5 + 11, n));
                        let want: Vec<Scalar> = a
                            .iter()
                            .zip(&b)
                            .map(|(&a, &b)| scalar::binary(op, a, b).unwrap())
                            .collect();
                        let got = run(routine.unwrap(), &a, &b, dtype);
                        assert_eq!(got, want, "{op:?} {dtype} {level} {a:?} {b:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn conversions_agree_with_scalars_at_every_level() {
        for from in DType::ALL {
            for to in DType::ALL {
                for level in levels() {
                    for (start, n) in spans() {
                        let source = strip(from, start, n);
                        let blank = vec![Scalar::from_bits(to, 0); n];
                        let want: Vec<Scalar> =
                            source.iter().map(|&a| scalar::cast(a, to)).collect();
                        let got = run(cast(from, to, level), &blank, &source, to);
                        assert_eq!(got, want, "{from} {to} {level} {source:?}");
                    }
                }
            }
        }
    }
}
