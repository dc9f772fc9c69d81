//! In: typed values built by `check`. Out: the same program, verified, printed, interpreted.
//! Never: files, machines, threads.
//!
//! # The IR manual
//!
//! A [`Func`] is a table of operands, a table of values in SSA form (a value names only values
//! before it), a list of named outputs and a list of [`Raise`] conditions. Every value has a
//! dtype and a shape; elementwise instructions broadcast their arguments by NumPy's rule. All
//! elementwise instructions are total: no input traps (integer division by zero gives 0, an
//! integer to a negative power gives 0, shifts by too much give 0 or -1, casts saturate). What
//! must be an error at run time is a [`Raise`]: a bool value of the program that must be false
//! in every element.
//!
//! Every extent is known before anything is computed, but for one: an output may have a [`Filter`],
//! and is then the elements for which a bool value holds, in C order.
//!
//! ## Views
//!
//! Element `i` of a [`View`] is the element of its argument at the index that its [`SourceAxis`]
//! list gives for `i`. A reshape has the elements of its argument in C order, a concat those of
//! its arguments one after the other. They copy elements to the bit.
//!
//! ## Reductions, to the bit
//!
//! The bits of a float reduction are a function of the values, the shape and the [`Cut`], and of
//! nothing else: not of threads, SIMD width or engine.
//!
//! *tree*(list) merges neighbours `(0,1) (2,3) ...`, a lone last element going up unmerged,
//! until one is left. Merging is by index order: the left argument is the earlier one.
//!
//! Take one output element and one tile of the cut. Its elements in that tile, in C order, are
//! `x[0..n]`, as float64 (float32 and integers are converted first).
//!
//! - *Sum* and *Mean*: run `r` holds elements `128 r .. min(128 (r+1), n)`. It has 8 lanes, each
//!   starting at -0.0; element `128 r + 8 k + l` is added to lane `l`, in order of `k`. The runs'
//!   lane vectors merge lane by lane in *tree*(runs). The 8 lanes of the result merge as
//!   `((l0+l4)+(l2+l6)) + ((l1+l5)+(l3+l7))`. That is the tile's partial.
//! - *Prod*: the same with `*`, starting at 1.0.
//! - *Var* and *Std*: strip `s` holds elements `512 s .. min(512 (s+1), n)`. Its sum is computed
//!   as above (as if the strip were a tile), mean = sum / count, and M2 is the same sum over
//!   `(x - mean) * (x - mean)`. Moments `(n, mean, M2)` merge by Chan:
//!   `d = mean_b - mean_a; n = na + nb; mean = mean_a + d * (nb / n);
//!   M2 = (M2_a + M2_b) + (d * d) * (na * nb / n)`, in *tree*(strips).
//!
//! The partials of an output element's tiles, in tile order (see [`Cut`]), merge in *tree*(tiles).
//! An output element without tiles gets the identity: 0.0, 1.0, `(0, 0, 0)`. At the end 0.0 is
//! added to sums, so that none is -0.0 (as in NumPy); Mean = sum / n;
//! Var = M2 / max(n - ddof, 0); Std = sqrt(Var); float32 results are rounded once.
//!
//! Integer sums and products wrap in 64 bits, so their order does not matter; Min and Max
//! propagate NaN and order -0.0 before +0.0, so theirs does not either.
//!
//! ## Scans
//!
//! Along the axis the first element stays what it is, and each next one is `op(result before,
//! element)` in the value's own dtype, in index order: float sums round at every step, as NumPy's
//! do. Nothing else decides the bits. With `initial` the sum or product of nothing comes first, and
//! has no part in what follows.
//!
//! ## Tallies
//!
//! The weights of a bin are added to 0 one after the other in C order, in float64 or wrapping in
//! int64. Where sums are rounded, that is done anew for each block of elements that are there, the
//! last one being what is left; each block's sums are converted to the result's dtype and added in
//! it, block after block, to 0. Nothing else decides the bits.

#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod arbitrary;
mod body;
mod build;
mod cut;
pub mod eval;
mod func;
mod inst;
pub(crate) mod text;
mod verify;
mod view;

pub use body::{Body, BodyInput, BodyInst, FoldOp, InputId, Reg, RegData, Sink};
pub use build::Builder;
pub use cut::{Cut, DimCut};
pub use func::{Filter, Func, Operand, OperandId, Output, Raise, RaiseKind, Value, ValueData};
pub use inst::{
    Concat, Elementwise, Generator, Inst, Rank, Reduce, ReduceOp, Rounded, Scan, ScanOp, Tally,
};
pub use text::{ParseError, parse};
pub use verify::{Verified, VerifyError};
pub use view::{Border, SourceAxis, Step, View, inside};
