//! In: a path, or a file's content in memory, and how it is to be taken. Out: the array in it.
//! Never: a file's name as evidence.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::npy::{NpyFile, Order};
use super::{Array, LeftOut, Place};
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{MAX_NESTED_PROGRAMS, MAX_PROGRAM_ARRAYS};
use crate::store::dataset::{DatasetArray, Root};
use crate::store::dtype::Items;
use crate::store::file::Source;
use crate::store::legacy::LegacyArray;
use crate::store::program::ProgramFile;
use crate::store::zip::{Member, ZipFile};
use crate::store::{Opened, ReadLimits, StoredArray, Verify, plain_array};
use crate::types::DType;

/// How an array file is opened; [`Array::options`] begins one.
///
/// ```
/// use fuseblock::store::ReadLimits;
/// use fuseblock::{Array, DType};
///
/// let limits = ReadLimits::untrusted();
/// let array = Array::options()
///     .limits(limits)
///     .open("tests/golden/example.b2nd")?;
/// assert_eq!(array.dtype(), DType::UInt8);
/// # Ok::<(), fuseblock::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct OpenOptions {
    pub(super) items: Items,
    offset: u64,
    limits: ReadLimits,
    verify: Verify,
    skip_damaged: bool,
    version: Option<u64>,
    allow_outside: bool,
    /// Makes arrays of programs, which are nothing that this module knows of.
    program: ProgramOpener,
    /// Programs that what is opened is an operand of, one of the other.
    nested: usize,
    /// Arrays that the outermost of them has opened.
    opened: Arc<AtomicUsize>,
}

/// Makes an array of a program and the directory that its file is in.
pub(crate) type ProgramOpener =
    fn(ProgramFile, Option<&Path>, &OpenOptions) -> Result<Array<'static>>;

impl OpenOptions {
    /// The ones that change nothing, with what opens programs.
    pub(crate) fn with_programs(program: ProgramOpener) -> Self {
        Self {
            items: Items::default(),
            offset: 0,
            limits: ReadLimits::default(),
            verify: Verify::default(),
            skip_damaged: false,
            version: None,
            allow_outside: false,
            program,
            nested: 0,
            opened: Arc::default(),
        }
    }

    /// The options for an operand of a program that is opened with these.
    ///
    /// # Errors
    /// When too many programs are operands of each other.
    pub(crate) fn for_operand(&self) -> Result<Self> {
        if self.nested == MAX_NESTED_PROGRAMS {
            let message = format!(
                "more than {MAX_NESTED_PROGRAMS} programs are operands of each other, or one is its own"
            );
            return Err(Error::new(ErrorKind::Limit, Code::BadProgram, message)
                .with_help("evaluate one of them to a file, and name that"));
        }
        let opened = match self.nested {
            0 => Arc::default(),
            _ => Arc::clone(&self.opened),
        };
        Ok(Self {
            items: Items::Declared,
            offset: 0,
            version: None,
            nested: self.nested + 1,
            opened,
            ..self.clone()
        })
    }

    /// These, for one more array of the outermost program.
    ///
    /// # Errors
    /// When that opens too many.
    pub(crate) fn counted(&self) -> Result<&Self> {
        if self.opened.fetch_add(1, Ordering::Relaxed) >= MAX_PROGRAM_ARRAYS {
            let message = format!("a program opens more than {MAX_PROGRAM_ARRAYS} arrays");
            return Err(Error::new(ErrorKind::Limit, Code::BadProgram, message)
                .with_help("evaluate one of its operands to a file, and name that"));
        }
        Ok(self)
    }

    /// Whether programs may name files outside of their directory.
    #[must_use]
    pub fn allow_outside(mut self, allow: bool) -> Self {
        self.allow_outside = allow;
        self
    }

    /// See [`OpenOptions::allow_outside`].
    pub(crate) fn allows_outside(&self) -> bool {
        self.allow_outside
    }

    /// Takes items as `dtype`, whatever the file declares: for frames that declare nothing, and
    /// those that declare something wrong.
    #[must_use]
    pub fn dtype(mut self, dtype: DType) -> Self {
        self.items = Items::As(dtype);
        self
    }

    /// Takes items as their bytes: an array of `uint8` with one more axis behind the others, as
    /// long as an item. For dtypes that expressions do not support.
    #[must_use]
    pub fn bytes(mut self) -> Self {
        self.items = Items::Bytes;
        self
    }

    /// Begins at byte `offset` of the file: a frame that was appended to it.
    #[must_use]
    pub fn offset(mut self, offset: u64) -> Self {
        self.offset = offset;
        self
    }

    /// Refuses files that ask for more than `limits` allow: [`ReadLimits::untrusted`] for those of
    /// strangers.
    #[must_use]
    pub fn limits(mut self, limits: ReadLimits) -> Self {
        self.limits = limits;
        self
    }

    /// How much of a sealed file is verified: by default every block that is read.
    ///
    /// ```
    /// use fuseblock::Array;
    /// use fuseblock::store::Verify;
    ///
    /// let array = Array::options()
    ///     .verify(Verify::First)
    ///     .open("tests/golden/example.b2nd")?;
    /// # Ok::<(), fuseblock::Error>(())
    /// ```
    #[must_use]
    pub fn verify(mut self, verify: Verify) -> Self {
        self.verify = verify;
        self
    }

    /// Leaves damaged chunks of n-d arrays in Blosc2 frames out of reductions: they count only the elements of the
    /// others, and what is no reduction is refused. All chunks are decoded once to see which are sound.
    /// [`Array::left_out`] says what is left out.
    #[must_use]
    pub fn skip_damaged(mut self, skip: bool) -> Self {
        self.skip_damaged = skip;
        self
    }

