//! In: the elements of neighbouring rows, box by box, from any threads. Out: slab files, each complete as soon as its
//! elements are. Never: a file that stays where nobody commits it; a file for rows of one value.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};

use super::guard::Guard;
use super::header::Header;
use super::root::DATA;
use super::slab::{Content, FileId, Slab, SlabFile};
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::store::disk::Disk;
use crate::store::file::Source;
use crate::store::write::{ArrayWriter, Extras, Layout};
use crate::types::{Scalar, Shape};

/// What new slabs are for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Purpose {
    /// To stand behind the last row.
    Append,
    /// To take the place of these rows.
    Replace(Range<usize>),
    /// To be all there is.
    Whole,
}

/// Where the files of slabs go.
#[derive(Clone, Debug)]
pub(super) struct Yard {
    pub(super) disk: Arc<dyn Disk>,
    /// The directory of the dataset.
    pub(super) root: PathBuf,
    /// Keeps files from being vacuumed, where the dataset can be seen by others.
    pub(super) guard: Option<Arc<Guard>>,
}

impl Yard {
    /// Where a file is to be.
    pub(super) fn path(&self, id: FileId) -> PathBuf {
        self.root.join(DATA).join(id.to_string())
    }

    /// Removes a file that no version has.
    pub(super) fn remove(&self, id: FileId) {
        // Nothing can be done about one that cannot be removed; `vacuum` does later.
        let _ = self.disk.remove(&self.path(id));
    }

    /// What is to be known of a file that is complete.
    pub(super) fn look(&self, id: FileId) -> Result<SlabFile> {
        SlabFile::of(id, &Source::open(&self.path(id))?)
    }
}

/// Rows of a dataset that are being written. Their elements may come in any order, each once, and from several threads.
/// Dropped before they are given back to [`Dataset::stage`](super::Dataset::stage), they disappear.
#[derive(Debug)]
pub struct NewSlabs {
    yard: Yard,
    header: Header,
    pub(super) purpose: Purpose,
    layout: Layout,
    /// Rows of the first slab, which may be fewer.
    first: usize,
    open: Mutex<BTreeMap<usize, Arc<OpenSlab>>>,
    /// The slabs that are complete, by their first row.
    done: Mutex<BTreeMap<usize, Slab>>,
    failed: AtomicBool,
    shortened: OnceLock<usize>,
}

/// A slab of which elements are missing.
#[derive(Debug)]
struct OpenSlab {
    id: FileId,
    rows: Range<usize>,
    /// Until it is complete.
    writer: RwLock<Option<ArrayWriter>>,
    /// Elements that are there.
    got: AtomicUsize,
    value: Mutex<Value>,
}

/// What the elements that have come so far are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Value {
    None,
    One(u64),
    Several,
}

impl NewSlabs {
    /// Begins `rows` rows; the first of them is row `at` of the dataset, as far as that is known.
    ///
    /// # Errors
    /// When there are too many.
    pub(super) fn begin(
        yard: Yard,
        header: &Header,
        purpose: Purpose,
        rows: usize,
        at: usize,
    ) -> Result<Self> {
        let high = header.high();
        // Up to where a chunk begins, if enough rows follow for that to be worth a file.
        let odd = (at.next_multiple_of(high) - at).min(rows);
        let first = match odd > 0 && rows - odd >= high {
            true => odd,
            false => header.slab_rows,
        };
        Ok(Self {
            layout: header.layout(rows)?,
            header: header.clone(),
            yard,
            purpose,
            first,
            open: Mutex::default(),
            done: Mutex::default(),
            failed: AtomicBool::new(false),
            shortened: OnceLock::new(),
        })
    }

    /// The extents of all the rows together.
    pub fn shape(&self) -> &Shape {
        &self.layout.shape
    }

    /// What they are rows of.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The extents that they have got.
    pub(super) fn final_shape(&self) -> Shape {
        self.header.shape(self.rows())
    }

    fn rows(&self) -> usize {
        let declared = self.layout.shape.first().copied().unwrap_or(0);
        self.shortened.get().copied().unwrap_or(declared)
    }

    /// The rows of the slab that has row `row`.
    fn slab_of(&self, row: usize) -> Range<usize> {
        let all = self.layout.shape.first().copied().unwrap_or(0);
        let start = match row < self.first {
            true => 0,
            false => row - (row - self.first) % self.header.slab_rows,
        };
        let rows = if start == 0 {
            self.first
        } else {
            self.header.slab_rows
        };
        start..all.min(start.saturating_add(rows))
    }

