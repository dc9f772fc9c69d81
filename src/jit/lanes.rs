//! In: values of a bundle of neighbouring elements. Out: the same values in lanes of another
//! width, or loaded and stored. Never: arithmetic.
//!
//! A bundle of E elements of a dtype of w bytes is `E * w / 16` vectors. Eight bytes are half a
//! vector: they fill the low half of one (narrower vectors are not lowered), and nothing may look
//! at its high half.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types;
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Type, Value};

use super::emit::{Emit, Width, vector_of};
use crate::math::SimdLevel;
use crate::types::DType;

/// The elements of one turn of a loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bundle {
    /// How many.
    pub(super) elems: usize,
    /// In one lane, or in vectors.
    pub(super) width: Width,
}

/// A value of every element of a bundle: one lane, or vectors in order. A bool in vectors is a
/// mask, whose lanes may have any width.
pub(super) type Lanes = Vec<Value>;

/// Inputs and waiting temporaries: nothing in the loop that reads them writes them, so loads may
/// move to where they are used.
pub(super) const READ: MemFlagsData = MemFlagsData::new()
    .with_notrap()
    .with_readonly()
    .with_can_move();
/// Everything else.
pub(super) const PLAIN: MemFlagsData = MemFlagsData::new().with_notrap();

const HIGH_HALF: [u8; 16] = [8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15];
const LOW_HALVES: [u8; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23];
const EVEN_WORDS: [u8; 16] = [0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27];

impl Bundle {
    /// One element.
    pub(super) const ONE: Bundle = Bundle {
        elems: 1,
        width: Width::Lane,
    };

    /// How many values hold the bundle in lanes of `size` bytes.
    fn parts(self, size: usize) -> usize {
        match self.width {
            Width::Lane => 1,
            Width::Vector => (self.elems * size / 16).max(1),
        }
    }

    /// Whether the bundle in lanes of `size` bytes is half a vector.
    pub(super) fn is_half(self, size: usize) -> bool {
        self.width == Width::Vector && self.elems * size < 16
    }
}

/// Bytes of a lane.
pub(super) fn lane_bytes(ty: Type) -> usize {
    ty.lane_type().bytes() as usize
}

