//! The pieces one by one; `tests/seal.rs` has whole files.

use super::digest::sign;
use super::*;
use crate::store::frame::FrameHeader;
use crate::store::write::Options;
use crate::store::write::layout::{ItemType, Layout};
use crate::store::write::{Extras, FrameBytes, Layer};
use crate::types::{DType, Grid, Shape, Zone};

fn zone(bits: u64) -> Zone {
    Zone {
        least: bits,
        greatest: bits + 1,
        nans: 3,
        zeros: 4,
        same: bits.is_multiple_of(2),
    }
}

fn seal(word: i64, blocks: &[u64]) -> ChunkSeal {
    ChunkSeal {
        word,
        head_len: 40,
        head: 7,
        blocks: blocks.into(),
        zones: blocks.iter().map(|&bits| zone(bits)).collect(),
    }
}

fn table(chunks: usize, chunks_per_leaf: usize) -> Table {
    Table {
        chunks,
        blocks: 2,
        block_bytes: 8,
        chunks_per_leaf,
        header: vec![9; 97],
        leaves: vec![
            LeafPlace {
                offset: 1,
                len: 2,
                digest: 3
            };
            chunks.div_ceil(chunks_per_leaf)
        ],
    }
}

#[test]
fn a_leaf_comes_back() {
    let leaf = Leaf {
        first: 4,
        chunks: vec![
            seal(0, &[1, 2]),
            ChunkSeal::unstored(i64::MIN | 1 << 56),
            seal(99, &[3]).with_zones(Vec::new()),
        ],
    };
    let table = table(7, 4);
    let bytes = leaf.encode(2);
    assert_eq!(bytes.len(), 24 + 3 * 32 + 3 * 8 + 2 * 24);
    assert_eq!(Leaf::decode(&bytes, 1, &table).unwrap(), leaf);
    assert_eq!(leaf.of(6), Some(&leaf.chunks[2]));
    assert_eq!((leaf.of(3), leaf.of(7)), (None, None));
    // Leaf 0 has other chunks, and none is shorter or longer than what it has.
    assert!(Leaf::decode(&bytes, 0, &table).is_err());
    for cut in 0..bytes.len() {
        assert!(Leaf::decode(&bytes[..cut], 1, &table).is_err());
    }
    assert!(Leaf::decode(&[&bytes[..], &[0]].concat(), 1, &table).is_err());
}

#[test]
fn a_table_comes_back_and_its_length_does_not_depend_on_its_content() {
    let table = table(9, 4);
    let chunk = table.encode().unwrap();
    assert_eq!(Table::decode(&chunk).unwrap(), table);
    for cut in 0..chunk.len() {
        assert!(Table::decode(&chunk[..cut]).is_err());
    }
    let other = Table {
        header: vec![1; 97],
        ..table.clone()
    };
    assert_eq!(other.encode().unwrap().len(), chunk.len());
    assert_eq!((table.chunks_of(2), table.chunks_of(3)), (8..9, 9..9));
    assert_eq!((table.leaf_of(7), table.leaf_of(8)), (1, 2));
}

#[test]
fn segments_may_be_ignored_unless_they_are_required() {
    let mut chunk = table(1, 1).encode().unwrap();
    let count = 32 + 5 + 0x30;
    chunk[count] = 1;
    chunk.extend_from_slice(&[0; 32]);
    chunk[34..37].copy_from_slice(&[0, 0, 56 + 97 + 24 + 32]);
    assert_eq!(Table::decode(&chunk).unwrap(), table(1, 1));
    let flags = chunk.len() - 28;
    chunk[flags] = 1;
    assert_eq!(
        Table::decode(&chunk).unwrap_err().kind(),
        ErrorKind::Unsupported
    );
}

