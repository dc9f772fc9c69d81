//! In: chunks written behind the end. Out: a frame that has them, all at once.
//! Never: the header before what it points to is durable.

use super::ArrayFile;
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::ATOMIC_BYTES;
use crate::store::file::Source;
use crate::store::frame::Frame;
use crate::store::pending::failed;
use crate::store::seal::{Tail, Verify};
use crate::store::write::FrameBytes;

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
        let mut header = self.header.clone();
        header.reshape(self.b2nd, &self.layout)?;
        // A frame without chunks has its trailer right behind the header: it cannot grow into that.
        let in_place = self.layout.chunks > 0 && header.header_len() <= ATOMIC_BYTES;
        let written = match in_place {
            true => self.write_behind(header),
            false => self.write_anew(header).map(|_| ()),
        };
        written.map_err(|error| self.poison(error))?;
        self.changed = false;
        self.sealing = false;
        self.lock.count();
        Ok(())
    }

    /// Writes what stands behind the chunks, and this header, which makes it the frame's.
    fn write_behind(&mut self, mut header: FrameBytes) -> Result<()> {
        let table = self.seal_chunks()?;
        let tail = Tail {
            cbytes: self.end - header.header_len(),
            index: &self.index,
            layers: &self.layers,
            table,
            sparse: false,
        };
        let tail = tail.complete(&mut header)?;
        self.put(&tail)?;
        self.sync("flush")?;
        self.check_unchanged()?;
        self.file
            .write_at(0, header.header())
            .map_err(|cause| failed("write the header", &self.path, cause))?;
        self.sync("flush the header of")?;
        self.header = header;
        self.reopen()
    }

    /// Takes what is committed now for what was.
    pub(super) fn reopen(&mut self) -> Result<()> {
        self.source = self.source.as_it_is_now()?;
        self.frame = Frame::open(self.source.clone(), Verify::Always)?;
        self.end = self.frame.header().frame_len;
        self.written.clear();
        self.origin = None;
        self.lowest = self.layout.chunks;
        self.was = self.layout.clone();
        Ok(())
    }

    fn sync(&mut self, doing: &str) -> Result<()> {
        self.file
            .sync()
            .map_err(|cause| failed(doing, &self.path, cause))
    }

    /// Writes on to the file that has taken the place of the one that was open.
    pub(super) fn follow(&mut self) -> Result<()> {
        let file = self.disk.open(&self.path);
        self.file = file.map_err(|cause| failed("open", &self.path, cause))?;
        self.lock.follow(&self.path)?;
        self.source = Source::open(&self.path)?;
        Ok(())
    }

    /// Refuses to go on where the file, or what is committed in it, is no longer what was opened: other programs may
    /// write to it without a look at its lock.
    pub(super) fn check_unchanged(&self) -> Result<()> {
        let message = match (self.source.is_at(&self.path), self.header_stands()) {
            (true, true) => return Ok(()),
            (true, false) => "another program has changed the file since it was opened",
            (false, _) => "another file has taken the place of the one that was opened",
        };
        let error = Error::new(ErrorKind::Io, Code::WriteFailed, message).with_path(&self.path);
        Err(error.with_help("open it again, and make the changes to what is there now"))
    }

    fn header_stands(&self) -> bool {
        let header = self.source.read_vec(0, self.header.header().len());
        header.is_ok_and(|header| header == self.header.header())
    }
}
