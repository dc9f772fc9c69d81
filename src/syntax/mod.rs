//! In: program text. Out: a tree, always; and what was wrong with the text.
//! Never: types, names' meanings, or an `Err`.

pub mod ast;
