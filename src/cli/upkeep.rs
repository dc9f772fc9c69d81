//! In: a path. Out: whether what is there is sound, sealed or smaller. Never: a damaged file called whole.

use std::path::Path;

use crate::cli::args::{Index, Seal, Upkeep as Args};
use crate::cli::output::Output;
use crate::cli::{dataset, print, printable};
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::exec::bytes_text;
use crate::store::dataset::Root;
use crate::store::edit;
use crate::store::{self, Indexed, SealStatus};

/// Decodes everything and verifies what is sealed.
pub(super) fn verify(args: &Args, output: &mut Output) -> Result<()> {
    let path = &args.path;
    if Root::is_dataset(path) {
        return dataset::verify(path, output);
    }
    let report = store::verify(path)?;
    let (chunks, seal) = (report.chunks, &report.seal);
    if report.damaged.is_empty() {
        if output.is_json() {
            return print(
                output,
                &format!(
                    "{{\"ok\":true,\"chunks\":{chunks},\"bytes\":{},\"seal\":\"{seal}\"}}",
                    report.bytes
                ),
            );
        }
        let bytes = bytes_text(usize::try_from(report.bytes).unwrap_or(usize::MAX));
        let how = match seal {
            SealStatus::Whole { .. } => "every checksum is right",
            SealStatus::None | SealStatus::Broken(_) | SealStatus::Unchecked => "all of it decodes",
        };
        print(
            output,
            &format!(
                "{}, {bytes} decoded: {how}; seal: {seal}",
                chunks_text(chunks)
            ),
        )?;
        return match seal {
            SealStatus::Whole { .. } | SealStatus::Unchecked => Ok(()),
            // Only arrays in one file can be sealed.
            SealStatus::None if path.is_dir() => Ok(()),
            SealStatus::None | SealStatus::Broken(_) => {
                let shown = path.display();
                print(
                    output,
                    &format!("to have changed bits found: fuseblock seal {shown}"),
                )
            }
        };
    }
    if !output.is_json() {
        for (_, error) in &report.damaged {
            print(output, &printable(&error.to_string()))?;
        }
    }
    Err(damaged(
        path,
        report.damaged.iter().map(|(chunk, _)| *chunk),
        chunks,
    ))
}

fn damaged(path: &Path, bad: impl ExactSizeIterator<Item = usize>, chunks: usize) -> Error {
    let count = bad.len();
    let message = format!("{count} of {chunks} chunks are damaged: {}", some_of(bad));
    let error = Error::new(ErrorKind::Corrupt, Code::BadChunk, message).with_path(path);
    error.with_help(format!(
        "the other chunks are sound: slices that lie in them can be read, and \
         `fuseblock repair {} OUT` writes them to a new file",
        path.display()
    ))
}

/// `1 chunk`, `2 chunks`
pub(super) fn chunks_text(count: usize) -> String {
    match count {
        1 => "1 chunk".to_string(),
        _ => format!("{count} chunks"),
    }
}

/// The first of some numbers.
pub(super) fn some_of(numbers: impl ExactSizeIterator<Item = usize>) -> String {
    const SHOWN: usize = 20;
    let more = if numbers.len() > SHOWN { ", ..." } else { "" };
    let shown: Vec<String> = numbers
        .take(SHOWN)
        .map(|number| number.to_string())
        .collect();
    shown.join(", ") + more
}

/// Seals a file as it is.
pub(super) fn seal(args: &Seal, output: &mut Output) -> Result<()> {
    if Root::is_dataset(&args.path) {
        let message = "the files of a dataset are sealed when they are written, and never changed";
        let error = Error::new(ErrorKind::Argument, Code::Usage, message).with_path(&args.path);
        let path = args.path.display();
        return Err(error.with_help(format!(
            "`fuseblock verify {path}` says whether they are what they were, `fuseblock repair` saves those that are"
        )));
    }
    edit::seal(&args.path, args.accept)?;
    match output.is_json() {
        true => print(output, "{\"ok\":true}"),
        false => print(output, &format!("sealed {}", args.path.display())),
    }
}

/// Notes what is known of each block.
pub(super) fn index(args: &Index, output: &mut Output) -> Result<()> {
    if Root::is_dataset(&args.path) {
        let message = "the files of a dataset are never changed";
        let error = Error::new(ErrorKind::Argument, Code::Usage, message).with_path(&args.path);
        return Err(error.with_help("those that fuseblock has written have zone maps"));
    }
    let indexed = match args.sidecar {
        true => store::index_beside(&args.path)?,
        false => store::index(&args.path)?,
    };
    let path = args.path.display();
    let (place, text) = match &indexed {
        Indexed::Already => (
            "already",
            format!("{path} has a zone map in its seal already"),
        ),
        Indexed::Inside => ("inside", format!("indexed and sealed {path}")),
        Indexed::Beside(beside) => ("beside", format!("indexed {path} in {}", beside.display())),
    };
    match output.is_json() {
        true => print(output, &format!("{{\"ok\":true,\"zone_map\":\"{place}\"}}")),
        false => print(output, &text),
    }
}

/// Writes a file anew without dead bytes.
pub(super) fn compact(args: &Args, output: &mut Output) -> Result<()> {
    if Root::is_dataset(&args.path) {
        return dataset::compact(&args.path, output);
    }
    let edit::Compacted { before, after } = edit::compact(&args.path)?;
    if output.is_json() {
        return print(
            output,
            &format!("{{\"ok\":true,\"before\":{before},\"after\":{after}}}"),
        );
    }
    let text = |bytes| bytes_text(usize::try_from(bytes).unwrap_or(usize::MAX));
    print(
        output,
        &format!(
            "{}: {} -> {}",
            args.path.display(),
            text(before),
            text(after)
        ),
    )
}
