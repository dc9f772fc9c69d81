//! The same changes in memory.

use std::collections::BTreeMap;
use std::path::Path;

use fuseblock::store::attributes::Attribute;
use fuseblock::store::dataset::{Content, Dataset, Root, Snapshot};
use fuseblock::types::Shape;
use fuseblock::{DType, ErrorKind, Scalar};

use crate::bits::Bits;
use crate::{content, options};

/// An array of int32 in C order, and attributes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Model {
    pub(crate) row: Vec<usize>,
    pub(crate) bytes: Vec<u8>,
    pub(crate) attributes: BTreeMap<String, i64>,
}

impl Model {
    /// A dataset of one value, in a random grid.
    pub(crate) fn create(path: &Path, bits: &mut Bits) -> (Dataset, Self) {
        Self::create_with(bits, |shape, value, options| {
            Dataset::create(path, DType::Int32, shape, Scalar::Int32(value), options).unwrap()
        })
    }

    /// The same, made in another way.
    pub(crate) fn create_with<T>(
        bits: &mut Bits,
        create: impl FnOnce(&Shape, i32, &fuseblock::store::dataset::DatasetOptions) -> T,
    ) -> (T, Self) {
        let row: Vec<usize> = (0..bits.below(3)).map(|_| 1 + bits.below(6)).collect();
        let (rows, value) = (bits.below(40), bits.next() as i32 % 3);
        let chunk: Vec<usize> = std::iter::once(1 + bits.below(7))
            .chain(row.iter().map(|&n| 1 + bits.below(n)))
            .collect();
        let block: Vec<usize> = chunk.iter().map(|&n| 1 + bits.below(n)).collect();
        let shape: Vec<usize> = std::iter::once(rows).chain(row.iter().copied()).collect();
        let slab_rows = chunk[0] * (1 + bits.below(3));
        let made = create(
            &Shape::from(shape),
            value,
            &options(&chunk, &block, slab_rows),
        );
        let model = Self {
            bytes: value
                .to_ne_bytes()
                .repeat(rows * row.iter().product::<usize>()),
            row,
            attributes: BTreeMap::new(),
        };
        (made, model)
    }

    /// Bytes of a row.
    fn row_bytes(&self) -> usize {
        self.row.iter().product::<usize>() * 4
    }

    pub(crate) fn rows(&self) -> usize {
        self.bytes.len() / self.row_bytes()
    }

    fn extent(&self, rows: usize) -> Vec<usize> {
        std::iter::once(rows)
            .chain(self.row.iter().copied())
            .collect()
    }

    /// Does the same to a dataset, which has to work, and to this.
    pub(crate) fn change(&mut self, dataset: &mut Dataset, bits: &mut Bits) {
        self.try_change(dataset, bits).unwrap();
    }

    /// Does the same to a dataset and to this.
    pub(crate) fn try_change(
        &mut self,
        dataset: &mut Dataset,
        bits: &mut Bits,
    ) -> Result<(), fuseblock::Error> {
        match bits.below(5) {
            0 | 1 => {
                let rows = bits.below(20);
                let bytes = values(rows * self.row_bytes() / 4, bits);
                dataset.append(&self.extent(rows), &bytes)?;
                self.bytes.extend_from_slice(&bytes);
            }
            2 | 3 => {
                let places = places(dataset.snapshot());
                let (one, other) = (bits.below(places.len()), bits.below(places.len()));
                let (start, end) = (places[one.min(other)], places[one.max(other)]);
                if start == end {
                    return Ok(());
                }
                let bytes = values((end - start) * self.row_bytes() / 4, bits);
                match dataset.replace(start, &self.extent(end - start), &bytes) {
                    // What waits for its commit has a file there.
                    Err(error) if error.kind() == ErrorKind::Argument => return Ok(()),
                    replaced => replaced?,
                }
                let row = self.row_bytes();
                self.bytes[start * row..end * row].copy_from_slice(&bytes);
            }
            _ => {
                let name = ["a", "b", "c"][bits.below(3)];
                let value = bits.next() as i64;
                match bits.below(3) {
                    0 => {
                        dataset.remove_attribute(name)?;
                        self.attributes.remove(name);
                    }
                    _ => {
                        dataset.set_attribute(name, &Attribute::Int(value))?;
                        self.attributes.insert(name.to_string(), value);
                    }
                }
            }
        }
        Ok(())
    }

    /// Whether a version, or the newest, is this.
    pub(crate) fn is(&self, path: &Path, version: Option<u64>) -> bool {
        let snapshot = Root::open(path)
            .unwrap()
            .snapshot(version)
            .unwrap_or_else(|error| panic!("{error}"));
        let attributes: BTreeMap<String, i64> = snapshot
            .attributes()
            .map(|(name, value)| (name.to_string(), value.to_string().parse().unwrap()))
            .collect();
        let (shape, bytes) = content(path, version);
        shape == self.extent(self.rows()) && bytes == self.bytes && attributes == self.attributes
    }

    pub(crate) fn check(&self, path: &Path, version: Option<u64>, what: &str) {
        assert!(self.is(path, version), "{what}: another content");
    }
}

/// Where rows may be replaced from or to: where slabs begin and end, and inside of those of one value.
fn places(snapshot: &Snapshot) -> Vec<usize> {
    let (mut places, mut start) = (vec![0], 0);
    for slab in snapshot.slabs() {
        let end = start + slab.rows;
        match slab.content {
            Content::File(_) => places.push(end),
            Content::Constant(_) => places.extend(start + 1..=end),
        }
        start = end;
    }
    places
}

/// Integers: one value, or any.
pub(crate) fn values(count: usize, bits: &mut Bits) -> Vec<u8> {
    let kind = bits.below(4);
    let one = bits.next() as i32 % 3;
    let value = |bits: &mut Bits| match kind {
        0 => one,
        _ => bits.next() as i32 % 1000,
    };
    (0..count).flat_map(|_| value(bits).to_ne_bytes()).collect()
}
