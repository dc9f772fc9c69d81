//! In: the directory of a bcolz or BLZ table, or a path into one. Out: its columns, by name.
//! Never: a column that is not a directory right inside the table's.

use std::path::Path;

use super::rootdir::Rootdir;
use super::{damaged, json_file};
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::store::file::unsupported;
use crate::store::folder::Folder;
use crate::store::literal::Literal;

/// Name of the file that tells a table from an array.
const ROOTDIRS: &str = "__rootdirs__";

/// An open table.
#[derive(Debug)]
pub struct Table {
    folder: Folder,
    columns: Vec<Column>,
}

/// A column as the table lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Column {
    name: String,
    /// The directory's name; `None` where the table does not say.
    directory: Option<String>,
}

impl Table {
    /// Whether `folder` is the directory of a table.
    pub fn is_at(folder: &Folder) -> bool {
        folder.has(ROOTDIRS)
    }

    /// Reads which columns the table in `folder` has.
    ///
    /// # Errors
    /// When its list of columns cannot be read or is damaged.
    pub fn open(folder: Folder) -> Result<Self> {
        let source = folder.file(ROOTDIRS)?;
        let columns = json_file(&source, ROOTDIRS).and_then(|dict| columns(&dict));
        let columns = columns.map_err(|error| source.blame(error))?;
        Ok(Self { folder, columns })
    }

    /// The table that `path` leads into, and the name behind it.
    ///
    /// # Errors
    /// When there is one whose list of columns cannot be read or is damaged.
    pub fn around(path: &Path) -> Result<Option<(Self, &str)>> {
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            return Ok(None);
        };
        let parent = match parent.as_os_str().is_empty() {
            true => Path::new("."),
            false => parent,
        };
        let Some(name) = name.to_str().filter(|_| parent.join(ROOTDIRS).exists()) else {
            return Ok(None);
        };
        Ok(Some((Self::open(Folder::open(parent)?)?, name)))
    }

    /// Where it is.
    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    /// The names of its columns, in order.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.columns.iter().map(|column| column.name.as_str())
    }

    /// Whether it has a column of this name.
    pub fn has(&self, name: &str) -> bool {
        self.names().any(|other| other == name)
    }

    /// Opens a column.
    ///
    /// # Errors
    /// When there is none of this name, it is not in a directory of the table's, or is damaged.
    pub fn column(&self, name: &str) -> Result<Rootdir> {
        let Some(column) = self.columns.iter().find(|column| column.name == name) else {
            let error = Error::new(
                ErrorKind::Argument,
                Code::Usage,
                format!("the table has no column '{}'", name.escape_debug()),
            );
            let help = format!("its columns: {}", self.listed());
            return Err(error.with_help(help).with_path(self.folder.path()));
        };
        let Some(directory) = &column.directory else {
            let name = name.escape_debug();
            let error = damaged(format!("the table does not say where column '{name}' is"));
            return Err(error.with_path(self.folder.path()));
        };
        Rootdir::open(self.folder.folder(directory)?)
    }

    /// Why the table itself is no array.
    pub fn refuse(&self) -> Error {
        let message = format!("the directory is a table; its columns: {}", self.listed());
        let path = self.folder.path();
        let error = unsupported(message).with_path(path);
        match self.names().next() {
            Some(first) => {
                let (path, first) = (path.display(), first.escape_debug());
                error.with_help(format!("give one: x={path}/{first}"))
            }
            None => error,
        }
    }

    fn listed(&self) -> String {
        let names = self.names().map(|name| name.escape_debug().to_string());
        names.collect::<Vec<_>>().join(", ")
    }
}

fn columns(rootdirs: &Literal) -> Result<Vec<Column>> {
    let names = rootdirs.get("names").and_then(Literal::as_list);
    let names = names.ok_or_else(|| damaged(format!("the {ROOTDIRS} lists no columns")))?;
    let directories = rootdirs.get("dirs");
    let column = |name: &Literal| {
        let name = name
            .as_str()
            .ok_or_else(|| damaged(format!("the {ROOTDIRS} has a column whose name is no text")))?;
        let directory = match directories {
            None => Some(name),
            // Older files have whole paths, of the machine that they were written on.
            Some(directories) => directories
                .get(name)
                .and_then(Literal::as_str)
                .and_then(|path| path.rsplit(['/', '\\']).next()),
        };
        Ok(Column {
            name: name.to_string(),
            directory: directory.map(str::to_string),
        })
    };
    names.iter().map(column).collect()
}
