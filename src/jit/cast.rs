//! In: a bundle of one dtype. Out: the same elements as another dtype, by the IR's rules.
//! Never: floats to integers, or 64-bit integers to float32: those are strip routines.

use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::types;
use cranelift_codegen::ir::{InstBuilder, Value};

use super::emit::{Emit, Width, lane};
use super::lanes::{Bundle, Lanes};
use crate::types::DType;

impl Emit<'_> {
    /// Converts a bundle from one dtype to another.
    pub(super) fn cast(&mut self, bundle: Bundle, from: DType, to: DType, lanes: &Lanes) -> Lanes {
        if from == to {
            return lanes.clone();
        }
        if to.is_bool() {
            return lanes
                .iter()
                .map(|&part| self.is_nonzero(from, part))
                .collect();
        }
        match bundle.width {
            Width::Lane => vec![self.cast_lane(from, to, lanes[0])],
            Width::Vector if from.is_bool() => self.cast_mask(bundle, to, lanes),
            Width::Vector => match (from.is_float(), to.is_float()) {
                (false, false) => self.resize(bundle, lanes, to.size(), from.is_signed()),
                (false, true) => self.int_to_float(bundle, from, to, lanes),
                (true, true) => self.float_to_float(to, lanes),
                (true, false) => unreachable!("{from} to {to} is called, see `native`"),
            },
        }
    }

    fn is_nonzero(&mut self, dtype: DType, x: Value) -> Value {
        let ty = self.type_of(x);
        let zero = self.constant(ty, 0);
        if dtype.is_float() {
            self.b.ins().fcmp(FloatCC::NotEqual, x, zero)
        } else {
            self.b.ins().icmp(IntCC::NotEqual, x, zero)
        }
    }

    fn cast_lane(&mut self, from: DType, to: DType, x: Value) -> Value {
        let ty = lane(to);
        match (from.is_float(), to) {
            (true, DType::Float64) => return self.b.ins().fpromote(ty, x),
            (true, _) => return self.b.ins().fdemote(ty, x),
            (false, DType::Float32 | DType::Float64) => {}
            (false, _) => return self.resize_lane(from, to.size(), x),
        }
        // Every int of at most 32 bits is an int64, and converts exactly or rounds once.
        let wide = self.resize_lane(from, 8, x);
        if from == DType::UInt64 {
            self.b.ins().fcvt_from_uint(ty, wide)
        } else {
            self.b.ins().fcvt_from_sint(ty, wide)
        }
    }

    fn resize_lane(&mut self, from: DType, size: usize, x: Value) -> Value {
        let ty = match size {
            1 => types::I8,
            2 => types::I16,
            4 => types::I32,
            _ => types::I64,
        };
        match size.cmp(&from.size()) {
            std::cmp::Ordering::Equal => x,
            std::cmp::Ordering::Less => self.b.ins().ireduce(ty, x),
            std::cmp::Ordering::Greater if from.is_signed() => self.b.ins().sextend(ty, x),
            std::cmp::Ordering::Greater => self.b.ins().uextend(ty, x),
        }
    }

    /// True becomes 1: the mask at the dtype's width selects the bits of one.
    fn cast_mask(&mut self, bundle: Bundle, to: DType, mask: &Lanes) -> Lanes {
        let ty = bundle.width.of(to);
        let one = if to.is_float() {
            self.float(ty, 1.0)
        } else {
            self.constant(ty, 1)
        };
        let mask = self.mask_to(bundle, mask, to.size());
        mask.iter()
            .map(|&part| {
                let part = self.recast(ty, part);
                self.b.ins().band(part, one)
            })
            .collect()
    }

    /// Integers in lanes of `size` bytes, sign-extended or zero-extended where they grow.
    pub(super) fn resize(
        &mut self,
        bundle: Bundle,
        lanes: &Lanes,
        size: usize,
        signed: bool,
    ) -> Lanes {
        let mut lanes = lanes.clone();
        loop {
            let now = self.lane_size(&lanes);
            match now.cmp(&size) {
                std::cmp::Ordering::Equal => return lanes,
                std::cmp::Ordering::Less => lanes = self.double(bundle, &lanes, signed),
                std::cmp::Ordering::Greater => lanes = self.halve(bundle, &lanes, false),
            }
        }
    }

    fn int_to_float(&mut self, bundle: Bundle, from: DType, to: DType, lanes: &Lanes) -> Lanes {
        let ty = bundle.width.of(to);
        // Narrow unsigned values are small int32s.
        let signed = from.is_signed() || from.size() < 4;
        let lanes = match from.size() {
            1 | 2 => self.resize(bundle, lanes, 4, from.is_signed()),
            _ => lanes.clone(),
        };
        if to.size() == 8 && self.lane_size(&lanes) == 4 {
            return lanes
                .iter()
                .flat_map(|&part| self.words_to_doubles(signed, part))
                .collect();
        }
        lanes
            .iter()
            .map(|&part| match signed {
                true => self.b.ins().fcvt_from_sint(ty, part),
                false => self.b.ins().fcvt_from_uint(ty, part),
            })
            .collect()
    }

    /// Widening the low half and converting is one or two instructions; a high half is moved
    /// down first.
    fn words_to_doubles(&mut self, signed: bool, words: Value) -> [Value; 2] {
        let high = self.high_half(words);
        [words, high].map(|words| match signed {
            true => {
                let wide = self.b.ins().swiden_low(words);
                self.b.ins().fcvt_from_sint(types::F64X2, wide)
            }
            false => {
                let wide = self.b.ins().uwiden_low(words);
                self.b.ins().fcvt_from_uint(types::F64X2, wide)
            }
        })
    }

    fn float_to_float(&mut self, to: DType, lanes: &Lanes) -> Lanes {
        if to == DType::Float64 {
            return self.promote(lanes);
        }
        lanes
            .chunks(2)
            .map(|pair| {
                let low = self.b.ins().fvdemote(pair[0]);
                let high = self.b.ins().fvdemote(pair[pair.len() - 1]);
                self.low_halves(low, high)
            })
            .collect()
    }

    fn promote(&mut self, lanes: &Lanes) -> Lanes {
        lanes
            .iter()
            .flat_map(|&part| {
                let high = self.high_half(part);
                [part, high].map(|half| self.b.ins().fvpromote_low(half))
            })
            .collect()
    }
}
