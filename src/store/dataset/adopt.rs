//! In: a file with an array. Out: the same file in a dataset, its rows behind the last one, if it fits as it is. Never: an
//! element decoded; a file changed.

use std::path::Path;

use super::changes::Change;
use super::handle::Dataset;
use super::slab::{Content, FileId, Slab};
use super::slabs::Yard;
use crate::error::Result;
use crate::store::dtype::{Items, spell};
use crate::store::edit::Lock;
use crate::store::file::Source;
use crate::store::frame::{Frame, MAGIC};
use crate::store::pending::{PendingFile, failed};
use crate::store::read_limits::ReadLimits;
use crate::store::seal::Verify;
use crate::store::stored::StoredArray;

/// Bytes of a file that are copied at once.
const PIECE_BYTES: usize = 1 << 20;

impl Dataset {
    /// Appends the array in the file at `path` as it is, if it fits: a sealed contiguous Blosc2 frame of the same dtype,
    /// extents of a row, chunks and blocks. The file gets a second name in the dataset, and must not be changed in place
    /// from then on; where it cannot have one, on another device say, it is copied. Nothing is committed. Says whether it
    /// fits.
    ///
    /// # Errors
    /// When it fits and cannot be read, is being changed, or the system refuses.
    pub fn adopt(&mut self, path: impl AsRef<Path>) -> Result<bool> {
        self.check()?;
        let path = path.as_ref();
        let Some(rows) = self.rows_in(path)? else {
            return Ok(false);
        };
        let _lock = Lock::take_if_used(path)?;
        let (id, yard) = (FileId::random(), self.yard()?);
        let adopted = bring(&yard, path, id).and_then(|()| yard.look(id));
        let file = adopted.inspect_err(|_| yard.remove(id))?;
        let content = Content::File(file);
        self.stage_change(Change::Append(vec![Slab { rows, content }]), Some(id));
        Ok(true)
    }

    /// The rows of the array in a file, if that fits.
    fn rows_in(&self, path: &Path) -> Result<Option<usize>> {
        if !path.is_file() {
            return Ok(None);
        }
        let source = Source::open(path)?;
        let begins = source.len_bytes() >= MAGIC.len() as u64;
        if !begins || source.read_vec(0, MAGIC.len())? != MAGIC {
            return Ok(None);
        }
        let len = source.len_bytes();
        let frame = Frame::open(source, Verify::Always)?;
        if frame.sealed().is_none() || frame.header().frame_len != len || !frame.has_shape() {
            return Ok(None);
        }
        let array = match StoredArray::open(frame, Items::Declared, &ReadLimits::default()) {
            Ok(array) => array,
            // Whoever reads it says what is wrong with it.
            Err(_) => return Ok(None),
        };
        let header = self.snapshot.header();
        let same = array.declared().text() == spell(header.dtype) && *array.grid() == header.grid;
        let rows = array.shape().split_first();
        let rows = rows.filter(|(rows, row)| same && **rows > 0 && **row == *header.row);
        Ok(rows.map(|(&rows, _)| rows))
    }
}

/// Gives a file a name in the dataset, or copies it.
pub(super) fn bring(yard: &Yard, path: &Path, id: FileId) -> Result<()> {
    let (disk, target) = (&yard.disk, yard.path(id));
    let durable = disk.sync_file(path);
    durable.map_err(|cause| failed("flush", path, cause))?;
    if disk.link(path, &target).is_ok() {
        let folder = target.parent().unwrap_or(&yard.root);
        return disk
            .sync_folder(folder)
            .map_err(|cause| failed("flush the directory", &target, cause));
    }
    let source = Source::open(path)?;
    let pending = PendingFile::create_on(disk.clone(), &target)?;
    let (mut at, len) = (0, source.len_bytes());
    while at < len {
        let piece = usize::try_from(len - at).map_or(PIECE_BYTES, |left| left.min(PIECE_BYTES));
        pending.write_at(at, &source.read_vec(at, piece)?)?;
        at += piece as u64;
    }
    pending.finish()
}
