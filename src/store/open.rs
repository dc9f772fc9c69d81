//! In: a path, or bytes in memory. Out: what stands there, opened far enough to know its format.
//! Never: a file's name as evidence.

use std::fs;
use std::path::{Path, PathBuf};

use super::dataset::Root;
use super::file::{Source, unsupported};
use super::folder::Folder;
use super::frame::{self, Frame, SPARSE_INDEX};
use super::legacy::{self, Bloscpack, Rootdir, Table};
use super::npy;
use super::program::{self, ProgramFile};
use super::seal::Verify;
use super::zip::{self, ZipFile};
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::MAX_PROGRAM_FILE_BYTES;

/// A file or directory of a known format.
#[derive(Debug)]
pub enum Opened {
    /// A Blosc2 frame, contiguous or sparse.
    Frame(Box<Frame>),
    /// A NumPy array.
    Npy(Source),
    /// A zip file, whose members are files of the other kinds.
    Zip(Box<ZipFile>),
    /// A Bloscpack file.
    Bloscpack(Box<Bloscpack>),
    /// The directory of a BLZ, carray or bcolz array.
    Rootdir(Box<Rootdir>),
    /// The directory of a table of such arrays.
    Table(Box<Table>),
    /// The directory of a dataset.
    Dataset(Box<Root>),
    /// A program that is computed when it is read, and the directory that its file is in, where it has one.
    Program(Box<ProgramFile>, Option<PathBuf>),
}

impl Opened {
    /// Opens what is at `path`. If it is sealed, so much of it is verified as `verify` says.
    ///
    /// # Errors
    /// When it cannot be read, is of no known format, or its structure is damaged.
    pub fn at(path: &Path, verify: Verify) -> Result<Self> {
        // A column goes by the name that its table has for it, which need not be its directory's.
        if !path.is_file() {
            match Table::around(path) {
                Ok(Some((table, name))) if table.has(name) || !path.exists() => {
                    return Ok(Self::Rootdir(Box::new(table.column(name)?)));
                }
                // Whatever is wrong with the table, what stands at the path may be sound.
                Err(error) if !path.exists() => return Err(error),
                Ok(_) | Err(_) => {}
            }
        }
        // Asked before opening, because opening a pipe would wait for its writer.
        let metadata = fs::metadata(path).map_err(|cause| Error::io("open", path, cause))?;
        match metadata.is_dir() {
            true => Self::directory(path, verify),
            false => Self::source(Source::open(path)?, verify),
        }
    }

    /// The Blosc2 frame at `path`.
    ///
    /// # Errors
    /// As [`Opened::at`], and when it is something else.
    pub(super) fn frame_at(path: &Path, verify: Verify) -> Result<Frame> {
        match Self::at(path, verify)? {
            Self::Frame(frame) => Ok(*frame),
            Self::Npy(_)
            | Self::Zip(_)
            | Self::Bloscpack(_)
            | Self::Rootdir(_)
            | Self::Table(_)
            | Self::Dataset(_)
            | Self::Program(..) => {
                Err(unsupported("what is there is no Blosc2 frame").with_path(path))
            }
        }
    }

    /// Whether something stands at `path`: a file, a directory, or a column of a table.
    pub fn is_at(path: &Path) -> bool {
        let column = || match Table::around(path) {
            Ok(Some((table, name))) => table.has(name),
            Ok(None) | Err(_) => false,
        };
        path.exists() || column()
    }

    fn directory(path: &Path, verify: Verify) -> Result<Self> {
        let folder = Folder::open(path)?;
        let entries = fs::read_dir(path).map_err(|cause| Error::io("read", path, cause))?;
        if folder.has(SPARSE_INDEX) {
            return Ok(Self::Frame(Box::new(Frame::open_sparse(folder, verify)?)));
        }
        if Root::is_at(&folder) {
            return Ok(Self::Dataset(Box::new(Root::open(path)?)));
        }
        if Table::is_at(&folder) {
            return Ok(Self::Table(Box::new(Table::open(folder)?)));
        }
        if Rootdir::is_at(&folder) {
            return Ok(Self::Rootdir(Box::new(Rootdir::open(folder)?)));
        }
        let message = format!(
            "the directory has no {SPARSE_INDEX}, so it is no sparse frame, and is no dataset, nor \
             an array or table of bcolz or BLZ"
        );
        let error = Error::new(ErrorKind::Unsupported, Code::NotAnArray, message).with_path(path);
        let arrays = entries.filter_map(|entry| {
            let inside = entry.ok()?.path();
            (inside.extension()? == "b2nd").then_some(inside)
        });
        let array = arrays.min();
        Err(match array {
            Some(inside) => error.with_help(format!("give an array in it: {}", inside.display())),
            None => error,
        })
    }

    /// Opens what `source` begins with. If it is sealed, so much of it is verified as `verify` says.
    ///
    /// # Errors
    /// As [`Opened::at`].
    pub fn source(source: Source, verify: Verify) -> Result<Self> {
        let begins = |magic: &[u8]| -> Result<bool> {
            let long_enough = source.len_bytes() >= magic.len() as u64;
            Ok(long_enough && source.read_vec(0, magic.len())? == magic)
        };
        if begins(frame::MAGIC)? {
            return Ok(Self::Frame(Box::new(Frame::open(source, verify)?)));
        }
        if begins(npy::MAGIC)? {
            return Ok(Self::Npy(source));
        }
        if begins(legacy::MAGIC)? {
            return Ok(Self::Bloscpack(Box::new(Bloscpack::open(source)?)));
        }
        for magic in zip::MAGICS {
            if begins(magic)? {
                return Ok(Self::Zip(Box::new(ZipFile::open(source)?)));
            }
        }
        if begins(program::MAGIC)? {
            let room = usize::try_from(source.len_bytes()).unwrap_or(usize::MAX);
            let bytes = source.read_vec(0, room.min(MAX_PROGRAM_FILE_BYTES + 1))?;
            let file = ProgramFile::parse(&bytes).map_err(|error| source.blame(error))?;
            let folder = source.path().and_then(Path::parent).map(Path::to_path_buf);
            return Ok(Self::Program(Box::new(file), folder));
        }
        let error = Error::new(
            ErrorKind::Unsupported,
            Code::NotAnArray,
            "the file is neither a Blosc2 frame, nor a .npy, zip or Bloscpack file",
        );
        Err(source.blame(error))
    }
}
