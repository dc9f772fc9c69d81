//! In: a change to a dataset, and what others have changed since. Out: the content with it, or why that cannot be.
//! Never: a change of somebody else undone.

use std::ops::Range;

use super::slab::{Content, Slab};
use super::snapshot::{Snapshot, State};
use super::splice;
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};

/// A change that waits for its commit.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Change {
    /// Rows behind the last one, wherever that is by then.
    Append(Vec<Slab>),
    /// These rows, which have been there before, in other slabs.
    Replace(Range<usize>, Vec<Slab>),
    /// An attribute set or removed.
    Attribute(String, Option<Vec<u8>>),
    /// All of it, whatever was there.
    Whole(Box<State>),
}

impl Change {
    /// Makes the change.
    ///
    /// # Errors
    /// When it would cut a file in two.
    pub(super) fn apply(&self, state: &mut State) -> Result<()> {
        match self {
            Self::Append(slabs) => state.slabs.extend_from_slice(slabs),
            Self::Replace(rows, slabs) => state.slabs = replaced(&state.slabs, rows, slabs)?,
            Self::Attribute(name, Some(value)) => {
                state.attributes.insert(name.clone(), value.clone());
            }
            Self::Attribute(name, None) => {
                state.attributes.remove(name);
            }
            Self::Whole(content) => {
                let generation = state.generation + 1;
                *state = State {
                    generation,
                    ..(**content).clone()
                };
            }
        }
        Ok(())
    }

    /// Whether the change, which was made to `before`, can be made to the next version `after`, too.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] if not, which says why.
    pub(super) fn check(&self, before: &State, after: &Snapshot) -> Result<()> {
        let (version, after) = (after.version(), &after.state);
        let other = before.generation != after.generation || before.header != after.header;
        match self {
            Self::Whole(_) => Ok(()),
            Self::Append(_) | Self::Replace(..) if other => Err(conflict(format!(
                "version {version} has replaced the whole array"
            ))),
            Self::Append(_) => Ok(()),
            Self::Replace(rows, _) => match splice::changed(&before.slabs, &after.slabs, rows) {
                None => Ok(()),
                Some(rows) => Err(conflict(format!(
                    "version {version} has changed rows {} to {}, too",
                    rows.start, rows.end
                ))),
            },
            Self::Attribute(name, value) => {
                let found = after.attributes.get(name);
                if before.attributes.get(name) == found || value.as_ref() == found {
                    return Ok(());
                }
                Err(conflict(format!(
                    "version {version} has changed the attribute `{name}`, too"
                )))
            }
        }
    }
}

/// The slabs with those that have `rows` replaced. A constant one is cut where it has to be.
///
/// # Errors
/// When a file would have to be.
pub(super) fn replaced(slabs: &[Slab], rows: &Range<usize>, new: &[Slab]) -> Result<Vec<Slab>> {
    let (mut out, mut behind) = (Vec::with_capacity(slabs.len() + new.len()), Vec::new());
    let mut start = 0;
    for slab in slabs {
        let end = start + slab.rows;
        let (before, after) = (rows.start.clamp(start, end), rows.end.clamp(start, end));
        let whole = before == end || after == start || before == start && after == end;
        if !whole && matches!(slab.content, Content::File(_)) {
            return Err(cuts(rows, start..end));
        }
        let part = |count: usize| Slab {
            rows: count,
            content: slab.content,
        };
        if before > start {
            out.push(part(before - start));
        }
        if after < end {
            behind.push(part(end - after.max(start)));
        }
        start = end;
    }
    out.extend_from_slice(new);
    out.extend(behind);
    Ok(out)
}

#[cold]
fn cuts(rows: &Range<usize>, file: Range<usize>) -> Error {
    let message = format!(
        "rows {} to {} cannot be replaced: rows {} to {} are in one file",
        rows.start, rows.end, file.start, file.end
    );
    let error = Error::new(ErrorKind::Argument, Code::WriteFailed, message);
    error.with_help("begin and end where files do, or inside of rows that have never been written")
}

#[cold]
fn conflict(why: String) -> Error {
    let message = format!("others have changed the same meanwhile: {why}");
    let error = Error::new(ErrorKind::Conflict, Code::Conflict, message);
    error.with_help(
        "nothing was committed; open the dataset again and make the changes to what is there now",
    )
}
