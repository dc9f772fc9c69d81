//! In: a damaged file. Out: a new one, and what of the old one is in it and what is not.
//! Never: a loss left unsaid.

use std::path::{Path, PathBuf};

use crate::array::OutputFile;
use crate::cli::args::Repair as Args;
use serde_json::json;

use crate::cli::output::Output;
use crate::cli::upkeep::{chunks_text, some_of};
use crate::cli::{dataset, print, printable};
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::store::dataset::Root;
use crate::store::repair::{self, HeaderFrom, PlacesFrom, RepairOptions, Repaired};

/// Repairs a file.
pub(super) fn repair(args: &Args, output: &mut Output) -> Result<()> {
    if let Some((path, version)) = dataset_at(&args.path) {
        return dataset::repair(args, &path, version, output);
    }
    OutputFile::check_frame_name(&args.output)?;
    let options = RepairOptions {
        guess: args.guess,
        ..RepairOptions::default()
    };
    let repaired = repair::repair(&args.path, &args.output, options)?;
    let Repaired { chunks, lost, .. } = &repaired;
    if output.is_json() {
        if !lost.is_empty() {
            output.fail();
        }
        return print(output, &reply(&repaired).to_string());
    }
    tell(args, &repaired, output)?;
    if lost.is_empty() {
        return Ok(());
    }
    let message = format!(
        "{} of {chunks} chunks are lost: {}",
        lost.len(),
        some_of(lost.iter().map(|(chunk, _)| *chunk))
    );
    let error = Error::new(ErrorKind::Corrupt, Code::BadChunk, message).with_path(&args.path);
    Err(error.with_help(format!(
        "{} has all others, and NaN or zeros in the place of these",
        args.output.display()
    )))
}

/// The dataset, and perhaps the version, that a path names.
fn dataset_at(path: &Path) -> Option<(PathBuf, Option<u64>)> {
    if Root::is_dataset(path) {
        return Some((path.to_path_buf(), None));
    }
    let (before, version) = path.to_str()?.rsplit_once('@')?;
    let (before, version) = (PathBuf::from(before), version.parse().ok()?);
    (!path.exists() && Root::is_dataset(&before)).then_some((before, Some(version)))
}

fn tell(args: &Args, repaired: &Repaired, output: &mut Output) -> Result<()> {
    let Repaired {
        header,
        chunks,
        lost,
        left_out,
        lost_attributes,
        sealed,
        ..
    } = repaired;
    for (_, error) in lost {
        print(output, &printable(&error.to_string()))?;
    }
    match header {
        HeaderFrom::File => {}
        HeaderFrom::Seal => print(output, "header: restored from the copy in the seal")?,
        HeaderFrom::OlderSeal => print(
            output,
            "header: restored from the copy in an older seal: the array is as it was then",
        )?,
    }
    let told =
        |&(from, count): &(PlacesFrom, usize)| format!("{} {}", words(from), chunks_text(count));
    let sides: Vec<String> = repaired.places.iter().map(told).collect();
    if !sides.is_empty() {
        print(output, &format!("chunks found by {}", sides.join(", ")))?;
    }
    let guessed: usize = repaired.guessed();
    if guessed > 0 {
        let what = "may be older than the last commit, or others than they are taken for";
        print(output, &format!("guessed: {} {what}", chunks_text(guessed)))?;
    }
    if *left_out > 0 {
        let more = "in the file that the array does not have (yet, or any more): left out";
        print(output, &format!("{} {more}", chunks_text(*left_out)))?;
    }
    if let Some(error) = lost_attributes {
        let why = printable(error.message());
        print(output, &format!("attributes are lost: {why}"))?;
    }
    let sealed = if *sealed { ", sealed" } else { "" };
    print(
        output,
        &format!(
            "recovered {} of {chunks} chunks -> {}{sealed}",
            chunks - lost.len(),
            args.output.display()
        ),
    )
}

fn words(from: PlacesFrom) -> &'static str {
    match from {
        PlacesFrom::Seal => "the seal:",
        PlacesFrom::Index => "the index:",
        PlacesFrom::OtherIndex => "an index elsewhere in the file:",
        PlacesFrom::Leaves => "parts of a seal:",
        PlacesFrom::Order => "their order in the file:",
    }
}

fn name(from: PlacesFrom) -> &'static str {
    match from {
        PlacesFrom::Seal => "seal",
        PlacesFrom::Index => "index",
        PlacesFrom::OtherIndex => "other_index",
        PlacesFrom::Leaves => "leaves",
        PlacesFrom::Order => "order",
    }
}

/// The reply as one JSON object.
fn reply(repaired: &Repaired) -> serde_json::Value {
    let places = repaired.places.iter();
    let places = places.map(|&(from, count)| (name(from).to_string(), json!(count)));
    let lost = repaired.lost.iter();
    let lost = lost.map(|(chunk, error)| json!({"chunk": chunk, "why": error.to_string()}));
    json!({
        "ok": repaired.lost.is_empty(),
        "header": match repaired.header {
            HeaderFrom::File => "file",
            HeaderFrom::Seal => "seal",
            HeaderFrom::OlderSeal => "older_seal",
        },
        "places": places.collect::<serde_json::Map<_, _>>(),
        "chunks": repaired.chunks,
        "lost": lost.collect::<Vec<_>>(),
        "guessed": repaired.guessed(),
        "left_out": repaired.left_out,
        "attributes": repaired.attributes,
        "lost_attributes": repaired.lost_attributes.as_ref().map(Error::message),
        "sealed": repaired.sealed,
        "bytes": repaired.bytes,
    })
}
