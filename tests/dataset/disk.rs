//! A disk that writes down what it is asked for, and fails where it is told to; and what may be left of a directory when
//! power goes at any point: of each file any part of what was not flushed, of names any that were not.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use fuseblock::store::disk::{Disk, DiskFile, System};

/// Bytes that a disk writes whole or not at all.
const SECTOR: usize = 512;

/// One request.
#[derive(Clone, Debug)]
pub(crate) enum Request {
    Create(PathBuf),
    Write(PathBuf, u64, Vec<u8>),
    SetLen(PathBuf, u64),
    Sync(PathBuf),
    Rename(PathBuf, PathBuf),
    Link(PathBuf, PathBuf),
    Remove(PathBuf),
    CreateFolder(PathBuf),
    SyncFolder(PathBuf),
    /// Not a request: the caller was told that a version, the so many-th, is committed.
    Told(usize),
}

/// How a request fails.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Failure {
    /// The request of this number, counted from 0, is not carried out; a write is by half.
    At(usize, i32),
    /// All links are made, and said not to be.
    LostLinks(i32),
}

#[derive(Debug, Default)]
struct Record {
    requests: Vec<Request>,
    failure: Option<Failure>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Journal(Arc<Mutex<Record>>);

impl Journal {
    pub(crate) fn failing(failure: Failure) -> Self {
        let journal = Self::default();
        journal.0.lock().unwrap().failure = Some(failure);
        journal
    }

    pub(crate) fn disk(&self) -> Arc<dyn Disk> {
        Arc::new(self.clone())
    }

    pub(crate) fn told(&self, commit: usize) {
        self.0.lock().unwrap().requests.push(Request::Told(commit));
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.0.lock().unwrap().requests.clone()
    }

    fn note(&self, request: Request) -> io::Result<()> {
        let mut record = self.0.lock().unwrap();
        let number = record.requests.len();
        match record.failure {
            Some(Failure::At(at, errno)) if at == number => {
                // Counted, and not carried out.
                record.requests.push(Request::Told(0));
                Err(io::Error::from_raw_os_error(errno))
            }
            _ => {
                record.requests.push(request);
                Ok(())
            }
        }
    }
}

impl Disk for Journal {
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        if path.exists() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        self.note(Request::Create(path.to_path_buf()))?;
        let file = OpenOptions::new().write(true).create_new(true).open(path)?;
        Ok(Box::new(Written(file, path.to_path_buf(), self.clone())))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let file = OpenOptions::new().write(true).open(path)?;
        Ok(Box::new(Written(file, path.to_path_buf(), self.clone())))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.note(Request::Rename(from.to_path_buf(), to.to_path_buf()))?;
        System.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        if !path.exists() {
            return Err(io::ErrorKind::NotFound.into());
        }
        self.note(Request::Remove(path.to_path_buf()))?;
        System.remove(path)
    }

    fn create_folder(&self, path: &Path) -> io::Result<()> {
        self.note(Request::CreateFolder(path.to_path_buf()))?;
        System.create_folder(path)
    }

    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        System.remove_folder(path)
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        self.note(Request::SyncFolder(path.to_path_buf()))
    }

    fn sync_file(&self, path: &Path) -> io::Result<()> {
        self.note(Request::Sync(path.to_path_buf()))
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        if to.exists() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        self.note(Request::Link(from.to_path_buf(), to.to_path_buf()))?;
        System.link(from, to)?;
        match self.0.lock().unwrap().failure {
            Some(Failure::LostLinks(errno)) => Err(io::Error::from_raw_os_error(errno)),
            _ => Ok(()),
        }
    }

    fn link_count(&self, path: &Path) -> io::Result<u64> {
        System.link_count(path)
    }
}

#[derive(Debug)]
struct Written(File, PathBuf, Journal);

impl DiskFile for Written {
    fn write_at(&self, position: u64, bytes: &[u8]) -> io::Result<()> {
        let noted = self
            .2
            .note(Request::Write(self.1.clone(), position, bytes.to_vec()));
        let written = if noted.is_ok() {
            bytes
        } else {
            &bytes[..bytes.len() / 2]
        };
        self.0.write_all_at(written, position)?;
        noted
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.2.note(Request::SetLen(self.1.clone(), len))?;
        self.0.set_len(len)
    }

    fn sync(&self) -> io::Result<()> {
        self.2.note(Request::Sync(self.1.clone()))
    }
}

/// A file, whatever its names: what is durable of it, and what was written since.
#[derive(Clone, Debug, Default)]
struct Inode {
    durable: Vec<u8>,
    loose: Vec<(u64, Vec<u8>)>,
}

/// A change of names that is not durable yet.
#[derive(Clone, Debug)]
enum Naming {
    Add(PathBuf, usize),
    Remove(PathBuf),
    Rename(PathBuf, PathBuf),
    Folder(PathBuf),
}

impl Naming {
    fn folder(&self) -> &Path {
        match self {
            Self::Add(path, _)
            | Self::Remove(path)
            | Self::Rename(_, path)
            | Self::Folder(path) => path.parent().unwrap(),
        }
    }
}

/// Names of files and folders.
#[derive(Clone, Debug, Default)]
struct Names {
    files: BTreeMap<PathBuf, usize>,
    folders: BTreeSet<PathBuf>,
}

