//! In: a zip file: `.npz`, `.b2z`. Out: its members by name, each as a source of its own.
//! Never: a member's name taken for a path; a member inflated to more than its bytes can hold.

mod directory;
mod inflate;
mod write;

use std::fmt;

use rawzip::{CompressionMethod, ZipArchive, ZipArchiveEntryWayfinder};

use super::file::{Source, unsupported};
use super::npy;
use super::open::Opened;
use super::read_limits::ReadLimits;
use super::seal::Verify;
use crate::diag::{Code, nearest};
use crate::error::{Error, ErrorKind, Result};
use directory::Positioned;

pub use write::{enclose, start_len};

/// The first bytes of a zip file: of its first member, or of its directory where it has none.
pub const MAGICS: [&[u8]; 2] = [b"PK\x03\x04", b"PK\x05\x06"];

/// An open zip file.
#[derive(Debug)]
pub struct ZipFile {
    archive: ZipArchive<Positioned>,
    members: Vec<Member>,
}

/// A file inside of a zip file, as the directory at the end describes it.
#[derive(Clone, Debug)]
pub struct Member {
    /// Its name; other encodings than UTF-8 are replaced.
    pub name: String,
    /// How its bytes are stored.
    pub method: Method,
    /// Bytes of the content.
    pub nbytes: u64,
    /// Bytes as stored.
    pub cbytes: u64,
    crc: u32,
    place: ZipArchiveEntryWayfinder,
}

/// How the bytes of a member are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// As they are.
    Stored,
    /// With DEFLATE.
    Deflated,
    /// Encrypted.
    Encrypted,
    /// With something else, by its number.
    Other(u16),
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Method::Stored => f.pad("stored"),
            Method::Deflated => f.pad("deflated"),
            Method::Encrypted => f.pad("encrypted"),
            Method::Other(id) => {
                let name = CompressionMethod::new(*id).name();
                let name = name.map(str::to_lowercase);
                f.pad(&name.unwrap_or_else(|| format!("method {id}")))
            }
        }
    }
}

impl ZipFile {
    /// Reads the directory of the zip file in `source`.
    ///
    /// # Errors
    /// When it is damaged, or its members overlap.
    pub fn open(source: Source) -> Result<Self> {
        let (archive, members) = directory::read(source)?;
        Ok(Self { archive, members })
    }

    /// The file.
    pub fn source(&self) -> &Source {
        &self.archive.get_ref().0
    }

    /// Its members in the order of the directory, folders left out.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// The member of a name, with or without `.npy`.
    ///
    /// # Errors
    /// When there is none, or several.
    pub fn find(&self, name: &str) -> Result<&Member> {
        let named = |wanted: &str| {
            let mut found = self.members.iter().filter(|member| member.name == wanted);
            found.next().map(|first| (first, found.next().is_some()))
        };
        match named(name).or_else(|| named(&format!("{name}.npy"))) {
            Some((member, false)) => Ok(member),
            Some((_, true)) => {
                let name = name.escape_debug();
                Err(self.damaged(format!("the zip file has several members '{name}'")))
            }
            None => Err(self.no_member(name)),
        }
    }

    /// The only member.
    ///
    /// # Errors
    /// When there is none, or several.
    pub fn only(&self) -> Result<&Member> {
        let error = match &self.members[..] {
            [member] => return Ok(member),
            [] => unsupported("the zip file has no members"),
            [first, ..] => {
                let first = first.name.strip_suffix(".npy").unwrap_or(&first.name);
                let message = format!(
                    "the zip file has {} members: {}",
                    self.members.len(),
                    self.listed()
                );
                let error = Error::new(ErrorKind::Argument, Code::Usage, message);
                error.with_help(format!("name one behind the path: x=PATH:{}", shown(first)))
            }
        };
        Err(self.source().blame(error))
    }

