//! In: a frame's header, and what it was when the frame was sealed. Out: whether they mean the same.
//! Never: a difference that an element may depend on passed over.

use super::bad;
use crate::codec;
use crate::codec::filter;
use crate::error::Result;
use crate::store::frame::FrameHeader;
use crate::store::meta::{self, B2nd};

/// Compares `found` with the header that was `sealed`, and returns what has changed that no element depends on.
///
/// # Errors
/// When something else has changed; it says what, and how both read.
pub(super) fn compare(found: &FrameHeader, sealed: &FrameHeader) -> Result<Vec<String>> {
    let mut changed = Vec::new();
    let mut differ = |what: &str, now: String, then: String| {
        if now != then {
            changed.push(format!("{what} {now}, sealed as {then}"));
        }
    };
    for (what, read) in FIELDS {
        differ(what, read(found), read(sealed));
    }
    array(found, sealed, &mut differ)?;
    if !changed.is_empty() {
        let message = format!(
            "the frame's header is not the one that was sealed: {}",
            changed.join("; ")
        );
        return Err(bad(message).with_help(
            "`fuseblock seal FILE` accepts the file as it is now, `fuseblock repair FILE OUT` writes a new one with the \
             header that was sealed",
        ));
    }
    Ok(notes(found, sealed))
}

/// A field of a header, in words.
type Field = (&'static str, fn(&FrameHeader) -> String);

/// What elements may depend on, besides what the metalayer of n-d arrays says.
const FIELDS: [Field; 12] = [
    ("length of the header", |header| {
        header.header_len.to_string()
    }),
    ("length of the frame", |header| header.frame_len.to_string()),
    ("format version", |header| header.version.to_string()),
    ("decoded bytes", |header| header.nbytes.to_string()),
    ("bytes of the chunks", |header| header.cbytes.to_string()),
    ("item size", |header| header.itemsize.to_string()),
    ("block size", |header| header.blocksize.to_string()),
    ("chunk size", |header| format!("{:?}", header.chunksize)),
    ("codec", |header| codec::name(header.compcode)),
    ("filters", |header| filters(header)),
    ("dictionaries", |header| header.use_dict.to_string()),
    ("metalayers", |header| {
        let names: Vec<&str> = header.metalayers.iter().map(|layer| &*layer.name).collect();
        format!("{names:?}")
    }),
];

fn filters(header: &FrameHeader) -> String {
    let slots = header.filters.into_iter().zip(header.filters_meta);
    let names = slots.map(|(id, meta)| match meta {
        0 => filter::name(id).to_string(),
        meta => format!("{}({meta})", filter::name(id)),
    });
    let names: Vec<String> = names.collect();
    names.join(",")
}

/// Compares what the metalayers of n-d arrays say.
fn array(
    found: &FrameHeader,
    sealed: &FrameHeader,
    differ: &mut impl FnMut(&str, String, String),
) -> Result<()> {
    for name in meta::NAMES {
        let (Some(now), Some(then)) = (found.metalayer(name), sealed.metalayer(name)) else {
            continue;
        };
        if now.content == then.content {
            continue;
        }
        let now = B2nd::parse(&now.content)
            .map_err(|error| error.context("comparing the header with the one that was sealed"))?;
        let then = B2nd::parse(&then.content)?;
        differ("shape", now.shape.to_string(), then.shape.to_string());
        differ(
            "chunks",
            now.grid.chunk.to_string(),
            then.grid.chunk.to_string(),
        );
        differ(
            "blocks",
            now.grid.block.to_string(),
            then.grid.block.to_string(),
        );
        differ(
            "dtype",
            now.dtype.text().to_string(),
            then.dtype.text().to_string(),
        );
    }
    Ok(())
}

/// What else has changed, a sentence each.
fn notes(found: &FrameHeader, sealed: &FrameHeader) -> Vec<String> {
    let mut notes = Vec::new();
    for layer in &found.metalayers {
        let then = sealed.metalayer(&layer.name);
        if !meta::NAMES.contains(&&*layer.name) && then != Some(layer) {
            notes.push(format!(
                "the metalayer '{}' has changed since the file was sealed",
                layer.name.escape_debug()
            ));
        }
    }
    if (found.clevel, found.splitmode) != (sealed.clevel, sealed.splitmode) {
        notes.push(
            "how new chunks are compressed has changed since the file was sealed".to_string(),
        );
    }
    notes
}
