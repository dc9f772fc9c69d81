//! In: what one lane or one vector of lanes holds. Out: CLIF that computes an operation on it.
//! Never: a type that is not one lane or exactly 128 bits, an instruction that may trap.
//!
//! Most CLIF instructions take a lane as well as a vector of lanes, so one lowering serves the
//! vector loop and its scalar tail. They part in how a bool looks: 0 or 1 in a byte for one lane,
//! all bits of a lane in a vector (a *mask*, as wide as what was compared).

use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::immediates::V128Imm;
use cranelift_codegen::ir::types;
use cranelift_codegen::ir::{ConstantData, Endianness, InstBuilder, MemFlagsData, Type, Value};
use cranelift_frontend::FunctionBuilder;

use crate::math::SimdLevel;
use crate::types::{BinaryOp, DType, Scalar, UnaryOp};

/// One lane, or a vector of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Width {
    /// One element.
    Lane,
    /// 16 bytes of elements.
    Vector,
}

/// Writes instructions at the end of the current block.
pub(super) struct Emit<'f> {
    pub(super) b: FunctionBuilder<'f>,
    pub(super) level: SimdLevel,
}

/// The CLIF type of one element; `bool` is a byte.
pub(super) fn lane(dtype: DType) -> Type {
    match dtype {
        DType::Bool | DType::Int8 | DType::UInt8 => types::I8,
        DType::Int16 | DType::UInt16 => types::I16,
        DType::Int32 | DType::UInt32 => types::I32,
        DType::Int64 | DType::UInt64 => types::I64,
        DType::Float32 => types::F32,
        DType::Float64 => types::F64,
    }
}

/// The 128-bit vector of a lane type.
pub(super) fn vector_of(lane: Type) -> Type {
    // OK because `lane` has 8 to 64 bits, so that 2 to 16 of them make 128.
    lane.by(128 / lane.bits()).expect("lanes of 8 to 64 bits")
}

impl Width {
    /// The CLIF type of values of `dtype`.
    pub(super) fn of(self, dtype: DType) -> Type {
        match self {
            Width::Lane => lane(dtype),
            Width::Vector => vector_of(lane(dtype)),
        }
    }
}

/// Whether a bool of this type is a mask.
fn is_mask(ty: Type) -> bool {
    ty.is_vector()
}

