//! In: a file with room for a zip file's start and with a member's bytes behind it. Out: the zip file.
//! Never: the member's bytes written again, or in memory.

use std::io::{self, Write};

use rawzip::{CompressionMethod, ZipArchiveWriter};

use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::store::pending::PendingFile;

/// Bytes that are read at once.
const PIECE_BYTES: usize = 1 << 20;

/// The bytes in front of those of a member `name` that is stored as it is.
///
/// # Errors
/// When nothing can have this name.
pub fn start_len(name: &str) -> Result<u64> {
    let mut start = Vec::new();
    let mut archive = ZipArchiveWriter::new(&mut start);
    let member = archive
        .new_file(name)
        .compression_method(CompressionMethod::STORE);
    let begun = member.start().map(|(entry, _)| entry.stream_offset());
    begun.map_err(|cause| failed(&cause))
}

/// Makes a zip file of `file`, which has the `len` bytes of its only member `name` behind the first [`start_len`] ones.
///
/// # Errors
/// When the system refuses.
pub fn enclose(file: &PendingFile, name: &str, len: u64) -> Result<()> {
    let source = file.source()?;
    let start = start_len(name)?;
    let mut around = Around {
        file,
        at: 0,
        there: start..start + len,
    };
    let mut archive = ZipArchiveWriter::new(&mut around);
    let member = archive
        .new_file(name)
        .compression_method(CompressionMethod::STORE);
    let (mut entry, config) = member.start().map_err(|cause| failed(&cause))?;
    let mut content = config.wrap(&mut entry);
    let (mut at, mut piece) = (start, vec![0; PIECE_BYTES]);
    while at < start + len {
        let left = usize::try_from(start + len - at).unwrap_or(PIECE_BYTES);
        let piece = &mut piece[..left.min(PIECE_BYTES)];
        source.read_at(at, piece)?;
        content.write_all(piece).map_err(|cause| failed(&cause))?;
        at += piece.len() as u64;
    }
    let (_, descriptor) = content.finish().map_err(|cause| failed(&cause))?;
    entry.finish(descriptor).map_err(|cause| failed(&cause))?;
    archive.finish().map_err(|cause| failed(&cause))?;
    Ok(())
}

/// Writes what stands around bytes that are there already.
struct Around<'f> {
    file: &'f PendingFile,
    at: u64,
    there: std::ops::Range<u64>,
}

impl Write for Around<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.there.contains(&self.at) {
            self.file
                .write_at(self.at, bytes)
                .map_err(io::Error::other)?;
        }
        self.at += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn failed(cause: &dyn std::error::Error) -> Error {
    let message = format!("cannot write the zip file: {cause}");
    Error::new(ErrorKind::Io, Code::WriteFailed, message)
}