impl Names {
    fn apply(&mut self, naming: &Naming) {
        match naming {
            Naming::Add(path, inode) => {
                self.files.insert(path.clone(), *inode);
            }
            Naming::Remove(path) => {
                self.files.remove(path);
            }
            Naming::Folder(path) => {
                self.folders.insert(path.clone());
            }
            Naming::Rename(from, to) => {
                let moved = |path: &Path| {
                    path.strip_prefix(from).ok().map(|rest| match rest {
                        rest if rest.as_os_str().is_empty() => to.clone(),
                        rest => to.join(rest),
                    })
                };
                let files = std::mem::take(&mut self.files).into_iter();
                self.files = files
                    .map(|(path, inode)| (moved(&path).unwrap_or(path), inode))
                    .collect();
                let folders = std::mem::take(&mut self.folders).into_iter();
                self.folders = folders.map(|path| moved(&path).unwrap_or(path)).collect();
            }
        }
    }
}

/// A directory as a disk has it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tree {
    inodes: Vec<Inode>,
    durable: Names,
    now: Names,
    loose: Vec<Naming>,
}

impl Tree {
    /// What is at `root`, all of it durable.
    pub(crate) fn read(root: &Path) -> Self {
        let mut tree = Self::default();
        let mut folders = vec![root.to_path_buf()];
        while let Some(folder) = folders.pop() {
            tree.durable.folders.insert(folder.clone());
            for entry in fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                tree.durable.files.insert(path.clone(), tree.inodes.len());
                tree.inodes.push(Inode {
                    durable: fs::read(&path).unwrap(),
                    loose: Vec::new(),
                });
            }
        }
        tree.now = tree.durable.clone();
        tree
    }

    fn name(&mut self, naming: Naming) {
        self.now.apply(&naming);
        self.loose.push(naming);
    }

    pub(crate) fn apply(&mut self, request: &Request) {
        match request {
            Request::Create(path) => {
                let inode = self.inodes.len();
                self.inodes.push(Inode::default());
                self.name(Naming::Add(path.clone(), inode));
            }
            Request::Write(path, at, bytes) => {
                // Under whatever name it has by now: a folder may have been renamed.
                let inode = self.now.files[path];
                self.inodes[inode].loose.push((*at, bytes.clone()));
            }
            Request::SetLen(path, len) => {
                let inode = self.now.files[path];
                self.inodes[inode].durable.resize(*len as usize, 0);
            }
            Request::Sync(path) => {
                let Some(&inode) = self.now.files.get(path) else {
                    return;
                };
                let inode = &mut self.inodes[inode];
                for (at, bytes) in std::mem::take(&mut inode.loose) {
                    put(&mut inode.durable, at, &bytes);
                }
            }
            Request::Rename(from, to) => self.name(Naming::Rename(from.clone(), to.clone())),
            Request::Link(from, to) => {
                // What is linked from elsewhere is durable: it was flushed.
                let inode = match self.now.files.get(from) {
                    Some(&inode) => inode,
                    None => {
                        self.inodes.push(Inode {
                            durable: fs::read(from).unwrap(),
                            loose: Vec::new(),
                        });
                        self.inodes.len() - 1
                    }
                };
                self.name(Naming::Add(to.clone(), inode));
            }
            Request::Remove(path) => self.name(Naming::Remove(path.clone())),
            Request::CreateFolder(path) => self.name(Naming::Folder(path.clone())),
            Request::SyncFolder(path) => {
                let loose = std::mem::take(&mut self.loose);
                for naming in loose {
                    match naming.folder() == path {
                        true => self.durable.apply(&naming),
                        false => self.loose.push(naming),
                    }
                }
            }
            Request::Told(_) => {}
        }
    }

    /// Writes one of the states that may be left to `target`, in place of `root`.
    pub(crate) fn leave(&self, root: &Path, target: &Path, random: &mut impl FnMut() -> u64) {
        let _ = fs::remove_dir_all(target);
        let mut names = self.durable.clone();
        // All names that were not flushed, none, the first some, or any.
        let (kind, some) = (random() % 4, random() as usize % (self.loose.len() + 1));
        for (number, naming) in self.loose.iter().enumerate() {
            let kept = match kind {
                0 => true,
                1 => false,
                2 => number < some,
                _ => random().is_multiple_of(2),
            };
            if kept {
                names.apply(naming);
            }
        }
        let moved = |path: &Path| target.join(path.strip_prefix(root).unwrap());
        for folder in &names.folders {
            fs::create_dir_all(moved(folder)).unwrap();
        }
        let bytes = random() % 4;
        for (path, &inode) in &names.files {
            let inode = &self.inodes[inode];
            let mut content = inode.durable.clone();
            for (at, written) in &inode.loose {
                let cut = match (bytes, random() % 3) {
                    (0, _) => written.len(),
                    (1, _) | (_, 0) => 0,
                    (_, 1) => written.len(),
                    // Torn at the end of a sector.
                    (_, _) => (random() as usize % (written.len() / SECTOR + 1)) * SECTOR,
                };
                put(&mut content, *at, &written[..cut]);
            }
            let path = moved(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
    }
}

fn put(file: &mut Vec<u8>, at: u64, bytes: &[u8]) {
    let (at, end) = (at as usize, at as usize + bytes.len());
    if bytes.is_empty() {
        return;
    }
    if file.len() < end {
        file.resize(end, 0);
    }
    file[at..end].copy_from_slice(bytes);
}
