//! In: chunks written behind the end. Out: a frame that has them, all at once.
//! Never: the header before what it points to is durable.

use super::ArrayFile;
use crate::error::Result;
use crate::limits::ATOMIC_BYTES;
use crate::store::file::Source;
use crate::store::pending::{PendingFile, failed};
use crate::store::write::{index_chunk, trailer_of};

impl ArrayFile {
    /// Makes all changes since the last commit durable, and others see them. When this returns, they survive
    /// whatever happens.
    ///
    /// # Errors
    /// When the system refuses; then the handle writes nothing more, and the file has all that was committed
    /// before, or all of this, too.
    pub fn commit(&mut self) -> Result<()> {
        self.check()?;
        if !self.changed {
            return Ok(());
        }
        self.flush()?;
        let start = self.end;
        let mut tail = Vec::new();
        if self.layout.chunks > 0 {
            tail.extend_from_slice(&index_chunk(&self.index)?);
        }
        tail.extend_from_slice(&trailer_of(&self.layers)?);
        let mut header = self.header.clone();
        header.reshape(self.b2nd, &self.layout)?;
        let header_len = header.header_len();
        // A frame without chunks has its trailer right behind the header: it cannot grow into that.
        let in_place = self.layout.chunks > 0 && header_len <= ATOMIC_BYTES;
        if in_place {
            let cbytes = start - header_len;
            let frame_len = start + tail.len() as u64;
            header.complete(frame_len, cbytes, !self.layers.is_empty());
            self.put(&tail)?;
            self.sync("flush")?;
            self.file
                .write_at(0, header.header())
                .map_err(|cause| failed("write the header", &self.path, cause))
                .map_err(|error| self.poison(error))?;
            self.sync("flush the header of")?;
        } else {
            let cbytes = if self.layout.chunks > 0 {
                start - header_len
            } else {
                0
            };
            let frame_len = header_len + cbytes + tail.len() as u64;
            header.complete(frame_len, cbytes, !self.layers.is_empty());
            self.rewrite(header.header(), cbytes, &tail)
                .map_err(|error| self.poison(error))?;
            self.end = frame_len;
        }
        self.header = header;
        self.source = Source::open(&self.path).map_err(|error| self.poison(error))?;
        self.changed = false;
        self.lock.count();
        Ok(())
    }

    fn sync(&mut self, doing: &str) -> Result<()> {
        self.file
            .sync()
            .map_err(|cause| failed(doing, &self.path, cause))
            .map_err(|error| self.poison(error))
    }

    /// Writes the frame anew and puts it in the place of the old one: for headers that are more than the
    /// disk writes at once.
    fn rewrite(&mut self, header: &[u8], cbytes: u64, tail: &[u8]) -> Result<()> {
        /// Bytes that are copied at a time.
        const STEP: usize = 1 << 20;
        let pending = PendingFile::create_on(self.disk.clone(), &self.path)?;
        let source = Source::open(&self.path)?;
        let start = header.len() as u64;
        let mut at = 0;
        while at < cbytes {
            let left = usize::try_from(cbytes - at).unwrap_or(usize::MAX);
            let len = STEP.min(left);
            let bytes = source.read_vec(start + at, len)?;
            pending.write_at(start + at, &bytes)?;
            at += len as u64;
        }
        pending.write_at(start + cbytes, tail)?;
        pending.write_at(0, header)?;
        pending.finish()?;
        self.file = self
            .disk
            .open(&self.path)
            .map_err(|cause| failed("open", &self.path, cause))?;
        Ok(())
    }
}