    /// Writes the elements of a box, which counts rows from the first of these; `bytes` has them in C order,
    /// native-endian.
    ///
    /// # Errors
    /// When the system refuses, the box does not lie inside of the rows or has other bytes, or elements come twice.
    pub fn write(&self, start: &[usize], extent: &[usize], bytes: &[u8]) -> Result<()> {
        if !self.layout.has_box(start, extent) || self.layout.box_bytes(extent) != Some(bytes.len())
        {
            return Err(wrong(format!(
                "a box of {} at {} of rows of {} {} is written with {} bytes",
                Shape::new(extent),
                Shape::new(start),
                self.header.dtype,
                self.layout.shape,
                bytes.len()
            )));
        }
        let written = self.write_rows(start, extent, bytes);
        if written.is_err() {
            self.failed.store(true, Ordering::Relaxed);
        }
        written
    }

    /// Cuts a box where slabs end.
    fn write_rows(&self, start: &[usize], extent: &[usize], bytes: &[u8]) -> Result<()> {
        let (Some(&first), Some(&rows)) = (start.first(), extent.first()) else {
            return Ok(());
        };
        if bytes.is_empty() {
            return Ok(());
        }
        // Whole rows of the box are neighbours in it.
        let row_bytes = bytes.len() / rows;
        let (mut start, mut extent) = (start.to_vec(), extent.to_vec());
        let (mut at, mut rest) = (first, bytes);
        while at < first + rows {
            let slab = self.slab_of(at);
            let count = slab.end.min(first + rows) - at;
            let (part, behind) = rest.split_at(count * row_bytes);
            start[0] = at - slab.start;
            extent[0] = count;
            self.write_slab(slab, &start, &extent, part)?;
            (at, rest) = (at + count, behind);
        }
        Ok(())
    }

    fn write_slab(
        &self,
        rows: Range<usize>,
        start: &[usize],
        extent: &[usize],
        bytes: &[u8],
    ) -> Result<()> {
        let slab = self.opened(&rows)?;
        let elems = bytes.len() / self.header.dtype.size();
        let got = {
            let writer = slab.writer.read().unwrap_or_else(PoisonError::into_inner);
            let twice = || wrong("elements of a slab are written twice".to_string());
            writer
                .as_ref()
                .ok_or_else(twice)?
                .write(start, extent, bytes)?;
            lock(&slab.value).see(&self.header, bytes);
            slab.got.fetch_add(elems, Ordering::AcqRel) + elems
        };
        match got == rows.len() * self.layout_row() {
            true => self.complete(&slab, rows.len()),
            false => Ok(()),
        }
    }

    /// Elements of a row.
    fn layout_row(&self) -> usize {
        self.header.row.iter().product()
    }

    /// The slab of these rows, begun if its first elements come.
    fn opened(&self, rows: &Range<usize>) -> Result<Arc<OpenSlab>> {
        let mut open = lock(&self.open);
        if let Some(slab) = open.get(&rows.start) {
            return Ok(Arc::clone(slab));
        }
        if lock(&self.done).contains_key(&rows.start) {
            return Err(wrong("elements of a slab are written twice".to_string()));
        }
        let id = FileId::random();
        let writer = ArrayWriter::create_on(
            Arc::clone(&self.yard.disk),
            &self.yard.path(id),
            self.header.dtype,
            &self.header.shape(rows.len()),
            &self.header.grid,
            self.header.options()?,
            Extras::default(),
        )?;
        let slab = Arc::new(OpenSlab {
            id,
            rows: rows.clone(),
            writer: RwLock::new(Some(writer)),
            got: AtomicUsize::new(0),
            value: Mutex::new(Value::None),
        });
        open.insert(rows.start, Arc::clone(&slab));
        Ok(slab)
    }

    /// Finishes a slab, whose elements are all there.
    fn complete(&self, slab: &OpenSlab, rows: usize) -> Result<()> {
        // Waits for whoever has just written the last of them.
        let mut writer = slab.writer.write().unwrap_or_else(PoisonError::into_inner);
        let Some(writer) = writer.take() else {
            return Err(wrong("a slab is complete twice".to_string()));
        };
        let value = *lock(&slab.value);
        let content = match value {
            // Its file disappears.
            Value::One(bits) => Content::Constant(bits),
            Value::None | Value::Several => {
                if rows < slab.rows.len() {
                    writer.shorten(rows)?;
                }
                let file = writer.finish().and_then(|()| self.yard.look(slab.id));
                Content::File(file.inspect_err(|_| self.yard.remove(slab.id))?)
            }
        };
        let mut open = lock(&self.open);
        lock(&self.done).insert(slab.rows.start, Slab { rows, content });
        open.remove(&slab.rows.start);
        Ok(())
    }

