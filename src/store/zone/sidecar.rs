//! In: an open frame. Out: what a file beside it knows of its blocks, and that file written.
//! Never: what is known of another state of the frame.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::bytes::Cursor;
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::MAX_CHUNKS;
use crate::store::file::Source;
use crate::store::frame::{Frame, SPARSE_INDEX};
use crate::store::pending::PendingFile;
use crate::store::scratch::DecodeCounts;
use crate::store::seal::{
    ChunkSeal, LEAF_BYTES, LeafPlace, Leaves, Sealed, Table, Verify, digest, root_of,
};
use crate::store::write::chunk_name;
use crate::types::Zone;

/// What a sidecar begins with; the last byte is the version of its layout.
const MAGIC: &[u8; 8] = b"FBZONE\0\x01";

/// Bytes in front of the rows of leaves.
const FIXED_BYTES: usize = 96;

/// Bytes of the root behind them.
const ROOT_BYTES: usize = 16;

/// What stands behind the name of an array in that of its sidecar.
const SUFFIX: &str = ".fbz";

/// Whether there is a sidecar that tells of the frame as it is.
#[derive(Debug)]
pub(in crate::store) enum SidecarStatus {
    /// There is none.
    None,
    /// It does.
    Used(Box<Sidecar>),
    /// It does not, or cannot be read: why.
    Ignored(String),
}

/// The zones of a frame in a file of their own.
#[derive(Debug)]
pub(in crate::store) struct Sidecar {
    source: Source,
    zones: Sealed,
}

impl Sidecar {
    /// What is known of the elements of block `block` of the chunk of this number and entry in the index; nothing where the
    /// sidecar is damaged, or the file that a chunk has of its own has changed.
    pub(in crate::store) fn zone(
        &self,
        frame: &Frame,
        chunk: (usize, i64),
        block: usize,
        counts: &mut DecodeCounts,
    ) -> Option<Zone> {
        if frame.header().sparse && chunk.1 >= 0 {
            let head = self.zones.head(&self.source, 0, chunk, counts).ok()?;
            if chunk_stamp(frame, chunk.1) != Some(head) {
                return None;
            }
        }
        self.zones
            .zone(&self.source, 0, chunk, block, counts)
            .ok()?
    }
}

/// A digest of what the system says of the file of a chunk: it tells a file from what it was.
fn chunk_stamp(frame: &Frame, word: i64) -> Option<u64> {
    let name = chunk_name(u64::try_from(word).ok()?);
    let path = own_path(frame).ok()?.parent()?.join(name);
    let found = fs::metadata(path).ok()?;
    let facts = [
        found.len().to_le_bytes(),
        found.ino().to_le_bytes(),
        found.mtime().to_le_bytes(),
        found.mtime_nsec().to_le_bytes(),
        found.ctime().to_le_bytes(),
        found.ctime_nsec().to_le_bytes(),
    ];
    Some(digest(facts.as_flattened()))
}

/// The state of a file that a sidecar tells of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct State {
    len: u64,
    seconds: i64,
    nanoseconds: u32,
    /// When anything of it was last changed, which nobody can set.
    changed: (i64, u32),
    inode: u64,
    /// Of header, index and trailer.
    digest: u64,
}

impl State {
    fn of(frame: &Frame) -> Result<Self> {
        let path = own_path(frame)?;
        let found = fs::metadata(path).map_err(|cause| Error::io("stat", path, cause))?;
        Ok(Self {
            len: found.len(),
            seconds: found.mtime(),
            // OK because it is below 10^9.
            nanoseconds: u32::try_from(found.mtime_nsec()).unwrap_or(u32::MAX),
            changed: (
                found.ctime(),
                u32::try_from(found.ctime_nsec()).unwrap_or(u32::MAX),
            ),
            inode: found.ino(),
            digest: frame.digest()?,
        })
    }
}

