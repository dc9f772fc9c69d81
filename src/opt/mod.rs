//! In: a verified function. Out: the same function, cheaper, and the passes that compute it.
//! Never: a change of result, not even in the last bit (NaN payloads aside); nor of a reduction's
//! cut.

mod cse;
mod dce;
mod fold;
pub mod interval;
pub mod passes;
mod rewrite;
mod simplify;
mod sink;

use crate::ir::{Func, Verified};

pub use passes::PassPlan;

/// A function in, a cheaper one out.
type Pass = fn(&Func) -> Func;

/// What is done to a function, in order.
const PASSES: [(&str, Pass); 5] = [
    ("sink", sink::sink),
    ("fold", fold::fold),
    ("simplify", simplify::simplify),
    ("cse", cse::cse),
    ("dce", dce::dce),
];

/// Rounds through [`PASSES`]: a round sees every value after its arguments have been improved, so
/// that only what a rewrite opens up for an earlier pass needs another one.
const MAX_ROUNDS: usize = 4;

/// The same function, cheaper.
pub fn optimise(func: Verified) -> Verified {
    match trace(&func).pop() {
        Some((_, better)) => better,
        None => func,
    }
}

/// The function after each pass that changed it, with the pass's name; the last is
/// [`optimise`]'s.
pub fn trace(func: &Verified) -> Vec<(&'static str, Verified)> {
    let mut stages: Vec<(&'static str, Verified)> = Vec::new();
    for _ in 0..MAX_ROUNDS {
        let before = stages.len();
        for (name, pass) in PASSES {
            let current = stages.last().map_or(func, |(_, stage)| stage);
            let better = pass(current);
            if better == **current {
                continue;
            }
            match Verified::new(better) {
                Ok(better) => stages.push((name, better)),
                // A bug of ours; what came in is still right.
                Err(error) => debug_assert!(false, "{name} broke a rule: {error}"),
            }
        }
        if stages.len() == before {
            break;
        }
    }
    stages
}

#[cfg(test)]
mod tests;