    /// Makes all rows this value, of which none may be written; costs nothing.
    ///
    /// # Errors
    /// When some are.
    pub(super) fn fill(&self, value: Scalar) -> Result<()> {
        let (open, mut done) = (lock(&self.open), lock(&self.done));
        if !open.is_empty() || !done.is_empty() {
            return Err(wrong("elements are written and filled in".to_string()));
        }
        done.insert(0, Slab::constant(self.rows(), value.bits()));
        Ok(())
    }

    /// Fixes how many rows there are, once, when that is known: not more than it was begun with.
    ///
    /// # Errors
    /// When there are more.
    pub(super) fn shorten(&self, rows: usize) -> Result<()> {
        match self.layout.shape.first() {
            Some(&first) if rows <= first => {
                self.shortened.get_or_init(|| rows);
                Ok(())
            }
            Some(_) | None => Err(wrong(format!(
                "an array of shape {} has no first {rows}",
                self.layout.shape
            ))),
        }
    }

    /// Finishes the last slab of an array that has become shorter.
    pub(super) fn complete_last(&self) -> Result<()> {
        if self.failed.load(Ordering::Relaxed) {
            return Err(wrong(
                "a part of the array could not be written".to_string(),
            ));
        }
        let open: Vec<_> = lock(&self.open).values().cloned().collect();
        for slab in open {
            let rows = self.rows().saturating_sub(slab.rows.start);
            if rows == 0 || slab.got.load(Ordering::Acquire) != rows * self.layout_row() {
                return Err(wrong(format!(
                    "rows {} to {} are written in part only",
                    slab.rows.start, slab.rows.end
                )));
            }
            self.complete(&slab, rows)?;
        }
        let rows: usize = lock(&self.done).values().map(|slab| slab.rows).sum();
        match (self.layout_row(), rows == self.rows()) {
            (_, true) => Ok(()),
            // Rows without elements have any value.
            (0, false) => {
                lock(&self.done).insert(0, Slab::constant(self.rows(), 0));
                Ok(())
            }
            (_, false) => Err(wrong(format!(
                "there are to be {} rows, and only {rows} are written",
                self.rows()
            ))),
        }
    }

    /// The slabs, which are the caller's from now on, and what keeps their files from being vacuumed.
    ///
    /// # Errors
    /// When elements are missing or could not be written.
    pub(super) fn take(self) -> Result<(Vec<Slab>, Option<Arc<Guard>>)> {
        self.complete_last()?;
        let slabs = std::mem::take(&mut *lock(&self.done));
        Ok((merged(slabs.into_values()), self.yard.guard.clone()))
    }
}

impl Drop for NewSlabs {
    fn drop(&mut self) {
        // Those that are not complete remove their files themselves.
        let done = std::mem::take(&mut *lock(&self.done));
        let files = done.values().filter_map(Slab::file);
        files.for_each(|file| self.yard.remove(file.id));
    }
}

impl Value {
    /// Takes note of more elements.
    fn see(&mut self, header: &Header, bytes: &[u8]) {
        let size = header.dtype.size();
        if *self == Self::Several || bytes.len() < size {
            return;
        }
        let same = bytes[size..] == bytes[..bytes.len() - size];
        let bits = Scalar::read(header.dtype, bytes).map(Scalar::bits);
        *self = match (same, bits, *self) {
            (true, Some(bits), Self::None) => Self::One(bits),
            (true, Some(bits), Self::One(value)) if bits == value => Self::One(value),
            (_, _, _) => Self::Several,
        };
    }
}

/// The slabs with neighbours of one value made one.
pub(super) fn merged(slabs: impl IntoIterator<Item = Slab>) -> Vec<Slab> {
    let mut out: Vec<Slab> = Vec::new();
    for slab in slabs {
        match (out.last_mut(), slab.content) {
            (Some(last), Content::Constant(_)) if last.content == slab.content => {
                last.rows += slab.rows;
            }
            (Some(_) | None, _) => out.push(slab),
        }
    }
    out
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    // A thread that panicked while it held the lock left a whole value behind.
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

fn wrong(message: String) -> Error {
    Error::new(ErrorKind::Argument, Code::WriteFailed, message)
}