/// Where the frame's header is.
fn own_path(frame: &Frame) -> Result<&Path> {
    frame.source().path().ok_or_else(|| {
        let message = "an array in memory has no file beside it";
        Error::new(ErrorKind::Argument, Code::WriteFailed, message)
    })
}

/// The path of the sidecar of the array at `path`.
pub(in crate::store) fn sidecar_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_os_string();
    name.push(SUFFIX);
    PathBuf::from(name)
}

/// The path of the array that a frame is.
fn array_path(frame: &Frame) -> Option<PathBuf> {
    let path = frame.source().path()?;
    match frame.header().sparse && path.ends_with(SPARSE_INDEX) {
        true => path.parent().map(Path::to_path_buf),
        false => Some(path.to_path_buf()),
    }
}

/// Opens what is beside the file of a frame.
pub(in crate::store) fn open(frame: &Frame) -> SidecarStatus {
    let path = array_path(frame).map(|path| sidecar_path(&path));
    let Some(path) = path.filter(|path| path.is_file()) else {
        return SidecarStatus::None;
    };
    // What a seal knows is under its root.
    let base = frame.header().header_len;
    let sealed = frame.sealed();
    if sealed.is_some_and(|sealed| sealed.notes_zones(frame.source(), base)) {
        return SidecarStatus::None;
    }
    match read(frame, &path) {
        Ok(sidecar) => SidecarStatus::Used(Box::new(sidecar)),
        Err(error) => SidecarStatus::Ignored(error.message().to_string()),
    }
}

fn read(frame: &Frame, path: &Path) -> Result<Sidecar> {
    let source = Source::open(path)?;
    let room = usize::try_from(source.len_bytes()).unwrap_or(usize::MAX);
    let fixed = source.read_vec(0, FIXED_BYTES.min(room))?;
    let mut cursor = Cursor::new(&fixed, Code::BadSeal, "zone map");
    if cursor.take(MAGIC.len(), "magic")? != MAGIC {
        return Err(ignored("it is of another version"));
    }
    let required = cursor.u64_le("required features")?;
    if required != 0 {
        return Err(ignored("it requires what this version does not know"));
    }
    let len = cursor.u64_le("length of the file")?;
    let seconds = cursor.i64_le("time of the file")?;
    let inode = cursor.u64_le("number of the file")?;
    let digest = cursor.u64_le("digest of the file")?;
    let changed = cursor.i64_le("time of the file")?;
    let nanoseconds = cursor.u32_le("time of the file")?;
    let state = State {
        len,
        seconds,
        nanoseconds,
        changed: (changed, cursor.u32_le("time of the file")?),
        inode,
        digest,
    };
    let chunks = cursor.u64_le("number of chunks")?;
    let blocks = cursor.u32_le("blocks of a chunk")?;
    let block_bytes = cursor.u32_le("bytes of a block")?;
    let chunks_per_leaf = cursor.u32_le("chunks of a leaf")? as usize;
    let _reserve = cursor.u32_le("reserve")?;
    let leaves = cursor.u64_le("number of leaves")?;
    let chunks = usize::try_from(chunks).ok().filter(|&n| n <= MAX_CHUNKS);
    let grouped = chunks.filter(|chunks| {
        chunks_per_leaf.is_power_of_two() && chunks.div_ceil(chunks_per_leaf) as u64 == leaves
    });
    let Some(chunks) = grouped.filter(|&chunks| chunks == frame.chunks()) else {
        return Err(ignored("it is one of another array"));
    };
    let count = chunks.div_ceil(chunks_per_leaf);
    let head = count
        .checked_mul(LEAF_BYTES)
        .and_then(|rows| rows.checked_add(FIXED_BYTES + ROOT_BYTES))
        .filter(|&head| head <= room);
    let head = head.ok_or_else(|| ignored("it is cut off"))?;
    let bytes = source.read_vec(0, head)?;
    let (signed, root) = bytes.split_at(head - ROOT_BYTES);
    if root_of(signed) != root {
        return Err(ignored("it is damaged"));
    }
    if state != State::of(frame)? {
        return Err(ignored("the file has changed since it was indexed"));
    }
    let mut rows = Cursor::new(&signed[FIXED_BYTES..], Code::BadSeal, "zone map");
    let table = Table {
        chunks,
        blocks,
        block_bytes,
        chunks_per_leaf,
        header: Vec::new(),
        leaves: LeafPlace::read_all(&mut rows, count)?,
    };
    table.check_places(source.len_bytes())?;
    let zones = Sealed::new(table, Verify::Always);
    Ok(Sidecar { source, zones })
}