#[test]
fn leaves_have_16_kib_if_they_can() {
    for blocks in [1, 2, 31, 32, 33, 500, 509, 510, 100_000] {
        let leaves = Leaves::new(blocks, 8).unwrap();
        let count = leaves.table(0).chunks_per_leaf;
        assert!(count.is_power_of_two());
        let bytes = |count: usize| count * (32 + 32 * blocks);
        assert!(bytes(count) <= 16 << 10 || count == 1, "{blocks}");
        assert!(bytes(2 * count) > 16 << 10, "{blocks}");
    }
}

/// Chunks may come in any order; a leaf is written as soon as it has all of its own.
#[test]
fn leaves_are_gathered_as_chunks_come() {
    let mut leaves = Leaves::new(250, 8).unwrap();
    let [a, b, c] = [1, 2, 3].map(|word| seal(word, &[0; 250]));
    assert_eq!(leaves.put(1, b.clone(), 10), None);
    assert_eq!(leaves.put(2, c.clone(), 10), None);
    let whole = leaves.put(0, a.clone(), 10).unwrap();
    let rest = leaves.rest(40_000).unwrap();
    assert_eq!(leaves.rest(90_000), None);
    let table = leaves.table(3);
    assert_eq!(table.chunks_per_leaf, 2);
    let decoded = |bytes: &[u8], number| Leaf::decode(bytes, number, &table).unwrap();
    assert_eq!(decoded(&whole, 0).chunks, [a, b]);
    assert_eq!(decoded(&rest, 1).chunks, [c]);
    assert_eq!(
        (table.leaves[0].offset, table.leaves[1].offset),
        (10, 40_000)
    );
    assert!(table.check_places(40_000 + rest.len() as u64).is_ok());
    assert!(table.check_places(40_000 + rest.len() as u64 - 1).is_err());
}

/// The header of an array with a metalayer of its own.
fn header(shape: &[usize], level: u8, note: &[u8]) -> FrameHeader {
    let grid = Grid {
        chunk: Shape::new(&[4]),
        block: Shape::new(&[2]),
    };
    let item = ItemType::from(DType::Int16);
    let layout = Layout::new(item, &Shape::new(shape), &grid).unwrap();
    let options = Options {
        level,
        ..Options::default()
    };
    let extras = Extras {
        metalayers: vec![("note".to_string(), note.to_vec())],
        ..Extras::default()
    };
    let mut bytes = FrameBytes::of_array(&layout, &options, &extras).unwrap();
    bytes.complete(bytes.header_len() + 100, 50, true);
    FrameHeader::parse(bytes.header(), 1000).unwrap()
}

#[test]
fn only_changes_that_no_element_depends_on_are_notes() {
    let sealed = header(&[9], 5, b"a");
    assert_eq!(compare::compare(&sealed, &sealed).unwrap(), [""; 0]);
    let notes = compare::compare(&header(&[9], 5, b"b"), &sealed).unwrap();
    assert_eq!(
        notes,
        ["the metalayer 'note' has changed since the file was sealed"]
    );
    let notes = compare::compare(&header(&[9], 6, b"a"), &sealed).unwrap();
    assert_eq!(notes.len(), 1);
    let error = compare::compare(&header(&[8], 5, b"a"), &sealed).unwrap_err();
    assert_eq!(
        error.message(),
        "the frame's header is not the one that was sealed: decoded bytes 16, sealed as 24; shape (8,), sealed as (9,)"
    );
    let mut renamed = sealed.clone();
    renamed.metalayers[1].name = "b2o".to_string();
    assert!(compare::compare(&renamed, &sealed).is_err());
}

#[test]
fn a_root_is_the_digest_of_what_is_in_front_of_it() {
    let layer = Layer {
        name: "note".to_string(),
        content: vec![1; 40],
    };
    let mut trailer = crate::store::write::trailer(&[layer]).unwrap();
    let (signed, slot) = trailer.split_at(trailer.len() - 16);
    assert_eq!(slot, [0; 16]);
    let source = crate::store::file::Source::memory(signed.to_vec());
    let root = digest::root(&source, 0, signed.len() as u64).unwrap();
    sign(&mut trailer);
    assert!(trailer.ends_with(&root));
}
