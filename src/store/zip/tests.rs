//! Zip files as they are written, and as nobody should write them.

use libdeflater::{CompressionLvl, Compressor, crc32};

use super::*;
use crate::store::dtype::Items;
use crate::store::npy::NpyHeader;
use crate::types::{DType, Shape};

/// A member to be written, and what its entries say about it.
#[derive(Clone)]
struct Entry {
    name: &'static str,
    local_name: &'static str,
    method: u16,
    flags: u16,
    crc: u32,
    nbytes: u32,
    cbytes: u32,
    /// Where the directory says that it begins; where it does, if `None`.
    offset: Option<u32>,
    stored: Vec<u8>,
}

fn stored(name: &'static str, content: &[u8]) -> Entry {
    let len = u32::try_from(content.len()).unwrap();
    Entry {
        name,
        local_name: name,
        method: 0,
        flags: 0,
        crc: crc32(content),
        nbytes: len,
        cbytes: len,
        offset: None,
        stored: content.to_vec(),
    }
}

fn deflated(name: &'static str, content: &[u8]) -> Entry {
    let mut compressor = Compressor::new(CompressionLvl::default());
    let mut packed = vec![0; compressor.deflate_compress_bound(content.len())];
    let len = compressor.deflate_compress(content, &mut packed).unwrap();
    packed.truncate(len);
    Entry {
        method: 8,
        cbytes: u32::try_from(len).unwrap(),
        stored: packed,
        ..stored(name, content)
    }
}

/// The fields that local and central headers share.
fn shared(entry: &Entry, name: &str, extra: usize) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend_from_slice(&20u16.to_le_bytes());
    out.extend_from_slice(&entry.flags.to_le_bytes());
    out.extend_from_slice(&entry.method.to_le_bytes());
    out.extend_from_slice(&[0; 4]);
    for field in [entry.crc, entry.cbytes, entry.nbytes] {
        out.extend_from_slice(&field.to_le_bytes());
    }
    out.extend_from_slice(&u16::try_from(name.len()).unwrap().to_le_bytes());
    out.extend_from_slice(&u16::try_from(extra).unwrap().to_le_bytes());
    out
}

/// Members, directory, and an end that counts `count` members.
fn zip(entries: &[Entry], count: u16) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for entry in entries {
        let at = u32::try_from(out.len()).unwrap();
        out.extend_from_slice(b"PK\x03\x04");
        out.extend_from_slice(&shared(entry, entry.local_name, 0));
        out.extend_from_slice(entry.local_name.as_bytes());
        out.extend_from_slice(&entry.stored);
        directory.extend_from_slice(b"PK\x01\x02\x14\0");
        directory.extend_from_slice(&shared(entry, entry.name, 0));
        directory.extend_from_slice(&[0; 10]);
        directory.extend_from_slice(&entry.offset.unwrap_or(at).to_le_bytes());
        directory.extend_from_slice(entry.name.as_bytes());
    }
    let at = u32::try_from(out.len()).unwrap();
    out.extend_from_slice(&directory);
    out.extend_from_slice(b"PK\x05\x06\0\0\0\0");
    for _ in 0..2 {
        out.extend_from_slice(&count.to_le_bytes());
    }
    out.extend_from_slice(&u32::try_from(directory.len()).unwrap().to_le_bytes());
    out.extend_from_slice(&at.to_le_bytes());
    out.extend_from_slice(&[0, 0]);
    out
}

/// The same with sizes, offset and counts in their long forms.
fn zip64(entry: &Entry, sizes: [u64; 3]) -> Vec<u8> {
    let mut out = b"PK\x03\x04".to_vec();
    out.extend_from_slice(&shared(entry, entry.local_name, 0));
    out.extend_from_slice(entry.local_name.as_bytes());
    out.extend_from_slice(&entry.stored);
    let directory = out.len() as u64;
    let long = Entry {
        nbytes: u32::MAX,
        cbytes: u32::MAX,
        ..entry.clone()
    };
    out.extend_from_slice(b"PK\x01\x02\x2D\0");
    out.extend_from_slice(&shared(&long, entry.name, 28));
    out.extend_from_slice(&[0; 10]);
    out.extend_from_slice(&u32::MAX.to_le_bytes());
    out.extend_from_slice(entry.name.as_bytes());
    out.extend_from_slice(&[1, 0, 24, 0]);
    for size in sizes {
        out.extend_from_slice(&size.to_le_bytes());
    }
    let end = out.len() as u64;
    out.extend_from_slice(b"PK\x06\x06\x2C\0\0\0\0\0\0\0\x2D\0\x2D\0\0\0\0\0\0\0\0\0");
    for field in [1, 1, end - directory, directory] {
        out.extend_from_slice(&u64::to_le_bytes(field));
    }
    out.extend_from_slice(b"PK\x06\x07\0\0\0\0");
    out.extend_from_slice(&end.to_le_bytes());
    out.extend_from_slice(&[1, 0, 0, 0]);
    out.extend_from_slice(b"PK\x05\x06\0\0\0\0");
    out.extend_from_slice(&[0xFF; 12]);
    out.extend_from_slice(&[0, 0]);
    out
}

