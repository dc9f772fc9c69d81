//! In: nothing. Out: what a value is: its dtype, its shape, a scalar, and how dtypes promote.
//! Never: names, files, machines.

mod dtype;
mod grid;
mod op;
pub mod promote;
mod promote_table;
mod scalar;
mod shape;
mod zone;

pub use dtype::DType;
pub use grid::Grid;
pub use op::{BinaryOp, UnaryOp};
pub use scalar::Scalar;
pub use shape::{Shape, ShapeMismatch};
pub use zone::Zone;