    /// Opens this version of a dataset, and not the newest: as it was then, until it is vacuumed. What is no dataset has no
    /// versions, and is refused.
    ///
    /// ```
    /// use fuseblock::store::dataset::{Dataset, DatasetOptions};
    /// use fuseblock::{Array, DType, Scalar, Shape};
    ///
    /// let folder = tempfile::tempdir().expect("a folder");
    /// let path = folder.path().join("log.fbd");
    /// let (shape, options) = (Shape::new(&[1, 3]), DatasetOptions::default());
    /// let mut dataset = Dataset::create(&path, DType::Int8, &shape, Scalar::Int8(7), &options)?;
    /// dataset.append(&[1, 3], &[1, 2, 3])?;
    /// dataset.commit()?;
    /// assert_eq!(Array::open(&path)?.to_vec::<i8>()?, [7, 7, 7, 1, 2, 3]);
    /// assert_eq!(Array::options().version(1).open(&path)?.to_vec::<i8>()?, [7, 7, 7]);
    /// # Ok::<(), fuseblock::Error>(())
    /// ```
    #[must_use]
    pub fn version(mut self, version: u64) -> Self {
        self.version = Some(version);
        self
    }

    /// Opens the array file or directory at `path`.
    ///
    /// # Errors
    /// When the file cannot be read, is damaged, holds something that expressions cannot compute
    /// with, or asks for more than the limits allow; the error says which.
    pub fn open(&self, path: impl AsRef<Path>) -> Result<Array<'static>> {
        self.array(self.opened(path.as_ref())?)
    }

    /// Opens an array file's content that is in memory already: a Blosc2 cframe, for example.
    ///
    /// # Errors
    /// As [`OpenOptions::open`].
    pub fn from_file_bytes(&self, bytes: Vec<u8>) -> Result<Array<'static>> {
        let source = Source::memory(bytes).tail(self.offset)?;
        self.array(Opened::source(source, self.verify)?)
    }

    pub(super) fn opened(&self, path: &Path) -> Result<Opened> {
        match self.offset {
            0 => Opened::at(path, self.verify),
            _ => Opened::source(Source::open(path)?.tail(self.offset)?, self.verify),
        }
    }

    /// Opens a member of a zip file with these options.
    pub(super) fn in_zip(&self, zip: &ZipFile, member: &Member) -> Result<Array<'static>> {
        let opened = zip.open_member(member, &self.limits, self.verify)?;
        let array = self.array(opened);
        array.map_err(|error| zip.in_member(member, error))
    }

    pub(super) fn array(&self, opened: Opened) -> Result<Array<'static>> {
        match opened {
            Opened::Dataset(root) => self.dataset(*root),
            Opened::Frame(_)
            | Opened::Npy(_)
            | Opened::Zip(_)
            | Opened::Bloscpack(_)
            | Opened::Rootdir(_)
            | Opened::Table(_)
            | Opened::Program(..)
                if self.version.is_some() =>
            {
                let message = "only a dataset has versions";
                Err(Error::new(ErrorKind::Argument, Code::Usage, message))
            }
            Opened::Frame(frame) if frame.has_shape() => {
                let mut stored = StoredArray::open(*frame, self.items, &self.limits)?;
                let damaged = match self.skip_damaged {
                    true => stored.leave_out_damaged(),
                    false => BTreeMap::new(),
                };
                let left_out = (!damaged.is_empty())
                    .then(|| LeftOut::new(stored.shape(), stored.grid(), damaged));
                Ok(Array {
                    dtype: stored.dtype(),
                    shape: stored.shape().clone(),
                    place: Place::Stored(Arc::new(stored)),
                    left_out: left_out.map(Arc::new),
                })
            }
            Opened::Frame(frame) => {
                let linear = plain_array(*frame, self.items, &self.limits)?;
                Ok(Array::linear(linear))
            }
            Opened::Npy(source) => {
                let file = NpyFile::open(source, self.items, &self.limits)?;
                Ok(Array::npy(file))
            }
            Opened::Zip(zip) => self.in_zip(&zip, zip.only()?),
            Opened::Bloscpack(file) => {
                let array = file.into_array(self.items, &self.limits)?;
                Ok(self.legacy(array))
            }
            Opened::Rootdir(array) => {
                let linear = array.into_array(self.items, &self.limits)?;
                Ok(Array::linear(linear))
            }
            Opened::Table(table) => Err(table.refuse()),
            Opened::Program(file, folder) => (self.program)(*file, folder.as_deref(), self),
        }
    }

    fn dataset(&self, root: Root) -> Result<Array<'static>> {
        let snapshot = root.snapshot(self.version)?;
        let mut array = DatasetArray::open(root, snapshot, self.items, self.verify, &self.limits)?;
        let damaged = match self.skip_damaged {
            true => array.leave_out_damaged(),
            false => BTreeMap::new(),
        };
        let left_out =
            (!damaged.is_empty()).then(|| LeftOut::new(array.shape(), array.grid(), damaged));
        Ok(Array {
            dtype: array.dtype(),
            shape: array.shape().clone(),
            place: Place::Dataset(Arc::new(array)),
            left_out: left_out.map(Arc::new),
        })
    }

    fn legacy(&self, array: LegacyArray) -> Array<'static> {
        let LegacyArray { elements, fortran } = array;
        if !fortran {
            return Array::linear(elements);
        }
        let (dtype, shape) = (elements.dtype(), elements.shape().clone());
        let order = match self.items {
            Items::Declared | Items::As(_) => Order::Fortran,
            Items::Bytes => Order::FortranBytes,
        };
        Array::fortran(Arc::new(elements), order, dtype, shape)
    }
}