fn of(entries: &[Entry]) -> Result<ZipFile> {
    let count = u16::try_from(entries.len()).unwrap();
    ZipFile::open(Source::memory(zip(entries, count)))
}

/// The content of the only member.
fn content(entry: Entry) -> Result<Vec<u8>> {
    let zip = of(&[entry])?;
    let content = zip.content(zip.only()?, &ReadLimits::default())?;
    content.read_vec(0, usize::try_from(content.len_bytes()).unwrap())
}

fn npy(values: &[i16]) -> Vec<u8> {
    let mut bytes = NpyHeader::to_write(DType::Int16, &Shape::new(&[values.len()]));
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    bytes
}

fn fails<T: fmt::Debug>(outcome: Result<T>, code: Code, why: &str) {
    let error = outcome.unwrap_err();
    assert_eq!(error.code(), code, "{error}");
    assert!(error.to_string().contains(why), "{error} lacks {why:?}");
}

#[test]
fn members_are_stored_or_deflated() {
    let text = b"in the beginning, in the beginning".repeat(20);
    assert_eq!(content(stored("a", &text)).unwrap(), text);
    assert_eq!(content(deflated("a", &text)).unwrap(), text);
    assert_eq!(content(stored("a", b"")).unwrap(), b"");
    assert_eq!(content(deflated("a", b"")).unwrap(), b"");
    let file = of(&[
        stored("a", b"1"),
        deflated("b", &text),
        stored("folder/", b""),
    ])
    .unwrap();
    let listed: Vec<_> = file.members().iter().map(|member| &*member.name).collect();
    assert_eq!(listed, ["a", "b"]);
    let methods = file
        .members()
        .iter()
        .map(|member| member.method.to_string());
    assert_eq!(methods.collect::<Vec<_>>(), ["stored", "deflated"]);
    assert_eq!(file.members()[1].nbytes, 680);
    assert_eq!(of(&[]).unwrap().members().len(), 0);
    // Bytes before the first member, as self-extracting files have them.
    let shifted = [b"#!".to_vec(), zip(&[stored("a", &text)], 1)].concat();
    let file = ZipFile::open(Source::memory(shifted)).unwrap();
    let content = file
        .content(&file.members()[0], &ReadLimits::default())
        .unwrap();
    assert_eq!(content.read_vec(0, text.len()).unwrap(), text);
}

#[test]
fn members_are_found_by_name() {
    let file = of(&[
        stored("temperature.npy", b""),
        stored("x", b""),
        stored("x.npy", b""),
        stored("../up.npy", b""),
        stored("twin", b"1"),
        stored("twin", b"2"),
    ])
    .unwrap();
    let found = |name: &str| file.find(name).map(|member| member.name.clone());
    assert_eq!(found("temperature").unwrap(), "temperature.npy");
    assert_eq!(found("temperature.npy").unwrap(), "temperature.npy");
    assert_eq!(found("x").unwrap(), "x");
    assert_eq!(found("x.npy").unwrap(), "x.npy");
    // Names are compared, never followed.
    assert_eq!(found("../up").unwrap(), "../up.npy");
    fails(found("twin"), Code::BadZip, "several members 'twin'");
    fails(
        found("temprature"),
        Code::Usage,
        "did you mean 'temperature'?",
    );
    fails(
        found("quux"),
        Code::Usage,
        "its members are temperature.npy, x,",
    );
    fails(file.only(), Code::Usage, "6 members: temperature.npy, x,");
    fails(file.only(), Code::Usage, "x=PATH:temperature");
    let names: Vec<Entry> = (0..20).map(|_| stored("\n", b"")).collect();
    fails(of(&names).unwrap().only(), Code::Usage, "\\n and 12 more");
    fails(of(&[]).unwrap().only(), Code::UnsupportedFile, "no members");
    fails(of(&[]).unwrap().find("a"), Code::Usage, "no member 'a'");
}