impl Emit<'_> {
    /// Loads a bundle of `dtype` from `address + offset`.
    pub(super) fn load(
        &mut self,
        bundle: Bundle,
        dtype: DType,
        address: Value,
        offset: i32,
    ) -> Lanes {
        let ty = bundle.width.of(dtype);
        if bundle.is_half(dtype.size()) {
            let word = self.b.ins().load(types::I64, READ, address, offset);
            let word = self.b.ins().scalar_to_vector(types::I64X2, word);
            let half = self.recast(ty, word);
            return vec![self.masked(dtype, half)];
        }
        (0..bundle.parts(dtype.size()) as i32)
            .map(|part| {
                let value = self.load_part(ty, address, offset + 16 * part);
                self.masked(dtype, value)
            })
            .collect()
    }

    /// Below AVX, Cranelift 0.135 folds an unaligned load into `cmpps` and `cmppd`, which then
    /// fault (their table entries lack `align`); it does not see a load through a bitcast. Nothing
    /// is lost, since no other SSE instruction takes unaligned memory.
    fn load_part(&mut self, ty: Type, address: Value, offset: i32) -> Value {
        let hide = self.level < SimdLevel::Avx2 && ty.is_vector() && ty.lane_type().is_float();
        let loaded = if hide { Self::ints_like(ty) } else { ty };
        let value = self.b.ins().load(loaded, READ, address, offset);
        self.recast(ty, value)
    }

    /// The mask of a vector of bool bytes; other values as they are.
    fn masked(&mut self, dtype: DType, value: Value) -> Value {
        if !dtype.is_bool() || !self.type_of(value).is_vector() {
            return value;
        }
        let zero = self.constant(types::I8X16, 0);
        self.b.ins().icmp(IntCC::SignedGreaterThan, value, zero)
    }

    /// Stores a bundle of `dtype` to `address + offset`.
    pub(super) fn store(
        &mut self,
        bundle: Bundle,
        dtype: DType,
        lanes: &Lanes,
        address: Value,
        offset: i32,
    ) {
        let lanes = match (dtype, bundle.width) {
            (DType::Bool, Width::Vector) => self.bool_bytes(bundle, lanes),
            _ => lanes.clone(),
        };
        for (part, &value) in lanes.iter().enumerate() {
            let at = offset + 16 * part as i32;
            let value = if bundle.is_half(dtype.size()) {
                let words = self.recast(types::F64X2, value);
                self.b.ins().extractlane(words, 0)
            } else {
                value
            };
            self.b.ins().store(PLAIN, value, address, at);
        }
    }

    fn bool_bytes(&mut self, bundle: Bundle, mask: &Lanes) -> Lanes {
        let mask = self.mask_to(bundle, mask, 1);
        let one = self.constant(types::I8X16, 1);
        mask.iter()
            .map(|&part| self.b.ins().band(part, one))
            .collect()
    }

    /// The mask of bytes 0 or 1, or the byte, of a bool that every element shares.
    pub(super) fn spread(&mut self, width: Width, dtype: DType, scalar: Value) -> Value {
        match width {
            Width::Lane => scalar,
            Width::Vector => {
                let all = self.b.ins().splat(width.of(dtype), scalar);
                self.masked(dtype, all)
            }
        }
    }

    /// The same value in as many parts as the bundle has at its width.
    pub(super) fn repeat(&mut self, bundle: Bundle, part: Value) -> Lanes {
        let size = lane_bytes(self.type_of(part));
        vec![part; bundle.parts(size)]
    }

    /// A mask in lanes of `size` bytes.
    pub(super) fn mask_to(&mut self, bundle: Bundle, mask: &Lanes, size: usize) -> Lanes {
        let mut mask = mask.clone();
        loop {
            let now = self.lane_size(&mask);
            if bundle.width == Width::Lane || now == size {
                return mask;
            }
            mask = if now > size {
                self.halve(bundle, &mask, true)
            } else {
                self.double(bundle, &mask, true)
            };
        }
    }

    /// Bytes of a lane of these.
    pub(super) fn lane_size(&self, lanes: &Lanes) -> usize {
        lane_bytes(self.type_of(lanes[0]))
    }

    /// Integer lanes of twice the width.
    pub(super) fn double(&mut self, bundle: Bundle, lanes: &Lanes, signed: bool) -> Lanes {
        let half = bundle.is_half(self.lane_size(lanes));
        let mut wide = Vec::with_capacity(2 * lanes.len());
        for &part in lanes {
            let low = match signed {
                true => self.b.ins().swiden_low(part),
                false => self.b.ins().uwiden_low(part),
            };
            wide.push(low);
            if half {
                continue;
            }
            let high = match signed {
                true => self.b.ins().swiden_high(part),
                false => self.b.ins().uwiden_high(part),
            };
            wide.push(high);
        }
        wide
    }

    /// Integer lanes of half the width: the low halves of the lanes. Masks are narrowed by
    /// saturating instructions, which need no preparation.
    pub(super) fn halve(&mut self, bundle: Bundle, lanes: &Lanes, mask: bool) -> Lanes {
        debug_assert_eq!(bundle.width, Width::Vector);
        lanes
            .chunks(2)
            .map(|pair| self.halve_pair(pair[0], pair[pair.len() - 1], mask))
            .collect()
    }

    fn halve_pair(&mut self, a: Value, b: Value, mask: bool) -> Value {
        let ty = self.type_of(a);
        if ty == types::I64X2 {
            let words = self.shuffle(a, b, EVEN_WORDS);
            return self.recast(types::I32X4, words);
        }
        if mask {
            return self.b.ins().snarrow(a, b);
        }
        let low = self.constant(ty, (1 << (ty.lane_bits() / 2)) - 1);
        let (a, b) = (self.b.ins().band(a, low), self.b.ins().band(b, low));
        self.b.ins().unarrow(a, b)
    }

    /// The high half of a vector, in both halves.
    pub(super) fn high_half(&mut self, value: Value) -> Value {
        let ty = self.type_of(value);
        let high = self.shuffle(value, value, HIGH_HALF);
        self.recast(ty, high)
    }

    /// The low halves of two vectors.
    pub(super) fn low_halves(&mut self, a: Value, b: Value) -> Value {
        let ty = self.type_of(a);
        let both = self.shuffle(a, b, LOW_HALVES);
        self.recast(ty, both)
    }

    /// Widens a half vector so that every lane counts; other bundles as they are.
    pub(super) fn filled(&mut self, bundle: Bundle, mask: &Lanes) -> Lanes {
        let size = self.lane_size(mask);
        if bundle.is_half(size) {
            self.double(bundle, mask, true)
        } else {
            mask.clone()
        }
    }

    /// The vector of integer lanes as wide as those of `ty`.
    fn ints_like(ty: Type) -> Type {
        vector_of(ty.lane_type().as_int())
    }
}
