//! In: the file `format` of a dataset. Out: whether this version understands it. Never: a feature passed over that has
//! to be understood.

use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::MAX_FORMAT_BYTES;
use crate::store::file::{Source, unsupported};

/// Name of the file.
pub(super) const NAME: &str = "format";

/// The line that it begins with, without the major version.
const MAGIC: &str = "fuseblock dataset ";

/// The major version that is written, and the only one that is read.
const MAJOR: u32 = 1;

/// Names of the features that a dataset may require.
const KNOWN: [&str; 0] = [];

/// What the file of a new dataset says.
pub(super) fn text() -> String {
    format!("{MAGIC}{MAJOR}\nrequires\noptional\n")
}

/// Whether a file looks like one.
pub(super) fn begins(source: &Source) -> bool {
    let start = source.read_vec(0, MAGIC.len());
    start.is_ok_and(|start| start == MAGIC.as_bytes())
}

/// Checks that this version may read, and write, what stands beside the file.
///
/// # Errors
/// When it is of another major version, requires what is not known here, or is no such file.
pub(super) fn check(source: &Source) -> Result<()> {
    let len = source.len_bytes();
    let small = usize::try_from(len)
        .ok()
        .filter(|_| len <= MAX_FORMAT_BYTES);
    let bytes = match small {
        Some(len) => source.read_vec(0, len)?,
        None => return Err(bad()),
    };
    let text = std::str::from_utf8(&bytes).map_err(|_| bad())?;
    let mut lines = text.strip_suffix('\n').ok_or_else(bad)?.split('\n');
    let major = lines.next().and_then(|line| line.strip_prefix(MAGIC));
    let major = major.ok_or_else(bad)?;
    if major != MAJOR.to_string() {
        let message = format!(
            "the dataset has the format {}, this version reads {MAJOR}",
            major.escape_debug()
        );
        return Err(unsupported(message).with_help("a newer version of fuseblock reads it"));
    }
    let mut names = |what: &str| {
        let line = lines.next()?.strip_prefix(what)?;
        (line.is_empty() || line.starts_with(' ')).then_some(line)
    };
    let required = names("requires").ok_or_else(bad)?;
    names("optional").ok_or_else(bad)?;
    if lines.next().is_some() {
        return Err(bad());
    }
    let unknown = required
        .split_whitespace()
        .find(|name| !KNOWN.contains(name));
    match unknown {
        None => Ok(()),
        Some(name) => Err(unsupported(format!(
            "the dataset requires `{}`, which this version does not have",
            name.escape_debug()
        ))
        .with_help("a newer version of fuseblock reads it")),
    }
}

#[cold]
fn bad() -> Error {
    let message = "the file `format` is not that of a dataset";
    Error::new(ErrorKind::Corrupt, Code::BadDataset, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(text: &str) -> Result<()> {
        check(&Source::memory(text.as_bytes().to_vec()))
    }

    #[test]
    fn what_is_not_known_is_named_or_passed_over() {
        assert!(checked(&text()).is_ok());
        assert!(begins(&Source::memory(text().into_bytes())));
        assert!(checked("fuseblock dataset 1\nrequires\noptional zones maps\n").is_ok());
        let error = checked("fuseblock dataset 1\nrequires tape zones\noptional\n").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.message().contains("`tape`"), "{error}");
        let error = checked("fuseblock dataset 2\nrequires\noptional\nmore\n").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        for wrong in [
            "",
            "\n",
            "fuseblock dataset 1\nrequires\noptional",
            "fuseblock dataset 1\nrequire\noptional\n",
            "fuseblock dataset 1\nrequires\noptional\nmore\n",
            "fuseblock dataset 1\nrequirestape\noptional\n",
            "fuseblock dataset 1\n",
        ] {
            assert_eq!(
                checked(wrong).unwrap_err().code(),
                Code::BadDataset,
                "{wrong:?}"
            );
        }
        assert!(checked(&"x".repeat(5_000)).is_err());
    }
}