#[test]
fn arrays_open_from_members() {
    let values: Vec<i16> = (0..1000).collect();
    let file = of(&[
        stored("s.npy", &npy(&values)),
        deflated("d.npy", &npy(&values)),
    ])
    .unwrap();
    for member in file.members() {
        let Opened::Npy(source) = file
            .open_member(member, &ReadLimits::default(), Verify::Always)
            .unwrap()
        else {
            panic!("a .npy file");
        };
        let header = NpyHeader::read(&source).unwrap();
        let (format, shape) = header.resolve(&source, Items::Declared).unwrap();
        assert_eq!((format.dtype, &shape[..]), (DType::Int16, &[1000][..]));
        let last = source.read_vec(header.data_start + 1998, 2).unwrap();
        assert_eq!(last, 999i16.to_le_bytes());
        assert_eq!(file.npy_header(member).unwrap(), header);
    }
    let inner = zip(&[stored("a", b"")], 1);
    let nested = of(&[stored("inner.zip", &inner)]).unwrap();
    let opened = nested.open_member(&nested.members()[0], &ReadLimits::default(), Verify::Always);
    fails(
        opened,
        Code::UnsupportedFile,
        "opening the member 'inner.zip'",
    );
}

/// The header is found without inflating the rest, whatever the blocks of DEFLATE are: libdeflate
/// promises no content where the room is too small, but delivers it.
#[test]
fn the_beginning_of_a_large_member_is_inflated() {
    let mut state = 1u32;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) as i16
    };
    let noise: Vec<i16> = (0..500_000).map(|_| noise()).collect();
    let few: Vec<i16> = (0..500_000).map(|nth| (nth % 7) as i16).collect();
    for values in [noise, few] {
        let content = npy(&values);
        let file = of(&[deflated("a.npy", &content)]).unwrap();
        let header = file.npy_header(&file.members()[0]).unwrap();
        assert_eq!(header.shape.to_vec(), [500_000]);
        let packed = file.source().window(35, file.members()[0].cbytes).unwrap();
        let beginning = inflate::beginning(&packed).unwrap();
        assert_eq!(beginning[..32 << 10], content[..32 << 10]);
    }
}

#[test]
fn what_cannot_be_read_says_why() {
    let entry = stored("a", b"content");
    let with = |change: fn(&mut Entry)| {
        let mut entry = entry.clone();
        change(&mut entry);
        content(entry)
    };
    fails(with(|e| e.flags = 1), Code::UnsupportedFile, "encrypted");
    fails(
        with(|e| e.method = 93),
        Code::UnsupportedFile,
        "compressed with zstd",
    );
    fails(
        with(|e| e.method = 4711),
        Code::UnsupportedFile,
        "method 4711",
    );
    fails(with(|e| e.nbytes = 6), Code::BadZip, "in another length");
    fails(
        with(|e| e.cbytes = 8),
        Code::BadZip,
        "reaches into its directory",
    );
    fails(
        with(|e| e.cbytes = u32::MAX - 1),
        Code::BadZip,
        "reaches into its directory",
    );
    fails(
        with(|e| e.offset = Some(7)),
        Code::BadZip,
        "reaches into its directory",
    );
    fails(
        with(|e| e.offset = Some(u32::MAX - 1)),
        Code::BadZip,
        "its directory",
    );
    fails(with(|e| e.local_name = "b"), Code::BadZip, "another name");
}

