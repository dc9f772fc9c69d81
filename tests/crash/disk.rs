//! A disk that writes down what it is asked for, and fails where it is told to; and what may be left of a file
//! when power goes at any point.
#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "a module of several test binaries, each of which uses some of it"
)]

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::{Arc, Mutex};

use fuseblock::store::disk::{Disk, DiskFile, System};

/// Bytes that a disk writes whole or not at all.
pub(crate) const SECTOR: usize = 512;

/// One request, as far as it changes what a crash leaves.
#[derive(Clone, Debug)]
pub(crate) enum Request {
    Create,
    Write(u64, Vec<u8>),
    SetLen(u64),
    Sync,
    Rename,
    Link,
    SyncFolder,
    /// Not a request: the caller was told that a commit, of this number, is done.
    Told(usize),
}

#[derive(Debug, Default)]
pub(crate) struct Record {
    pub(crate) requests: Vec<Request>,
    /// The request that fails, counted from 0, and how; a write then writes half of its bytes.
    pub(crate) fail: Option<(usize, i32)>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Recorder(pub(crate) Arc<Mutex<Record>>);

impl Recorder {
    pub(crate) fn failing_at(request: usize, errno: i32) -> Self {
        let recorder = Self::default();
        recorder.0.lock().unwrap().fail = Some((request, errno));
        recorder
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

    /// Notes a request; an error if it is the one that fails.
    fn note(&self, request: Request) -> io::Result<()> {
        let mut record = self.0.lock().unwrap();
        let number = record.requests.len();
        record.requests.push(request);
        match record.fail {
            Some((at, errno)) if at == number => Err(io::Error::from_raw_os_error(errno)),
            _ => Ok(()),
        }
    }
}

impl Disk for Recorder {
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.note(Request::Create)?;
        let file = OpenOptions::new().write(true).create_new(true).open(path)?;
        Ok(Box::new(Written(file, self.clone())))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let file = OpenOptions::new().write(true).open(path)?;
        Ok(Box::new(Written(file, self.clone())))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.note(Request::Rename)?;
        System.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        System.remove(path)
    }

    fn create_folder(&self, path: &Path) -> io::Result<()> {
        self.note(Request::Create)?;
        System.create_folder(path)
    }

    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        System.remove_folder(path)
    }

    fn sync_folder(&self, _: &Path) -> io::Result<()> {
        self.note(Request::SyncFolder)
    }

    fn sync_file(&self, _: &Path) -> io::Result<()> {
        self.note(Request::Sync)
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.note(Request::Link)?;
        System.link(from, to)
    }

    fn link_count(&self, path: &Path) -> io::Result<u64> {
        System.link_count(path)
    }
}

#[derive(Debug)]
struct Written(File, Recorder);

impl DiskFile for Written {
    fn write_at(&self, position: u64, bytes: &[u8]) -> io::Result<()> {
        let noted = self.1.note(Request::Write(position, bytes.to_vec()));
        let written = if noted.is_ok() {
            bytes
        } else {
            &bytes[..bytes.len() / 2]
        };
        // A sector is written whole or not at all.
        if noted.is_ok() || bytes.len() > SECTOR {
            self.0.write_all_at(written, position)?;
        }
        noted
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.1.note(Request::SetLen(len))?;
        self.0.set_len(len)
    }

    fn sync(&self) -> io::Result<()> {
        self.1.note(Request::Sync)
    }
}

/// What may be left of a file with `before`, all of it durable, when power goes after the first of some
/// requests: every state of some kinds, and some random ones.
pub(crate) fn states(
    before: &[u8],
    requests: &[Request],
    random: &mut impl FnMut() -> u64,
) -> Vec<Vec<u8>> {
    let mut durable = before.to_vec();
    let mut loose: Vec<(u64, &[u8])> = Vec::new();
    for request in requests {
        match request {
            Request::Write(at, bytes) => loose.push((*at, bytes)),
            Request::SetLen(len) => durable.resize(*len as usize, 0),
            Request::Sync => {
                for (at, bytes) in loose.drain(..) {
                    put(&mut durable, at, bytes);
                }
            }
            Request::Create
            | Request::Rename
            | Request::Link
            | Request::SyncFolder
            | Request::Told(_) => {}
        }
    }
    let some = |keep: &mut dyn FnMut(usize) -> bool| {
        let mut left = durable.clone();
        for (number, (at, bytes)) in loose.iter().enumerate() {
            if keep(number) {
                put(&mut left, *at, bytes);
            }
        }
        left
    };
    let mut states = vec![durable.clone(), some(&mut |_| true)];
    for (chosen, &(at, bytes)) in loose.iter().enumerate() {
        states.push(some(&mut |number| number == chosen));
        states.push(some(&mut |number| number != chosen));
        states.push(some(&mut |number| number < chosen));
        // The chosen one is torn at the end of a sector; those before it are whole.
        for _ in 0..3 {
            let mut left = some(&mut |number| number < chosen);
            let sectors = (at as usize + bytes.len()) / SECTOR - at as usize / SECTOR;
            let cut = (at as usize / SECTOR + random() as usize % (sectors + 1)) * SECTOR;
            let cut = cut.saturating_sub(at as usize).min(bytes.len());
            put(&mut left, at, &bytes[..cut]);
            states.push(left);
        }
    }
    for _ in 0..4 {
        states.push(some(&mut |_| random().is_multiple_of(2)));
    }
    // Where the length was written and the bytes were not, zeros stand.
    let longest = states.iter().map(Vec::len).max().unwrap_or(0);
    let mut longer = durable;
    longer.resize(longest, 0);
    states.push(longer);
    states
}

fn put(file: &mut Vec<u8>, at: u64, bytes: &[u8]) {
    let (at, end) = (at as usize, at as usize + bytes.len());
    if file.len() < end {
        file.resize(end, 0);
    }
    file[at..end].copy_from_slice(bytes);
}
