//! Fuseblock evaluates array expressions over compressed, chunked n-d arrays.
//!
//! Two rivers meet here. *Text becomes a kernel*: [`syntax`] turns an expression into a tree,
//! [`check`] gives names a meaning and lowers the tree to the typed IR of [`ir`], [`opt`] makes
//! it cheaper and cuts it into passes, [`jit`] compiles the body of each pass to machine code.
//! *A file becomes blocks*: [`codec`] undoes compression and filters, [`store`] reads frames and
//! chunks, [`mod@array`] presents them as one [`Array`]. In [`exec`] kernel and blocks meet.
//!
//! Downstream modules may name upstream ones, never the reverse; ARCHITECTURE.md has the table
//! and `tests/layering.rs` checks it.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(doctest)]
#[doc = include_str!("../docs/files.md")]
struct Files;

#[cfg(not(target_pointer_width = "64"))]
compile_error!("fuseblock counts elements in usize and needs a 64-bit target");

// What everybody shares.
pub mod error;
pub mod limits;
pub mod table;

// River one: text -> tokens -> AST -> typed IR -> optimised IR -> kernel.
pub mod check;
pub mod diag;
pub mod funcs;
pub mod ir;
pub mod jit;
pub mod math;
pub mod opt;
pub mod source;
pub mod syntax;
pub mod types;

// River two: file -> frame -> chunk -> block.
pub mod array;
pub mod bytes;
pub mod codec;
pub mod store;

// Where they meet: block x kernel -> partial -> result.
pub mod exec;
pub mod expr;
pub mod session;
pub mod explain;

#[cfg(feature = "cli")]
pub mod cli;

pub use array::Array;
pub use error::{Error, ErrorKind};
pub use exec::{Engine, Options};
pub use expr::{Bound, Evaluated, Expr};
pub use math::SimdLevel;
pub use types::{DType, Scalar, Shape};
