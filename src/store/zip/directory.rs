//! In: a zip file. Out: the members that its directory lists, and where their bytes begin.
//! Never: a member that overlaps another one or the directory.

use std::io;

use rawzip::{
    CompressionMethod, MAX_CENTRAL_DIRECTORY_RECORD_SIZE, ReaderAt, ZipArchive,
    ZipFileHeaderRecord, ZipLocator,
};

use super::{Member, Method, bad};
use crate::error::{Error, Result};
use crate::store::file::Source;

/// Bytes of a local header before the name.
const LOCAL_HEADER_BYTES: u64 = 30;

/// Reads at positions of a source.
#[derive(Debug)]
pub(super) struct Positioned(pub(super) Source);

impl ReaderAt for Positioned {
    fn read_at(&self, buffer: &mut [u8], position: u64) -> io::Result<usize> {
        let left = self.0.len_bytes().saturating_sub(position);
        let count = buffer
            .len()
            .min(usize::try_from(left).unwrap_or(usize::MAX));
        let read = self.0.read_at(position, &mut buffer[..count]);
        read.map_err(io::Error::other)?;
        Ok(count)
    }
}

/// Reads the directory.
pub(super) fn read(source: Source) -> Result<(ZipArchive<Positioned>, Vec<Member>)> {
    let mut buffer = vec![0; MAX_CENTRAL_DIRECTORY_RECORD_SIZE];
    let blame = source.clone();
    let len = source.len_bytes();
    let read = |buffer: &mut [u8]| {
        let located = ZipLocator::new().locate_in_reader(Positioned(source), buffer, len);
        let archive = located.map_err(|(_, cause)| told(cause))?;
        let members = members(&archive, buffer)?;
        Ok((archive, members))
    };
    read(&mut buffer).map_err(|error| blame.blame(error))
}

fn members(archive: &ZipArchive<Positioned>, buffer: &mut [u8]) -> Result<Vec<Member>> {
    let (mut members, mut spans) = (Vec::new(), Vec::new());
    let (mut count, expected) = (0u64, archive.entries_hint());
    let mut entries = archive.entries(buffer);
    while let Some(entry) = entries.next_entry().map_err(told)? {
        count += 1;
        let member = member(&entry);
        let header = LOCAL_HEADER_BYTES + entry.file_path().len() as u64;
        let start = entry.local_header_offset();
        let end = start
            .checked_add(header)
            .and_then(|data| data.checked_add(member.cbytes))
            .filter(|&end| end <= archive.directory_offset());
        let end = end.ok_or_else(|| {
            let name = super::shown(&member.name);
            bad(format!(
                "the member '{name}' of the zip file reaches into its directory"
            ))
        })?;
        spans.push((start, end));
        if !entry.is_dir() {
            members.push(member);
        }
    }
    // The short form of the directory counts members modulo 2^16.
    if count != expected && count % (1 << 16) != expected {
        return Err(bad(format!(
            "the zip file announces {expected} members, its directory has {count}"
        )));
    }
    spans.sort_unstable();
    if spans.windows(2).any(|pair| pair[0].1 > pair[1].0) {
        return Err(bad("members of the zip file overlap"));
    }
    Ok(members)
}

fn member(entry: &ZipFileHeaderRecord<'_>) -> Member {
    let flags = entry.flags();
    let method = match entry.compression_method() {
        _ if flags.is_encrypted() || flags.is_masked() => Method::Encrypted,
        CompressionMethod::STORE => Method::Stored,
        CompressionMethod::DEFLATE => Method::Deflated,
        other => Method::Other(other.as_u16()),
    };
    Member {
        name: name(entry.file_path().as_bytes()),
        method,
        nbytes: entry.uncompressed_size_hint(),
        cbytes: entry.compressed_size_hint(),
        crc: entry.crc32(),
        place: entry.wayfinder(),
    }
}

fn name(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The position of the first byte of a member, whose own header has to say the same as the
/// directory.
pub(super) fn data_start(archive: &ZipArchive<Positioned>, member: &Member) -> Result<u64> {
    let entry = archive.get_entry(member.place).map_err(told)?;
    let (start, end) = entry.compressed_data_range();
    if end > archive.directory_offset() {
        return Err(bad("the member reaches into the directory of the zip file"));
    }
    // Name and extra fields are at most 65,535 bytes each.
    let mut buffer = vec![0; 2 * usize::from(u16::MAX)];
    let header = entry.local_header(&mut buffer).map_err(told)?;
    if name(header.file_path().as_bytes()) != member.name {
        return Err(bad("the member has another name where its bytes begin"));
    }
    Ok(start)
}

/// What is wrong with a zip file, in our words.
#[cold]
fn told(cause: rawzip::Error) -> Error {
    let kind = cause.into_kind();
    if matches!(kind, rawzip::ErrorKind::MissingEndOfCentralDirectory) {
        return bad("the zip file has no directory at its end, as if it were cut off");
    }
    let message = format!("the directory of the zip file is damaged: {kind}");
    let rawzip::ErrorKind::IO(cause) = kind else {
        return bad(message);
    };
    // An error that is not ours says that a read came to an end too early.
    let ours = cause.downcast::<Error>();
    ours.unwrap_or_else(|_| bad("the zip file ends inside its directory"))
}