#[cold]
fn ignored(why: &str) -> Error {
    Error::new(ErrorKind::Corrupt, Code::BadSeal, why)
}

/// Writes the zones of a frame beside its file: those that `zones` gives of each chunk, in blocks of `block_bytes`.
///
/// # Errors
/// When the system refuses, or `zones` fails.
pub(super) fn write(
    frame: &Frame,
    (blocks, block_bytes): (usize, usize),
    mut next: impl FnMut() -> Result<Option<(i64, Vec<Zone>)>>,
) -> Result<PathBuf> {
    let state = State::of(frame)?;
    let path = array_path(frame).ok_or_else(|| ignored("an array in memory has no file"))?;
    let path = sidecar_path(&path);
    let pending = PendingFile::create(&path)?;
    let mut leaves = Leaves::new(blocks, block_bytes)?;
    let rows = frame.chunks().div_ceil(leaves.chunks_per_leaf());
    let mut end = (FIXED_BYTES + rows * LEAF_BYTES + ROOT_BYTES) as u64;
    let put = |leaf: Option<Vec<u8>>, end: &mut u64| {
        leaf.map_or(Ok(()), |leaf| {
            pending.write_at(*end, &leaf)?;
            *end += leaf.len() as u64;
            Ok::<(), Error>(())
        })
    };
    let mut chunk = 0;
    while let Some((word, zones)) = next()? {
        let stamp = chunk_stamp(frame, word).filter(|_| frame.header().sparse);
        let seal = ChunkSeal {
            head: stamp.unwrap_or(0),
            ..ChunkSeal::unstored(word).with_zones(zones)
        };
        put(leaves.put(chunk, seal, end), &mut end)?;
        chunk += 1;
    }
    while let Some(leaf) = leaves.rest(end) {
        put(Some(leaf), &mut end)?;
    }
    let table = leaves.table(chunk);
    let mut head = Vec::with_capacity(FIXED_BYTES + rows * LEAF_BYTES + ROOT_BYTES);
    head.extend_from_slice(MAGIC);
    head.extend_from_slice(&[0; 8]);
    head.extend_from_slice(&state.len.to_le_bytes());
    head.extend_from_slice(&state.seconds.to_le_bytes());
    head.extend_from_slice(&state.inode.to_le_bytes());
    head.extend_from_slice(&state.digest.to_le_bytes());
    head.extend_from_slice(&state.changed.0.to_le_bytes());
    head.extend_from_slice(&state.nanoseconds.to_le_bytes());
    head.extend_from_slice(&state.changed.1.to_le_bytes());
    head.extend_from_slice(&(table.chunks as u64).to_le_bytes());
    head.extend_from_slice(&table.blocks.to_le_bytes());
    head.extend_from_slice(&table.block_bytes.to_le_bytes());
    // OK because it is at most some thousands.
    let per_leaf = u32::try_from(table.chunks_per_leaf).unwrap_or(u32::MAX);
    head.extend_from_slice(&per_leaf.to_le_bytes());
    head.extend_from_slice(&[0; 4]);
    head.extend_from_slice(&(table.leaves.len() as u64).to_le_bytes());
    for leaf in &table.leaves {
        leaf.write(&mut head);
    }
    let root = root_of(&head);
    head.extend_from_slice(&root);
    pending.write_at(0, &head)?;
    if state != State::of(frame)? {
        return Err(ignored("the file was changed while it was indexed").with_path(&path));
    }
    pending.finish()?;
    Ok(path)
}
