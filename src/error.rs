//! In: whatever went wrong anywhere. Out: one opaque error with a kind, a code, a place and a
//! chain of context. Never: a string without a kind.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::diag::{Code, Diagnostic};
use crate::source::Source;

/// What kind of thing went wrong; callers match on this, people read the message.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The expression is wrong: syntax, names, types or shapes. [`Error::diagnostics`] has carets.
    Expression,
    /// The operating system refused an operation on a file.
    Io,
    /// A file's bytes contradict its format.
    Corrupt,
    /// A file uses something this version cannot read or compute with.
    Unsupported,
    /// A bound was exceeded: memory, or one from [`crate::limits`].
    Limit,
    /// The data made the evaluation fail, a negative integer exponent for example.
    Run,
    /// The caller passed arguments that do not fit: a missing operand, a buffer of wrong size.
    Argument,
    /// Somebody else has changed the same meanwhile.
    Conflict,
    /// The caller asked to stop.
    Cancelled,
    /// A bug of ours; the message says where.
    Internal,
}

/// The one error of this crate.
pub struct Error {
    inner: Box<Inner>,
}

struct Inner {
    kind: ErrorKind,
    code: Code,
    message: String,
    help: Option<String>,
    context: Vec<String>,
    place: Place,
    diagnostics: Option<(Source, Vec<Diagnostic>)>,
    cause: Option<std::io::Error>,
}

/// Where in which file an error was found; unknown parts are `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Path of the file.
    pub path: Option<PathBuf>,
    /// Number of the chunk in C order.
    pub chunk: Option<usize>,
    /// Byte offset in the file.
    pub offset: Option<u64>,
}

/// What this crate's functions return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error of a kind with its code and message: the fact first, lower case.
    pub fn new(kind: ErrorKind, code: Code, message: impl Into<String>) -> Self {
        Self {
            inner: Box::new(Inner {
                kind,
                code,
                message: message.into(),
                help: None,
                context: Vec::new(),
                place: Place::default(),
                diagnostics: None,
                cause: None,
            }),
        }
    }

    /// The expression in `source` is wrong in these ways (at least one).
    pub fn expression(source: &Source, diagnostics: Vec<Diagnostic>) -> Self {
        let (code, message) = diagnostics
            .first()
            .map_or((Code::Internal, String::new()), |first| {
                (first.code, first.message.clone())
            });
        let mut error = Self::new(ErrorKind::Expression, code, message);
        error.inner.diagnostics = Some((source.clone(), diagnostics));
        error
    }

    /// The operating system refused `doing` ("open", "read 4096 bytes at 12") on `path`.
    pub fn io(doing: &str, path: &Path, cause: std::io::Error) -> Self {
        let message = format!("cannot {doing}: {cause}");
        let mut error = Self::new(ErrorKind::Io, Code::FileIo, message).with_path(path);
        error.inner.cause = Some(cause);
        error
    }

    /// Adds the way out.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.inner.help = Some(help.into());
        self
    }

    /// Adds what was being done, outermost last.
    #[must_use]
    pub fn context(mut self, doing: impl Into<String>) -> Self {
        self.inner.context.push(doing.into());
        self
    }

    /// Adds the file, unless one is known already.
    #[must_use]
    pub fn with_path(mut self, path: &Path) -> Self {
        self.inner
            .place
            .path
            .get_or_insert_with(|| path.to_path_buf());
        self
    }

    /// Adds the file, unless one is known already; a byte offset counted so far from byte `start`
    /// of it.
    #[must_use]
    pub fn in_file(mut self, path: &Path, start: u64) -> Self {
        let place = &mut self.inner.place;
        if place.path.is_none() {
            place.path = Some(path.to_path_buf());
            place.offset = place.offset.map(|offset| offset.saturating_add(start));
        }
        self
    }

    /// Adds the chunk, unless one is known already.
    #[must_use]
    pub fn with_chunk(mut self, chunk: usize) -> Self {
        self.inner.place.chunk.get_or_insert(chunk);
        self
    }

    /// Adds the byte offset in the file, unless one is known already.
    #[must_use]
    pub fn with_offset(mut self, offset: u64) -> Self {
        self.inner.place.offset.get_or_insert(offset);
        self
    }

    /// What kind of thing went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.inner.kind
    }

    /// The stable code, `E0203` say.
    pub fn code(&self) -> Code {
        self.inner.code
    }

    /// The fact, without place, context and help.
    pub fn message(&self) -> &str {
        &self.inner.message
    }

    /// The way out, where there is one.
    pub fn help(&self) -> Option<&str> {
        self.inner.help.as_deref()
    }

    /// Where in which file.
    pub fn place(&self) -> &Place {
        &self.inner.place
    }

    /// The program text and what is wrong with it, for [`ErrorKind::Expression`].
    pub fn diagnostics(&self) -> Option<(&Source, &[Diagnostic])> {
        self.inner
            .diagnostics
            .as_ref()
            .map(|(source, list)| (source, list.as_slice()))
    }

    /// Whether the expression is at fault, not a file or the machine.
    pub fn is_expression(&self) -> bool {
        self.kind() == ErrorKind::Expression
    }

    /// Whether this is a bug of ours.
    pub fn is_internal(&self) -> bool {
        self.kind() == ErrorKind::Internal
    }
}

/// One line a fact: `error[E0301]: cannot open: ...`, then `  in file ...`, then the help.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.inner;
        write!(f, "{}", inner.message)?;
        let place = &inner.place;
        if let Some(path) = &place.path {
            write!(f, "\n  in {}", path.display())?;
            if let Some(chunk) = place.chunk {
                write!(f, ", chunk {chunk}")?;
            }
            if let Some(offset) = place.offset {
                write!(f, ", byte {offset}")?;
            }
        }
        for doing in &inner.context {
            write!(f, "\n  while {doing}")?;
        }
        if let Some(help) = &inner.help {
            write!(f, "\n  help: {help}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}: {self}", self.kind(), self.code())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.inner
            .cause
            .as_ref()
            .map(|cause| cause as &(dyn std::error::Error + 'static))
    }
}
