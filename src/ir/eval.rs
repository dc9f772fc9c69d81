//! In: a verified function and whole arrays. Out: what the function means. Never: speed.
