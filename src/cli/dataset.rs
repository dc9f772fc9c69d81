//! In: a dataset, and what is to be done about it. Out: what was done, or found. Never: damage left unsaid.

use std::fmt::Write as _;
use std::path::Path;
use std::time::SystemTime;

use serde_json::{Value, json};

use crate::array::OutputFile;
use crate::cli::args::{Info, Repair, Vacuum};
use crate::cli::output::Output;
use crate::cli::{print, printable};
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::exec::bytes_text;
use crate::store::dataset::{self, CompactedSlabs, Dataset, RepairedDataset};
use crate::store::{DatasetInfo, item_text};

/// Checks all manifests and every byte of the newest version.
pub(super) fn verify(path: &Path, output: &mut Output) -> Result<()> {
    let report = dataset::verify(path)?;
    let (version, files, manifests) = (report.version, report.files, report.manifests);
    if report.is_sound() {
        let line = match output.is_json() {
            true => json!({
                "ok": true,
                "version": version,
                "manifests": manifests,
                "files": files,
                "bytes": report.bytes,
            })
            .to_string(),
            false => format!(
                "version {version}, {}, {}: every checksum is right, those of {} too",
                counted(files, "file"),
                size(report.bytes),
                counted(manifests, "manifest"),
            ),
        };
        return print(output, &line);
    }
    let versions = report.versions.iter().map(|(_, error)| error);
    let all = versions.chain(report.rows.iter().map(|(_, error)| error));
    if !output.is_json() {
        for error in all {
            print(output, &printable(&error.to_string()))?;
        }
    }
    let mut what = Vec::new();
    if !report.rows.is_empty() {
        let shown = report.rows.iter().take(SHOWN);
        let rows: Vec<_> = shown
            .map(|(rows, _)| format!("{} to {}", rows.start, rows.end))
            .collect();
        let more = if report.rows.len() > SHOWN {
            ", ..."
        } else {
            ""
        };
        what.push(format!(
            "{} of {files} of version {version}: rows {}{more}",
            counted(report.rows.len(), "file"),
            rows.join(", ")
        ));
    }
    if !report.versions.is_empty() {
        what.push(format!(
            "{} of {manifests}",
            counted(report.versions.len(), "manifest")
        ));
    }
    let message = format!("damaged or missing: {}", what.join("; "));
    let error = Error::new(ErrorKind::Corrupt, Code::BadDataset, message).with_path(path);
    Err(error.with_help(format!(
        "all else is sound, and can be read; `fuseblock repair {} OUT.fbd` saves it",
        path.display()
    )))
}

/// Rows and the like that are listed of a message.
const SHOWN: usize = 20;

/// Writes small slabs anew, together.
pub(super) fn compact(path: &Path, output: &mut Output) -> Result<()> {
    let compacted = Dataset::open(path)?.compact()?;
    let CompactedSlabs {
        before,
        after,
        rows,
        version,
    } = compacted;
    if output.is_json() {
        let reply = json!({
            "ok": true, "before": before, "after": after, "rows": rows, "version": version,
        });
        return print(output, &reply.to_string());
    }
    let (before, after) = (counted(before, "slab"), counted(after, "slab"));
    print(
        output,
        &format!("{before} -> {after}, {rows} rows written anew; version {version}"),
    )?;
    match rows {
        0 => Ok(()),
        _ => print(
            output,
            &format!("the old files go with: fuseblock vacuum {}", path.display()),
        ),
    }
}

/// Removes what nobody needs any more.
pub(super) fn vacuum(args: &Vacuum, output: &mut Output) -> Result<()> {
    let done = dataset::vacuum(&args.path, args.grace, args.keep)?;
    if output.is_json() {
        let reply = json!({
            "ok": true,
            "versions": done.versions,
            "files": done.files,
            "bytes": done.bytes,
            "temporaries": done.temporaries,
            "oldest": done.oldest,
        });
        return print(output, &reply.to_string());
    }
    print(
        output,
        &format!(
            "removed {} ({}), {}, {}; the oldest version that is kept is {}",
            counted(done.files, "file"),
            size(done.bytes),
            counted(done.versions, "manifest"),
            counted(done.temporaries, "temporary file"),
            done.oldest
        ),
    )
}