#[test]
fn deflated_members_are_verified() {
    let text = b"abcdefgh".repeat(4000);
    let entry = deflated("a", &text);
    let with = |change: &dyn Fn(&mut Entry)| {
        let mut entry = entry.clone();
        change(&mut entry);
        content(entry)
    };
    assert!(with(&|_| {}).is_ok());
    fails(with(&|e| e.crc ^= 1), Code::BadZip, "CRC-32");
    fails(
        with(&|e| e.nbytes += 1),
        Code::BadZip,
        "to 32000 bytes instead of 32001",
    );
    fails(
        with(&|e| e.nbytes -= 1),
        Code::BadZip,
        "more than 31999 bytes",
    );
    fails(with(&|e| e.nbytes = 0), Code::BadZip, "more than 0 bytes");
    fails(with(&|e| e.stored[0] = 0xFF), Code::BadZip, "damaged");
    fails(
        with(&|e| e.nbytes = u32::MAX - 1),
        Code::BadZip,
        "which nothing does",
    );
    let mut huge = of(std::slice::from_ref(&entry)).unwrap();
    huge.members[0].nbytes = ReadLimits::default().max_inflated_bytes + 1;
    let member = huge.members[0].clone();
    fails(
        huge.content(&member, &ReadLimits::default()),
        Code::TooLarge,
        "help: save it without compression",
    );
    // Every damaged bit is found, by the decoder or by the checksum.
    for bit in 0..entry.stored.len() * 8 {
        let flipped = with(&|e| e.stored[bit / 8] ^= 1 << (bit % 8));
        assert!(flipped.is_err() || flipped.unwrap() == text, "bit {bit}");
    }
}

#[test]
fn members_do_not_overlap() {
    let text = vec![7; 1000];
    let (first, mut second) = (stored("a", &text), stored("a", &text));
    second.offset = Some(0);
    fails(of(&[first.clone(), second]), Code::BadZip, "overlap");
    let mut inside = stored("b", b"");
    inside.offset = Some(500);
    fails(of(&[first, inside]), Code::BadZip, "overlap");
}

#[test]
fn damaged_directories_are_errors() {
    let good = zip(&[stored("a", b"content"), deflated("b", b"content")], 2);
    assert!(ZipFile::open(Source::memory(good.clone())).is_ok());
    for len in 0..good.len() {
        let cut = ZipFile::open(Source::memory(good[..len].to_vec()));
        fails(cut, Code::BadZip, "zip file");
    }
    let count = |count| ZipFile::open(Source::memory(zip(&[stored("a", b"")], count)));
    fails(
        count(2),
        Code::BadZip,
        "announces 2 members, its directory has 1",
    );
    fails(count(0), Code::BadZip, "announces 0 members");
}

#[test]
fn long_forms_are_read() {
    let text = b"abcdefgh".repeat(100);
    let entry = deflated("a", &text);
    let packed = entry.stored.len() as u64;
    let open = |sizes| ZipFile::open(Source::memory(zip64(&entry, sizes)));
    let file = open([800, packed, 0]).unwrap();
    let content = file
        .content(file.only().unwrap(), &ReadLimits::default())
        .unwrap();
    assert_eq!(content.read_vec(0, 800).unwrap(), text);
    for (cbytes, offset) in [
        (u64::MAX, 0),
        (packed, u64::MAX),
        (u64::MAX, u64::MAX),
        (1 << 63, 0),
    ] {
        fails(open([800, cbytes, offset]), Code::BadZip, "directory");
    }
    let huge = open([u64::MAX, packed, 0]).unwrap();
    fails(
        huge.content(huge.only().unwrap(), &ReadLimits::default()),
        Code::TooLarge,
        "18446744073709551615 bytes",
    );
}

/// No byte makes it panic, and whatever opens has contents or errors.
#[test]
fn every_changed_byte_is_survived() {
    let short = zip(&[stored("a", b"content"), deflated("b", b"content")], 2);
    let entry = deflated("a", b"content");
    let long = zip64(&entry, [7, entry.stored.len() as u64, 0]);
    for good in [short, long] {
        for at in 0..good.len() {
            for value in [0, 1, 0x7F, 0x80, 0xFF, good[at] ^ 0x10] {
                let mut bytes = good.clone();
                bytes[at] = value;
                let Ok(file) = ZipFile::open(Source::memory(bytes)) else {
                    continue;
                };
                for member in file.members() {
                    let _ = file.content(member, &ReadLimits::default());
                    let _ = file.npy_header(member);
                }
            }
        }
    }
}

#[test]
fn thousands_of_members_are_read() {
    let entries: Vec<Entry> = (0..65_535).map(|_| stored("m", b"x")).collect();
    let file = of(&entries).unwrap();
    assert_eq!(file.members().len(), 65_535);
    fails(
        file.only(),
        Code::Usage,
        "65535 members: m, m, m, m, m, m, m, m and 65527 more",
    );
}