    /// Opens the array in a member.
    ///
    /// # Errors
    /// As [`ZipFile::content`], and when it is of no known format.
    pub fn open_member(
        &self,
        member: &Member,
        limits: &ReadLimits,
        verify: Verify,
    ) -> Result<Opened> {
        let content = self.content(member, limits);
        let opened = content.and_then(|source| Opened::source(source, verify));
        let opened = opened.and_then(|opened| match opened {
            Opened::Zip(_) => Err(unsupported("the member is a zip file itself")),
            Opened::Program(..) => Err(unsupported("the member is a program")),
            opened @ (Opened::Frame(_)
            | Opened::Npy(_)
            | Opened::Bloscpack(_)
            | Opened::Rootdir(_)
            | Opened::Table(_)
            | Opened::Dataset(_)) => Ok(opened),
        });
        opened.map_err(|error| self.in_member(member, error))
    }

    /// The content of a member: a window where it is stored, in memory where it is deflated.
    /// The checksum of what is inflated is verified; what is stored is not read.
    ///
    /// # Errors
    /// When it is stored in another way, is damaged, larger than the limits allow, or cannot be
    /// read.
    pub fn content(&self, member: &Member, limits: &ReadLimits) -> Result<Source> {
        match member.method {
            Method::Stored | Method::Deflated => {}
            Method::Encrypted => return Err(unsupported("the member is encrypted")),
            Method::Other(_) => {
                let message = format!("the member is compressed with {}", member.method);
                let error = unsupported(message);
                return Err(error.with_help("stored and deflated members can be read"));
            }
        }
        let start = directory::data_start(&self.archive, member)?;
        let stored = self.source().window(start, member.cbytes)?;
        if member.method == Method::Stored {
            return match member.cbytes == member.nbytes {
                true => Ok(stored),
                false => Err(bad("the member is stored as it is, but in another length")),
            };
        }
        limits.check_inflated(member.nbytes)?;
        inflate::whole(&stored, member.nbytes, member.crc).map(Source::memory)
    }

    /// The header of the `.npy` file in a member, without inflating the rest.
    ///
    /// # Errors
    /// When it is stored in another way, is damaged, cannot be read, or is no `.npy` file.
    pub fn npy_header(&self, member: &Member) -> Result<npy::NpyHeader> {
        let header = || {
            let start = directory::data_start(&self.archive, member)?;
            let stored = self.source().window(start, member.cbytes)?;
            let content = match member.method {
                Method::Deflated => Source::memory(inflate::beginning(&stored)?),
                Method::Stored | Method::Encrypted | Method::Other(_) => stored,
            };
            npy::NpyHeader::read(&content)
        };
        header().map_err(|error| self.in_member(member, error))
    }

    /// Adds the file and the member to an error.
    #[cold]
    pub(crate) fn in_member(&self, member: &Member, error: Error) -> Error {
        let error = self.source().blame(error);
        error.context(format!("opening the member '{}'", shown(&member.name)))
    }

    #[cold]
    fn no_member(&self, name: &str) -> Error {
        let name = name.escape_debug().to_string();
        let names = self.members.iter().map(|member| member.name.as_str());
        let stems = names.clone().filter_map(|name| name.strip_suffix(".npy"));
        let help = match nearest(&name, stems.chain(names)) {
            Some(near) => format!("did you mean '{}'?", shown(near)),
            None => format!("its members are {}", self.listed()),
        };
        let message = format!("the zip file has no member '{name}'");
        let error = Error::new(ErrorKind::Argument, Code::Usage, message);
        self.source().blame(match self.members.is_empty() {
            true => error,
            false => error.with_help(help),
        })
    }

    /// The names of the first members.
    fn listed(&self) -> String {
        const MOST: usize = 8;
        let names = self.members.iter().take(MOST);
        let names: Vec<String> = names.map(|member| shown(&member.name)).collect();
        let more = match self.members.len().saturating_sub(MOST) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        format!("{}{more}", names.join(", "))
    }

    #[cold]
    fn damaged(&self, message: String) -> Error {
        self.source().blame(bad(message))
    }
}

/// A name as messages show it: one line, not too long.
fn shown(name: &str) -> String {
    const MOST: usize = 60;
    let mut shown: String = name.chars().take(MOST).collect();
    if shown.len() < name.len() {
        shown.push_str("...");
    }
    shown.escape_debug().to_string()
}

#[cold]
fn bad(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Corrupt, Code::BadZip, message)
}

#[cfg(test)]
mod tests;
