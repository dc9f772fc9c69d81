//! In: a directory whose files together are one array. Out: those files, opened by name.
//! Never: a file outside of the directory; more than a few open at a time.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::file::{Source, unsupported};
use super::generations::Generations;
use crate::error::{Error, Result};
use crate::limits::MAX_OPEN_FILES;

/// An open directory.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// The same without symbolic links: what opened files have to lie in.
    real: PathBuf,
    /// Numbered files that were used last, in two generations: see [`Folder::numbered`].
    open: Generations<Source>,
}

impl Folder {
    /// Opens a directory.
    ///
    /// # Errors
    /// When the system refuses, or there is none at `path`.
    pub fn open(path: &Path) -> Result<Self> {
        let real = fs::canonicalize(path).map_err(|cause| Error::io("open", path, cause))?;
        Ok(Self {
            path: path.to_path_buf(),
            real,
            open: Generations::new(MAX_OPEN_FILES),
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it has an entry of this name.
    pub fn has(&self, name: &str) -> bool {
        self.path.join(name).exists()
    }

    /// How many entries it has.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn entries(&self) -> Result<u64> {
        let list = fs::read_dir(&self.path);
        let list = list.map_err(|cause| Error::io("list", &self.path, cause))?;
        Ok(list.count() as u64)
    }

    /// Opens the file at `name`, relative to the directory.
    ///
    /// # Errors
    /// When the system refuses, or the name leads out of the directory.
    pub fn file(&self, name: &str) -> Result<Source> {
        let path = self.path.join(name);
        let real = fs::canonicalize(&path).map_err(|cause| Error::io("open", &path, cause))?;
        if !real.starts_with(&self.real) {
            let error = unsupported("the file is a link that leads out of its directory");
            return Err(error.with_path(&path));
        }
        Source::open(&path)
    }

    /// Gives `take` the name and the length of every file in the directory at `name`, itself an
    /// entry of this one.
    ///
    /// # Errors
    /// As [`Folder::folder`].
    pub fn each_file(&self, name: &str, mut take: impl FnMut(&str, u64)) -> Result<()> {
        let inner = self.folder(name)?;
        let refused = |cause| Error::io("list", &inner.path, cause);
        for entry in fs::read_dir(&inner.path).map_err(refused)? {
            let entry = entry.map_err(refused)?;
            let len = match entry.metadata() {
                Ok(metadata) => metadata.len(),
                // Somebody has removed it meanwhile.
                Err(cause) if cause.kind() == io::ErrorKind::NotFound => continue,
                Err(cause) => return Err(refused(cause)),
            };
            take(&entry.file_name().to_string_lossy(), len);
        }
        Ok(())
    }

    /// Opens the directory at `name`, one of its own entries.
    ///
    /// # Errors
    /// When the system refuses, or the name is not that of an entry of this directory.
    pub fn folder(&self, name: &str) -> Result<Self> {
        let path = self.path.join(name);
        if is_component(name) {
            let inner = Self::open(&path)?;
            if inner.real.parent() == Some(&*self.real) {
                return Ok(inner);
            }
        }
        let error = unsupported("the name is not that of an entry of the directory");
        Err(error.with_path(&path))
    }

    /// Opens file `number`, whose name is `name`; files used lately stay open.
    ///
    /// # Errors
    /// As [`Folder::file`].
    pub fn numbered(&self, number: u64, name: impl FnOnce() -> String) -> Result<Source> {
        self.open.get(number, || self.file(&name()))
    }
}

/// Whether `name` is the name of an entry, and no path.
pub(super) fn is_component(name: &str) -> bool {
    let special = matches!(name, "" | "." | "..");
    !special && !name.contains(['/', '\\', '\0', ':'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_and_links_do_not_lead_out() {
        let root = tempfile::tempdir().unwrap();
        let inside = root.path().join("inside");
        fs::create_dir_all(inside.join("data")).unwrap();
        fs::write(root.path().join("secret"), "s").unwrap();
        fs::write(inside.join("data/0"), "zero").unwrap();
        std::os::unix::fs::symlink("../secret", inside.join("link")).unwrap();
        let folder = Folder::open(&inside).unwrap();
        assert!(folder.has("data") && !folder.has("nothing"));
        assert_eq!(folder.entries().unwrap(), 2);
        assert_eq!(folder.file("data/0").unwrap().len_bytes(), 4);
        assert!(folder.file("link").is_err());
        assert!(folder.file("../secret").is_err());
        assert!(folder.file("nothing").is_err());
        assert!(folder.folder("data").is_ok());
        for name in ["..", ".", "../inside/data", "", "nothing", "link"] {
            assert!(folder.folder(name).is_err(), "{name}");
        }
    }

    #[test]
    fn few_files_stay_open() {
        let root = tempfile::tempdir().unwrap();
        for number in 0..200 {
            fs::write(root.path().join(number.to_string()), [0; 3]).unwrap();
        }
        let folder = Folder::open(root.path()).unwrap();
        for number in 0..200 {
            for used in [number, 0] {
                let source = folder.numbered(used, || used.to_string()).unwrap();
                assert_eq!(source.len_bytes(), 3);
            }
            assert!(folder.open.len() <= MAX_OPEN_FILES);
        }
    }
}