/// Saves what can still be read.
pub(super) fn repair(
    args: &Repair,
    path: &Path,
    version: Option<u64>,
    output: &mut Output,
) -> Result<()> {
    if !OutputFile::is_dataset_name(&args.output) {
        let message = "a dataset is repaired to a dataset";
        let error = Error::new(ErrorKind::Argument, Code::Usage, message).with_path(&args.output);
        return Err(error.with_help("give OUT a name that ends in `.fbd`"));
    }
    let repaired = dataset::repair(path, &args.output, version)?;
    let RepairedDataset {
        version,
        unreadable,
        files,
        lost,
        whole,
    } = &repaired;
    if output.is_json() {
        if !lost.is_empty() || !unreadable.is_empty() {
            output.fail();
        }
        let lost = lost
            .iter()
            .map(|(rows, why)| json!({ "rows": [rows.start, rows.end], "why": why.to_string() }));
        let unreadable = unreadable
            .iter()
            .map(|(version, why)| json!({ "version": version, "why": why.to_string() }));
        let reply = json!({
            "ok": repaired.lost.is_empty() && repaired.unreadable.is_empty(),
            "version": version,
            "unreadable": unreadable.collect::<Vec<_>>(),
            "files": files,
            "lost": lost.collect::<Vec<_>>(),
            "whole": whole,
        });
        return print(output, &reply.to_string());
    }
    for error in unreadable
        .iter()
        .map(|(_, why)| why)
        .chain(lost.iter().map(|(_, why)| why))
    {
        print(output, &printable(&error.to_string()))?;
    }
    print(
        output,
        &format!(
            "version {version}, {} -> {}",
            counted(*files, "file"),
            args.output.display()
        ),
    )?;
    if let Some(newest) = unreadable.last().map(|(version, _)| version)
        && lost.is_empty()
    {
        let message = format!("versions {} to {newest} are lost", version + 1);
        let error = Error::new(ErrorKind::Corrupt, Code::BadDataset, message).with_path(path);
        return Err(error.with_help(format!(
            "{} has version {version}, all of it",
            args.output.display()
        )));
    }
    if lost.is_empty() {
        return Ok(());
    }
    let mut rows: Vec<_> = lost
        .iter()
        .map(|(rows, _)| (rows.start, rows.end))
        .collect();
    rows.dedup();
    let more = if rows.len() > SHOWN { ", ..." } else { "" };
    let shown = rows.iter().take(SHOWN);
    let shown: Vec<_> = shown
        .map(|(start, end)| format!("{start} to {end}"))
        .collect();
    let message = format!("some elements are lost, of rows {}{more}", shown.join(", "));
    let error = Error::new(ErrorKind::Corrupt, Code::BadDataset, message).with_path(path);
    let fill = format!("{} has NaN or zeros in their place", args.output.display());
    Err(error.with_help(match whole {
        Some(whole) => format!(
            "{fill}; version {whole} is whole: fuseblock repair {}@{whole} OUT.fbd",
            path.display()
        ),
        None => fill,
    }))
}

/// Lists the versions.
pub(super) fn history(args: &Info, output: &mut Output) -> Result<()> {
    let versions = dataset::history(&args.path)?;
    if output.is_json() {
        let each = versions.iter().map(|version| {
            json!({
                "version": version.version,
                "time": time_text(version.time),
                "rows": version.rows,
                "slabs": version.slabs,
                "whole": version.whole,
            })
        });
        let reply = json!({ "ok": true, "history": each.collect::<Vec<_>>() });
        return print(output, &reply.to_string());
    }
    let mut out = format!(
        "{:>10} {:>26} {:>14} {:>8}\n",
        "version", "committed", "rows", "slabs"
    );
    for version in &versions {
        let gone = if version.whole {
            ""
        } else {
            "  files are gone"
        };
        // OK to ignore: writing to a String does not fail.
        let _ = writeln!(
            out,
            "{:>10} {:>26} {:>14} {:>8}{gone}",
            version.version,
            time_text(version.time),
            version.rows,
            version.slabs
        );
    }
    print(output, out.trim_end())
}

/// What `info` says of a dataset, a name and a fact a line.
pub(super) fn facts(info: &DatasetInfo) -> Vec<(&'static str, String)> {
    let constants = match info.constants {
        0 => String::new(),
        _ => format!(
            ", {} of one value with {} rows",
            info.constants, info.constant_rows
        ),
    };
    let mut facts = vec![
        (
            "version",
            format!(
                "{}, committed {}; {} there",
                info.version,
                time_text(info.time),
                info.versions
            ),
        ),
        (
            "slabs",
            format!(
                "{} ({}{constants}); new ones of {} rows",
                info.slabs,
                counted(info.files, "file"),
                info.slab_rows
            ),
        ),
        ("manifests", size(info.manifest_bytes)),
    ];
    if let (1.., bytes) = info.other_files {
        let files = counted(info.other_files.0, "file");
        facts.push((
            "besides",
            format!("{files}, {}, of older versions or of none", size(bytes)),
        ));
    }
    let attributes = info.attributes.iter();
    facts.extend(attributes.map(|(name, value)| ("attribute", format!("{name} = {value}"))));
    facts
}

/// The same for programs.
pub(super) fn value(info: &DatasetInfo) -> Value {
    let attributes = info.attributes.iter();
    json!({
        "version": info.version,
        "time": time_text(info.time),
        "versions": info.versions,
        "slabs": info.slabs,
        "files": info.files,
        "constants": info.constants,
        "constant_rows": info.constant_rows,
        "slab_rows": info.slab_rows,
        "manifest_bytes": info.manifest_bytes,
        "other_files": info.other_files.0,
        "other_bytes": info.other_files.1,
        "attributes": attributes
            .map(|(name, value)| json!({ "name": name, "value": value }))
            .collect::<Vec<_>>(),
    })
}

/// A time as ISO 8601 writes it, UTC.
fn time_text(time: SystemTime) -> String {
    let since = time
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let micros = i64::try_from(since.as_micros()).unwrap_or(i64::MAX);
    item_text("<M8[us]", &micros.to_le_bytes()) + "Z"
}

/// `1 file`, `2 files`
fn counted(count: usize, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    }
}

fn size(bytes: u64) -> String {
    bytes_text(usize::try_from(bytes).unwrap_or(usize::MAX))
}
