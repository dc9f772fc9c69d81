//! In: a verified function. Out: the same function, cheaper, and the passes that compute it.
//! Never: a change of result, not even in the last bit; nor of a reduction's cut.

pub mod passes;
