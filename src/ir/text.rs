//! In: a function. Out: its text; and back. Never: text that reads back as something else.