impl Emit<'_> {
    pub(super) fn type_of(&self, value: Value) -> Type {
        self.b.func.dfg.value_type(value)
    }

    /// `bits` in every lane of `ty`.
    pub(super) fn constant(&mut self, ty: Type, bits: u64) -> Value {
        if ty.is_vector() {
            let size = ty.lane_type().bytes() as usize;
            let item = bits.to_le_bytes();
            let bytes: Vec<u8> = (0..16).map(|at| item[at % size]).collect();
            let data = self.b.func.dfg.constants.insert(ConstantData::from(bytes));
            return self.b.ins().vconst(ty, data);
        }
        match ty {
            types::F32 => {
                let value = cranelift_codegen::ir::immediates::Ieee32::with_bits(bits as u32);
                self.b.ins().f32const(value)
            }
            types::F64 => {
                let value = cranelift_codegen::ir::immediates::Ieee64::with_bits(bits);
                self.b.ins().f64const(value)
            }
            int => self.b.ins().iconst(int, (bits & mask_of(int)) as i64),
        }
    }

    /// A scalar in every lane.
    pub(super) fn scalar(&mut self, width: Width, scalar: Scalar) -> Value {
        match (width, scalar) {
            (Width::Vector, Scalar::Bool(v)) => self.constant(types::I8X16, all_if(v)),
            (Width::Lane | Width::Vector, _) => {
                self.constant(width.of(scalar.dtype()), scalar.bits())
            }
        }
    }

    /// The same bits as another type of the same size.
    pub(super) fn recast(&mut self, ty: Type, value: Value) -> Value {
        if self.type_of(value) == ty {
            return value;
        }
        let flags = MemFlagsData::new().with_endianness(Endianness::Little);
        self.b.ins().bitcast(ty, flags, value)
    }

    /// Bytes picked from those of `a` (0 to 15) and `b` (16 to 31).
    pub(super) fn shuffle(&mut self, a: Value, b: Value, pick: [u8; 16]) -> Value {
        let (a, b) = (self.recast(types::I8X16, a), self.recast(types::I8X16, b));
        let mask = self
            .b
            .func
            .dfg
            .immediates
            .push(ConstantData::from(V128Imm(pick).0.to_vec()));
        self.b.ins().shuffle(a, b, mask)
    }

    /// `condition ? then : otherwise`, lane by lane.
    pub(super) fn choose(&mut self, condition: Value, then: Value, otherwise: Value) -> Value {
        let ty = self.type_of(then);
        if ty.is_vector() {
            let condition = self.recast(ty, condition);
            self.b.ins().bitselect(condition, then, otherwise)
        } else {
            self.b.ins().select(condition, then, otherwise)
        }
    }

    /// The opposite of a bool.
    pub(super) fn not(&mut self, value: Value) -> Value {
        let ty = self.type_of(value);
        let ones = self.constant(ty, if is_mask(ty) { u64::MAX } else { 1 });
        self.b.ins().bxor(value, ones)
    }

    /// An operation of one argument that is native.
    pub(super) fn unary(&mut self, op: UnaryOp, dtype: DType, x: Value) -> Value {
        let ty = self.type_of(x);
        match op {
            UnaryOp::Neg if dtype.is_float() => self.negate(ty, x),
            UnaryOp::Neg => {
                let zero = self.constant(ty, 0);
                self.b.ins().isub(zero, x)
            }
            UnaryOp::Abs if dtype.is_float() => self.magnitude(ty, x),
            UnaryOp::Abs if dtype.is_signed() => self.b.ins().iabs(x),
            UnaryOp::Abs => x,
            UnaryOp::Not if dtype.is_bool() => self.not(x),
            UnaryOp::Not => {
                let ones = self.constant(ty, u64::MAX);
                self.b.ins().bxor(x, ones)
            }
            UnaryOp::Sign => self.sign(dtype, ty, x),
            UnaryOp::Sqrt => self.b.ins().sqrt(x),
            UnaryOp::Floor => self.b.ins().floor(x),
            UnaryOp::Ceil => self.b.ins().ceil(x),
            UnaryOp::Trunc => self.b.ins().trunc(x),
            UnaryOp::Rint => self.b.ins().nearest(x),
            UnaryOp::IsNan => self.b.ins().fcmp(FloatCC::Unordered, x, x),
            UnaryOp::IsFinite => self.against_infinity(FloatCC::LessThan, ty, x),
            UnaryOp::IsInf => self.against_infinity(FloatCC::Equal, ty, x),
            UnaryOp::SignBit => self.sign_bit(ty, x),
            UnaryOp::Sin
            | UnaryOp::Cos
            | UnaryOp::Tan
            | UnaryOp::Exp
            | UnaryOp::Expm1
            | UnaryOp::Log
            | UnaryOp::Log2
            | UnaryOp::Log10
            | UnaryOp::Log1p
            | UnaryOp::Tanh
            | UnaryOp::Cbrt
            | UnaryOp::Exp2
            | UnaryOp::Asin
            | UnaryOp::Acos
            | UnaryOp::Atan
            | UnaryOp::Sinh
            | UnaryOp::Cosh
            | UnaryOp::Asinh
            | UnaryOp::Acosh
            | UnaryOp::Atanh
            | UnaryOp::Erf
            | UnaryOp::Erfc
            | UnaryOp::Gamma
            | UnaryOp::Lgamma => unreachable!("{} is called, see `native`", op.name()),
        }
    }

    /// A vector's sign bits are flipped by a constant, which is built once before the loop;
    /// `fneg` would build it each time.
    fn negate(&mut self, ty: Type, x: Value) -> Value {
        if !ty.is_vector() {
            return self.b.ins().fneg(x);
        }
        let sign = self.constant(ty, 1 << (ty.lane_bits() - 1));
        self.b.ins().bxor(x, sign)
    }

    fn magnitude(&mut self, ty: Type, x: Value) -> Value {
        if !ty.is_vector() {
            return self.b.ins().fabs(x);
        }
        let rest = self.constant(ty, !(1 << (ty.lane_bits() - 1)));
        self.b.ins().band(x, rest)
    }

    fn against_infinity(&mut self, compare: FloatCC, ty: Type, x: Value) -> Value {
        let x = self.magnitude(ty, x);
        let infinity = self.float(ty, f64::INFINITY);
        self.b.ins().fcmp(compare, x, infinity)
    }

    /// The bits of a float with a sign are those of a negative integer.
    fn sign_bit(&mut self, ty: Type, x: Value) -> Value {
        let ints = if ty.is_vector() {
            vector_of(ty.lane_type().as_int())
        } else {
            ty.as_int()
        };
        let bits = self.recast(ints, x);
        let zero = self.constant(ints, 0);
        self.b.ins().icmp(IntCC::SignedLessThan, bits, zero)
    }

    /// The magnitude of `x` with the sign of `y`; no vector has `fcopysign`.
    fn copy_sign(&mut self, x: Value, y: Value) -> Value {
        let ty = self.type_of(x);
        if !ty.is_vector() {
            return self.b.ins().fcopysign(x, y);
        }
        let sign = self.constant(ty, 1 << (ty.lane_bits() - 1));
        let sign = self.b.ins().band(y, sign);
        let rest = self.magnitude(ty, x);
        self.b.ins().bor(rest, sign)
    }

    /// A float (exact in float32) in every lane.
    pub(super) fn float(&mut self, ty: Type, value: f64) -> Value {
        let bits = match ty.lane_type() {
            types::F32 => u64::from((value as f32).to_bits()),
            _ => value.to_bits(),
        };
        self.constant(ty, bits)
    }

    fn sign(&mut self, dtype: DType, ty: Type, x: Value) -> Value {
        if dtype.is_float() {
            let [zero, one, minus] = [0.0, 1.0, -1.0].map(|value| self.float(ty, value));
            let is_zero = self.b.ins().fcmp(FloatCC::Equal, x, zero);
            let below = self.b.ins().fcmp(FloatCC::LessThan, x, zero);
            let above = self.b.ins().fcmp(FloatCC::GreaterThan, x, zero);
            let rest = self.choose(is_zero, zero, x);
            let rest = self.choose(below, minus, rest);
            return self.choose(above, one, rest);
        }
        let one = self.constant(ty, 1);
        if dtype.is_unsigned() {
            return self.b.ins().umin(x, one);
        }
        let minus = self.constant(ty, u64::MAX);
        let low = self.b.ins().smax(x, minus);
        self.b.ins().smin(low, one)
    }

    /// An operation of two arguments that is native; shifts are [`Emit::shift`]'s.
    pub(super) fn binary(&mut self, op: BinaryOp, dtype: DType, x: Value, y: Value) -> Value {
        if dtype.is_bool() {
            return self.logic(op, x, y);
        }
        let float = dtype.is_float();
        match op {
            BinaryOp::Add if float => self.b.ins().fadd(x, y),
            BinaryOp::Add => self.b.ins().iadd(x, y),
            BinaryOp::Sub if float => self.b.ins().fsub(x, y),
            BinaryOp::Sub => self.b.ins().isub(x, y),
            BinaryOp::Mul if float => self.b.ins().fmul(x, y),
            BinaryOp::Mul => self.multiply(x, y),
            BinaryOp::Div => self.b.ins().fdiv(x, y),
            BinaryOp::CopySign => self.copy_sign(x, y),
            BinaryOp::Min if float => self.b.ins().fmin(x, y),
            BinaryOp::Min if dtype.is_signed() => self.b.ins().smin(x, y),
            BinaryOp::Min => self.b.ins().umin(x, y),
            BinaryOp::Max if float => self.b.ins().fmax(x, y),
            BinaryOp::Max if dtype.is_signed() => self.b.ins().smax(x, y),
            BinaryOp::Max => self.b.ins().umax(x, y),
            BinaryOp::Eq => self.compare((FloatCC::Equal, IntCC::Equal), dtype, [x, y]),
            BinaryOp::Ne => self.compare((FloatCC::NotEqual, IntCC::NotEqual), dtype, [x, y]),
            BinaryOp::Lt => self.compare((FloatCC::LessThan, IntCC::SignedLessThan), dtype, [x, y]),
            BinaryOp::Le => self.compare(
                (FloatCC::LessThanOrEqual, IntCC::SignedLessThanOrEqual),
                dtype,
                [x, y],
            ),
            BinaryOp::Gt => self.compare(
                (FloatCC::GreaterThan, IntCC::SignedGreaterThan),
                dtype,
                [x, y],
            ),
            BinaryOp::Ge => self.compare(
                (FloatCC::GreaterThanOrEqual, IntCC::SignedGreaterThanOrEqual),
                dtype,
                [x, y],
            ),
            BinaryOp::And => self.b.ins().band(x, y),
            BinaryOp::Or => self.b.ins().bor(x, y),
            BinaryOp::Xor => self.b.ins().bxor(x, y),
            BinaryOp::FloorDiv
            | BinaryOp::Mod
            | BinaryOp::Pow
            | BinaryOp::Fmod
            | BinaryOp::NextAfter
            | BinaryOp::Atan2
            | BinaryOp::Hypot
            | BinaryOp::LogAddExp
            | BinaryOp::Gcd
            | BinaryOp::Lcm
            | BinaryOp::Shl
            | BinaryOp::Shr => unreachable!("{} is called, see `native`", op.name()),
        }
    }

    /// x64 has no byte multiply: even and odd bytes are multiplied as 16-bit lanes.
    fn multiply(&mut self, x: Value, y: Value) -> Value {
        if self.type_of(x) != types::I8X16 {
            return self.b.ins().imul(x, y);
        }
        let [x, y] = [x, y].map(|value| self.recast(types::I16X8, value));
        let eight = self.constant(types::I32, 8);
        let even = self.b.ins().imul(x, y);
        let low = self.constant(types::I16X8, 0xff);
        let even = self.b.ins().band(even, low);
        let x = self.b.ins().ushr(x, eight);
        let y = self.b.ins().ushr(y, eight);
        let odd = self.b.ins().imul(x, y);
        let odd = self.b.ins().ishl(odd, eight);
        let both = self.b.ins().bor(even, odd);
        self.recast(types::I8X16, both)
    }

    fn compare(
        &mut self,
        (ordered, signed): (FloatCC, IntCC),
        dtype: DType,
        [x, y]: [Value; 2],
    ) -> Value {
        if dtype.is_float() {
            self.b.ins().fcmp(ordered, x, y)
        } else if dtype.is_signed() {
            self.b.ins().icmp(signed, x, y)
        } else {
            self.b.ins().icmp(signed.unsigned(), x, y)
        }
    }

    /// Operations on bools: 0 or 1, or masks of one width.
    pub(super) fn logic(&mut self, op: BinaryOp, x: Value, y: Value) -> Value {
        match op {
            BinaryOp::And | BinaryOp::Min => self.b.ins().band(x, y),
            BinaryOp::Or | BinaryOp::Max => self.b.ins().bor(x, y),
            BinaryOp::Xor | BinaryOp::Ne => self.b.ins().bxor(x, y),
            BinaryOp::Lt => self.b.ins().band_not(y, x),
            BinaryOp::Gt => self.b.ins().band_not(x, y),
            BinaryOp::Eq => {
                let differ = self.b.ins().bxor(x, y);
                self.not(differ)
            }
            BinaryOp::Le => {
                let above = self.b.ins().band_not(x, y);
                self.not(above)
            }
            BinaryOp::Ge => {
                let below = self.b.ins().band_not(y, x);
                self.not(below)
            }
            BinaryOp::Add
            | BinaryOp::Sub
            | BinaryOp::Mul
            | BinaryOp::Div
            | BinaryOp::FloorDiv
            | BinaryOp::Mod
            | BinaryOp::Pow
            | BinaryOp::Fmod
            | BinaryOp::CopySign
            | BinaryOp::NextAfter
            | BinaryOp::Atan2
            | BinaryOp::Hypot
            | BinaryOp::LogAddExp
            | BinaryOp::Gcd
            | BinaryOp::Lcm
            | BinaryOp::Shl
            | BinaryOp::Shr => unreachable!("the IR has no {} of bool", op.name()),
        }
    }

    /// A shift by a constant: by at least the width, or by less than 0, all bits go.
    pub(super) fn shift(&mut self, op: BinaryOp, dtype: DType, x: Value, by: Scalar) -> Value {
        let ty = self.type_of(x);
        let bits = dtype.size() as i128 * 8;
        let by = by.as_i128().filter(|by| (0..bits).contains(by));
        let arithmetic = op == BinaryOp::Shr && dtype.is_signed();
        let by = match by {
            Some(by) => by,
            None if arithmetic => bits - 1,
            None => return self.constant(ty, 0),
        };
        let by = self.constant(types::I32, by as u64);
        match (op, arithmetic) {
            (BinaryOp::Shl, _) => self.b.ins().ishl(x, by),
            (_, true) => self.b.ins().sshr(x, by),
            (_, false) => self.b.ins().ushr(x, by),
        }
    }
}

fn mask_of(int: Type) -> u64 {
    u64::MAX >> (64 - int.bits())
}

/// The mask of one bool.
fn all_if(value: bool) -> u64 {
    if value { u64::MAX } else { 0 }
}
