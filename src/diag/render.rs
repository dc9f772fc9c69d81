//! In: a diagnostic and its source. Out: text with carets. Never: a decision.
