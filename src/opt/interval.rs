//! In: what is known of the elements that a body reads. Out: what is known of what it computes from them, and which
//! inputs that leaves needed. Never: less than what can happen: a NaN, an infinity, a wrapped integer.
//!
//! Bounds are rounded as the operations are, which keeps their order; where a function is as exact as its error bound,
//! they are widened by more than that.

use crate::ir::{Body, BodyInst, Elementwise, FoldOp, InputId, Reg, RegData, Sink};
use crate::math::scalar;
use crate::table::{Id, Table};
use crate::types::{BinaryOp, DType, Scalar, UnaryOp, Zone};

/// What is known of every element of a value, wherever the inputs lie within what is known of them.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Fact {
    /// All are this one, bit for bit (any NaN being as good as another).
    Same(Scalar),
    /// Bools and integers within these bounds.
    Int {
        /// No element is less.
        low: i128,
        /// No element is greater.
        high: i128,
    },
    /// Floats.
    Float {
        /// No number is less. Zeros of both signs are the same here.
        low: f64,
        /// No number is greater; where it is less than `low`, there are no numbers.
        high: f64,
        /// Whether some may be NaN.
        nan: bool,
    },
}

use Fact::{Float, Int, Same};

/// Floats of which there are no numbers.
const NO_NUMBERS: Fact = Float {
    low: f64::INFINITY,
    high: f64::NEG_INFINITY,
    nan: true,
};

impl Fact {
    /// That of elements of `dtype` of which nothing is known.
    pub fn unknown(dtype: DType) -> Fact {
        match dtype.int_range() {
            Some((low, high)) => Int { low, high },
            None => Float {
                low: f64::NEG_INFINITY,
                high: f64::INFINITY,
                nan: true,
            },
        }
    }

    /// That of elements of `dtype` with this zone.
    pub fn of_zone(zone: &Zone, dtype: DType) -> Fact {
        if let Some(element) = zone.element(dtype) {
            return Same(element);
        }
        match zone.bounds(dtype) {
            (low, high) if dtype.is_float() => Fact::floats(low, high, zone.nans > 0),
            (low, high) => match (low.as_i128(), high.as_i128()) {
                (Some(low), Some(high)) if low <= high => Int { low, high },
                // Of no elements, or of a file that contradicts itself.
                (_, _) => Fact::unknown(dtype),
            },
        }
    }

    fn floats(low: Scalar, high: Scalar, nan: bool) -> Fact {
        let (low, high) = (low.as_f64(), high.as_f64());
        match low <= high {
            true => Float { low, high, nan },
            // Also where a bound is NaN.
            false => NO_NUMBERS,
        }
    }

    /// That of elements between two, which are no NaN, and these.
    pub fn between(one: Scalar, other: Scalar) -> Fact {
        Same(one).or(Same(other))
    }

    /// That of elements each of which one of the two holds for.
    pub fn or(self, other: Fact) -> Fact {
        match (self, other) {
            (Same(a), Same(b)) if a.bits() == b.bits() && a.dtype() == b.dtype() => self,
            (_, _) => match (self.wide(), other.wide()) {
                (Int { low: a, high: b }, Int { low: c, high: d }) => Int {
                    low: a.min(c),
                    high: b.max(d),
                },
                (
                    Float { low, high, nan },
                    Float {
                        low: c,
                        high: d,
                        nan: other,
                    },
                ) => Float {
                    low: low.min(c),
                    high: high.max(d),
                    nan: nan | other,
                },
                // Of different dtypes: no value has both.
                (one, _) => one,
            },
        }
    }

    /// The same as bounds.
    fn wide(self) -> Fact {
        match self {
            Same(value) => match value.as_i128() {
                Some(value) => Int {
                    low: value,
                    high: value,
                },
                None if value.is_nan() => NO_NUMBERS,
                None => Float {
                    low: value.as_f64(),
                    high: value.as_f64(),
                    nan: false,
                },
            },
            Int { .. } | Float { .. } => self,
        }
    }

    /// An element of `dtype` that it holds for.
    pub fn example(self, dtype: DType) -> Scalar {
        let float = |value: f64| scalar::cast(Scalar::Float64(value), dtype);
        match self {
            Same(value) => value,
            Int { low, .. } => Scalar::from_i128(dtype, low).unwrap_or(Scalar::from_bits(dtype, 0)),
            Float { low, high, .. } if low <= high => float(low),
            Float { .. } => float(f64::NAN),
        }
    }

    /// The element that all are.
    pub fn same(self) -> Option<Scalar> {
        match self {
            Same(value) => Some(value),
            Int { .. } | Float { .. } => None,
        }
    }

    fn truth(self) -> Option<bool> {
        match self {
            Same(Scalar::Bool(truth)) => Some(truth),
            Int { low: 0, high: 0 } => Some(false),
            Int { low: 1, high: 1 } => Some(true),
            Same(_) | Int { .. } | Float { .. } => None,
        }
    }
}

/// What is known of each register of `body`, whose inputs `inputs` is known of, and one of whose registers may be known
/// from elsewhere.
pub fn facts(
    body: &Body,
    inputs: &[Fact],
    given: Option<(Reg, Scalar)>,
    facts: &mut Table<Reg, Fact>,
) {
    facts.clear();
    for (reg, data) in body.regs.iter() {
        let fact = match (given, &data.inst) {
            (Some((given, value)), _) if given == reg => Same(value),
            (_, BodyInst::Const(value)) => Same(*value),
            (_, BodyInst::Input(input)) => match inputs.get(input.index()) {
                Some(&fact) => fact,
                None => Fact::unknown(data.dtype),
            },
            (_, BodyInst::Map(map)) => {
                let dtype = |reg: Reg| body.regs[reg].dtype;
                step(map.map(|arg| (facts[arg], dtype(arg))), data.dtype)
            }
        };
        // What is one integer is known, bit for bit.
        facts.push(match fact {
            Int { low, high } if low == high => match Scalar::from_i128(data.dtype, low) {
                Some(value) => Same(value),
                None => fact,
            },
            Same(_) | Int { .. } | Float { .. } => fact,
        });
    }
}

/// Which inputs are needed to deliver what is not known already to the sinks that are `wanted`.
pub fn needed(body: &Body, facts: &Table<Reg, Fact>, wanted: impl Fn(usize) -> bool) -> Needed {
    let mut open: Vec<Reg> = Vec::new();
    let mut seen: Table<Reg, bool> = body.regs.ids().map(|_| false).collect();
    let mut inputs: Table<InputId, bool> = body.inputs.ids().map(|_| false).collect();
    let mut want = |reg: Reg, open: &mut Vec<Reg>| {
        if !matches!(facts[reg], Same(_)) && !seen[reg] {
            seen[reg] = true;
            open.push(reg);
        }
    };
    for (index, sink) in body.sinks.iter().enumerate() {
        if wanted(index) {
            want(sink.reg(), &mut open);
        }
    }
    let known = open.is_empty();
    while let Some(reg) = open.pop() {
        match body.regs[reg].inst {
            BodyInst::Const(_) => {}
            BodyInst::Input(input) => inputs[input] = true,
            BodyInst::Map(Elementwise::Select {
                condition,
                then,
                otherwise,
            }) => match facts[condition].truth() {
                Some(true) => want(then, &mut open),
                Some(false) => want(otherwise, &mut open),
                None => [condition, then, otherwise]
                    .into_iter()
                    .for_each(|arg| want(arg, &mut open)),
            },
            BodyInst::Map(map) => map.args().for_each(|arg| want(arg, &mut open)),
        }
    }
    Needed { known, inputs }
}

/// The same body, computing no register that is known, nor anything that only those need; registers that are known
/// become constants. Inputs and sinks stay where they are.
pub fn specialised(body: &Body, facts: &Table<Reg, Fact>) -> Body {
    let alias = aliases(body, facts);
    let mut wanted: Table<Reg, bool> = body.regs.ids().map(|_| false).collect();
    for sink in &body.sinks {
        wanted[alias[sink.reg()]] = true;
    }
    for reg in body.regs.ids().rev() {
        if let BodyInst::Map(map) = body.regs[reg].inst
            && wanted[reg]
            && facts[reg].same().is_none()
        {
            map.args().for_each(|arg| wanted[alias[arg]] = true);
        }
    }
    let mut out = Body {
        inputs: body.inputs.clone(),
        ..Body::default()
    };
    let mut moved: Table<Reg, Reg> = body.regs.ids().collect();
    for (reg, data) in body.regs.iter().filter(|(reg, _)| wanted[*reg]) {
        let inst = match (facts[reg].same(), &data.inst) {
            (Some(value), _) => BodyInst::Const(value),
            (None, BodyInst::Map(map)) => BodyInst::Map(map.map(|arg| moved[alias[arg]])),
            (None, inst) => inst.clone(),
        };
        let dtype = data.dtype;
        moved[reg] = out.regs.push(RegData { inst, dtype });
    }
    let sinks = body.sinks.iter();
    out.sinks = sinks
        .map(|sink| match *sink {
            Sink::Store(reg) => Sink::Store(moved[alias[reg]]),
            Sink::Fold(op, reg) => Sink::Fold(op, moved[alias[reg]]),
        })
        .collect();
    out
}

/// For each register the one that it is the same as: what a known condition picks, what a known truth leaves of an `and`
/// or `or`.
fn aliases(body: &Body, facts: &Table<Reg, Fact>) -> Table<Reg, Reg> {
    let mut alias: Table<Reg, Reg> = body.regs.ids().collect();
    for (reg, data) in body.regs.iter() {
        let BodyInst::Map(map) = data.inst else {
            continue;
        };
        let picked = match map {
            Elementwise::Select {
                condition,
                then,
                otherwise,
            } => match facts[condition].truth() {
                Some(true) => Some(then),
                Some(false) => Some(otherwise),
                None => None,
            },
            Elementwise::Binary(op @ (BinaryOp::And | BinaryOp::Or), a, b)
                if data.dtype.is_bool() =>
            {
                let neutral = Some(op == BinaryOp::And);
                match (facts[a].truth() == neutral, facts[b].truth() == neutral) {
                    (true, _) => Some(b),
                    (_, true) => Some(a),
                    (false, false) => None,
                }
            }
            Elementwise::Binary(..) | Elementwise::Unary(..) | Elementwise::Cast(_) => None,
        };
        if let Some(picked) = picked.filter(|_| facts[reg].same().is_none()) {
            alias[reg] = alias[picked];
        }
    }
    alias
}

/// The body that computes one bool register of another one, and folds it: whether any element is true, or all are.
pub fn probe(body: &Body, reg: Reg, fold: FoldOp) -> Body {
    let mut whole = body.clone();
    whole.sinks = vec![Sink::Fold(fold, reg)];
    let unknown = body
        .regs
        .rows()
        .iter()
        .map(|data| Fact::unknown(data.dtype));
    specialised(&whole, &unknown.collect())
}

/// The inputs that a body reads.
pub fn inputs_read(body: &Body) -> Table<InputId, bool> {
    let mut read: Table<InputId, bool> = body.inputs.ids().map(|_| false).collect();
    for data in body.regs.rows() {
        if let BodyInst::Input(input) = data.inst {
            read[input] = true;
        }
    }
    read
}

/// What [`needed`] finds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Needed {
    /// Whether all that is delivered is known: every sink gets one element over and over.
    pub known: bool,
    /// The inputs of which elements are needed.
    pub inputs: Table<InputId, bool>,
}

/// What is known of the result, of `dtype`, of an operation.
fn step(map: Elementwise<(Fact, DType)>, dtype: DType) -> Fact {
    match map {
        Elementwise::Unary(op, (arg, from)) => {
            match arg {
                // Which sign a NaN has is not known.
                Same(value) if op == UnaryOp::SignBit && value.is_nan() => bool_fact(None),
                Same(value) => scalar::unary(op, value).map_or(Fact::unknown(dtype), Same),
                Int { .. } | Float { .. } => unary(op, arg, from, dtype),
            }
        }
        Elementwise::Cast((arg, _)) => {
            if let Same(value) = arg {
                return Same(scalar::cast(value, dtype));
            }
            cast(arg, dtype)
        }
        Elementwise::Binary(op, (a, from), (b, _)) => {
            let sign_of_nan = |b: Scalar| op == BinaryOp::CopySign && b.is_nan();
            if let (Same(a), Same(b)) = (a, b) {
                if sign_of_nan(b) {
                    return Fact::unknown(dtype);
                }
                return scalar::binary(op, a, b).map_or(Fact::unknown(dtype), Same);
            }
            match (a.wide(), b.wide()) {
                (Int { low: a, high: b }, Int { low: c, high: d }) => {
                    ints(op, (a, b), (c, d), from, dtype)
                }
                (a @ Float { .. }, b @ Float { .. }) => floats(op, a, b, dtype),
                (_, _) => Fact::unknown(dtype),
            }
        }
        Elementwise::Select {
            condition: (condition, _),
            then: (then, _),
            otherwise: (otherwise, _),
        } => match condition.truth() {
            Some(true) => then,
            Some(false) => otherwise,
            None => then.or(otherwise),
        },
    }
}

fn bool_fact(truth: Option<bool>) -> Fact {
    match truth {
        Some(truth) => Same(Scalar::Bool(truth)),
        None => Int { low: 0, high: 1 },
    }
}

/// Bounds that hold unless one lies outside of `dtype`: then an integer may have wrapped.
fn within(low: Option<i128>, high: Option<i128>, dtype: DType) -> Fact {
    match (low, high, dtype.int_range()) {
        (Some(low), Some(high), Some((least, greatest)))
            if least <= low && low <= high && high <= greatest =>
        {
            Int { low, high }
        }
        (_, _, _) => Fact::unknown(dtype),
    }
}

fn unary(op: UnaryOp, arg: Fact, from: DType, dtype: DType) -> Fact {
    match arg.wide() {
        Int { low, high } => match op {
            UnaryOp::Neg => within(Some(-high), Some(-low), dtype),
            UnaryOp::Abs if low >= 0 => Int { low, high },
            UnaryOp::Abs if high <= 0 => within(Some(-high), Some(-low), dtype),
            UnaryOp::Abs => within(Some(0), Some(high.max(-low)), dtype),
            UnaryOp::Not if from.is_bool() => Int {
                low: 1 - high,
                high: 1 - low,
            },
            UnaryOp::Not if from.is_unsigned() => match from.int_range() {
                Some((_, most)) => within(Some(most - high), Some(most - low), dtype),
                None => Fact::unknown(dtype),
            },
            UnaryOp::Not => within(Some(-1 - high), Some(-1 - low), dtype),
            UnaryOp::Sign => Int {
                low: low.signum(),
                high: high.signum(),
            },
            // Those are of floats.
            UnaryOp::Sqrt
            | UnaryOp::Floor
            | UnaryOp::Ceil
            | UnaryOp::Trunc
            | UnaryOp::Rint
            | UnaryOp::IsNan
            | UnaryOp::IsFinite
            | UnaryOp::IsInf
            | UnaryOp::SignBit
            | UnaryOp::Sin
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
            | UnaryOp::Lgamma => Fact::unknown(dtype),
        },
        Float { low, high, nan } => float_unary(op, (low, high, nan), dtype),
        Same(_) => Fact::unknown(dtype),
    }
}

fn float_unary(op: UnaryOp, (low, high, nan): (f64, f64, bool), dtype: DType) -> Fact {
    let none = low > high;
    let finite = low > f64::NEG_INFINITY && high < f64::INFINITY;
    let exact = |low: f64, high: f64| Float { low, high, nan };
    // A function that grows, from `least` on; below that it is NaN.
    let at = |value: f64| {
        let value = scalar::cast(Scalar::Float64(value), dtype);
        scalar::unary(op, value).map_or(f64::NAN, Scalar::as_f64)
    };
    let grows = |least: f64| {
        if none || high < least {
            return NO_NUMBERS;
        }
        let (from, to) = (at(low.max(least)), at(high));
        if from.is_nan() || to.is_nan() {
            return Fact::unknown(dtype);
        }
        let bounds = (widen(from, -1.0, dtype), widen(to, 1.0, dtype));
        Float {
            low: bounds.0,
            high: bounds.1,
            nan: nan || low < least,
        }
    };
    match op {
        UnaryOp::IsNan if !nan => bool_fact(Some(false)),
        UnaryOp::IsNan => bool_fact(none.then_some(true)),
        UnaryOp::IsFinite if none => bool_fact(Some(false)),
        UnaryOp::IsFinite => bool_fact((finite && !nan).then_some(true)),
        UnaryOp::IsInf => bool_fact((none || finite).then_some(false)),
        UnaryOp::SignBit if nan || none => bool_fact(None),
        UnaryOp::SignBit if low > 0.0 => bool_fact(Some(false)),
        UnaryOp::SignBit if high < 0.0 => bool_fact(Some(true)),
        UnaryOp::SignBit => bool_fact(None),
        // Whatever is computed of NaN is NaN.
        _ if none => NO_NUMBERS,
        UnaryOp::Neg => exact(-high, -low),
        UnaryOp::Abs if low >= 0.0 => exact(low, high),
        UnaryOp::Abs if high <= 0.0 => exact(-high, -low),
        UnaryOp::Abs => exact(0.0, high.max(-low)),
        UnaryOp::Sign => exact(sign(low), sign(high)),
        UnaryOp::Floor => exact(low.floor(), high.floor()),
        UnaryOp::Ceil => exact(low.ceil(), high.ceil()),
        UnaryOp::Trunc => exact(low.trunc(), high.trunc()),
        UnaryOp::Rint => exact(low.round_ties_even(), high.round_ties_even()),
        UnaryOp::Sqrt => {
            if high < 0.0 {
                return NO_NUMBERS;
            }
            Float {
                low: rounded(low.max(0.0).sqrt(), dtype),
                high: rounded(high.sqrt(), dtype),
                nan: nan || low < 0.0,
            }
        }
        UnaryOp::Sin | UnaryOp::Cos | UnaryOp::Erf | UnaryOp::Tanh => Float {
            low: widen(-1.0, -1.0, dtype),
            high: widen(1.0, 1.0, dtype),
            nan: nan || !finite,
        },
        UnaryOp::Exp
        | UnaryOp::Exp2
        | UnaryOp::Expm1
        | UnaryOp::Sinh
        | UnaryOp::Asinh
        | UnaryOp::Atan
        | UnaryOp::Cbrt => grows(f64::NEG_INFINITY),
        UnaryOp::Log | UnaryOp::Log2 | UnaryOp::Log10 => grows(0.0),
        UnaryOp::Log1p => grows(-1.0),
        UnaryOp::Not
        | UnaryOp::Tan
        | UnaryOp::Asin
        | UnaryOp::Acos
        | UnaryOp::Cosh
        | UnaryOp::Acosh
        | UnaryOp::Atanh
        | UnaryOp::Erfc
        | UnaryOp::Gamma
        | UnaryOp::Lgamma => Fact::unknown(dtype),
    }
}

fn sign(value: f64) -> f64 {
    match value {
        value if value > 0.0 => 1.0,
        value if value < 0.0 => -1.0,
        _ => 0.0,
    }
}

/// As an operation on `dtype` rounds it: computed in float64, sums, products, quotients and roots of float32 round to
/// the same float32.
fn rounded(value: f64, dtype: DType) -> f64 {
    match dtype == DType::Float32 {
        true => f64::from(value as f32),
        false => value,
    }
}

/// A bound that is further out, in the direction of `side`, than any error of a math function.
fn widen(value: f64, side: f64, dtype: DType) -> f64 {
    let (relative, least, most) = match dtype == DType::Float32 {
        true => (1e-5, f64::from(f32::MIN_POSITIVE), f64::from(f32::MAX)),
        false => (1e-12, f64::MIN_POSITIVE, f64::MAX),
    };
    // A result next to infinity may be either side of it.
    let value = if value.is_infinite() && value * side < 0.0 {
        -side * most
    } else {
        value
    };
    rounded(value + side * (value.abs() * relative + least), dtype)
}

fn ints(
    op: BinaryOp,
    (a, b): (i128, i128),
    (c, d): (i128, i128),
    from: DType,
    dtype: DType,
) -> Fact {
    let all = |f: fn(i128, i128) -> Option<i128>| {
        let ends = [f(a, c), f(a, d), f(b, c), f(b, d)];
        let low = ends.into_iter().reduce(|x, y| Some(x?.min(y?))).flatten();
        let high = ends.into_iter().reduce(|x, y| Some(x?.max(y?))).flatten();
        within(low, high, dtype)
    };
    let positive = a >= 0 && c >= 0;
    match op {
        BinaryOp::Add => all(i128::checked_add),
        BinaryOp::Sub => all(i128::checked_sub),
        BinaryOp::Mul => all(i128::checked_mul),
        BinaryOp::FloorDiv if c > 0 => all(i128::checked_div_euclid),
        BinaryOp::Mod if c > 0 && positive => Int {
            low: 0,
            high: b.min(d - 1),
        },
        BinaryOp::Mod if c > 0 => Int {
            low: 0,
            high: d - 1,
        },
        BinaryOp::Min => Int {
            low: a.min(c),
            high: b.min(d),
        },
        BinaryOp::Max => Int {
            low: a.max(c),
            high: b.max(d),
        },
        BinaryOp::Eq => bool_fact(equal((a, b), (c, d))),
        BinaryOp::Ne => bool_fact(equal((a, b), (c, d)).map(|equal| !equal)),
        BinaryOp::Lt => bool_fact(less((a, b), (c, d))),
        BinaryOp::Le => bool_fact(less((c, d), (a, b)).map(|less| !less)),
        BinaryOp::Gt => bool_fact(less((c, d), (a, b))),
        BinaryOp::Ge => bool_fact(less((a, b), (c, d)).map(|less| !less)),
        BinaryOp::And if from.is_bool() && (b == 0 || d == 0) => bool_fact(Some(false)),
        BinaryOp::Or if from.is_bool() && (a == 1 || c == 1) => bool_fact(Some(true)),
        BinaryOp::And if positive => Int {
            low: 0,
            high: b.min(d),
        },
        BinaryOp::Or | BinaryOp::Xor if positive => Int {
            low: 0,
            // All bits of the larger one.
            high: (1i128 << (128 - b.max(d).leading_zeros())) - 1,
        },
        BinaryOp::Div
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
        | BinaryOp::And
        | BinaryOp::Or
        | BinaryOp::Xor
        | BinaryOp::Shl
        | BinaryOp::Shr => Fact::unknown(dtype),
    }
}

/// Whether all of one are equal to all of the other, or none to any.
fn equal<T: PartialOrd>((a, b): (T, T), (c, d): (T, T)) -> Option<bool> {
    (b < c || d < a).then_some(false)
}

/// Whether all of one are less than all of the other, or none than any.
fn less<T: PartialOrd>((a, b): (T, T), (c, d): (T, T)) -> Option<bool> {
    match (b < c, a >= d) {
        (true, false) => Some(true),
        (false, true) => Some(false),
        (_, _) => None,
    }
}

fn floats(op: BinaryOp, a: Fact, b: Fact, dtype: DType) -> Fact {
    let (
        Float {
            low: a,
            high: b,
            nan,
        },
        Float {
            low: c,
            high: d,
            nan: other,
        },
    ) = (a, b)
    else {
        return Fact::unknown(dtype);
    };
    let nan = nan || other;
    let none = a > b || c > d;
    // Where a NaN is compared the answer is no, of `!=` yes.
    let no = |truth: Option<bool>| match truth {
        _ if none => bool_fact(Some(false)),
        Some(true) if nan => bool_fact(None),
        _ => bool_fact(truth),
    };
    match op {
        BinaryOp::Eq => no(equal((a, b), (c, d))),
        BinaryOp::Ne if none => bool_fact(Some(true)),
        BinaryOp::Ne => bool_fact(equal((a, b), (c, d)).map(|equal| !equal)),
        BinaryOp::Lt => no(less((a, b), (c, d))),
        BinaryOp::Gt => no(less((c, d), (a, b))),
        BinaryOp::Le => no(less((c, d), (a, b)).map(|less| !less)),
        BinaryOp::Ge => no(less((a, b), (c, d)).map(|less| !less)),
        BinaryOp::Add => ends(|x, y| x + y, (a, b), (c, d), nan || none, dtype),
        BinaryOp::Sub => ends(|x, y| x - y, (a, b), (c, d), nan || none, dtype),
        BinaryOp::Mul => {
            let zero = |low: f64, high: f64| low <= 0.0 && high >= 0.0;
            let endless = |low: f64, high: f64| low.is_infinite() || high.is_infinite();
            match zero(a, b) && endless(c, d) || zero(c, d) && endless(a, b) {
                true => Fact::unknown(dtype),
                false => ends(|x, y| x * y, (a, b), (c, d), nan || none, dtype),
            }
        }
        BinaryOp::Div if c > 0.0 || d < 0.0 => {
            let quotient = |x: f64, y: f64| match dtype == DType::Float32 {
                // Rounded once: twice is another number where it has few digits.
                true => f64::from(x as f32 / y as f32),
                false => x / y,
            };
            ends(quotient, (a, b), (c, d), nan || none, dtype)
        }
        BinaryOp::Min | BinaryOp::Max if none => NO_NUMBERS,
        BinaryOp::Min => Float {
            low: a.min(c),
            high: b.min(d),
            nan,
        },
        BinaryOp::Max => Float {
            low: a.max(c),
            high: b.max(d),
            nan,
        },
        BinaryOp::Div
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
        | BinaryOp::And
        | BinaryOp::Or
        | BinaryOp::Xor
        | BinaryOp::Shl
        | BinaryOp::Shr => Fact::unknown(dtype),
    }
}

/// The bounds of an operation that grows or falls with each argument, unless it is NaN at an end.
fn ends(
    f: impl Fn(f64, f64) -> f64,
    (a, b): (f64, f64),
    (c, d): (f64, f64),
    nan: bool,
    dtype: DType,
) -> Fact {
    let ends = [f(a, c), f(a, d), f(b, c), f(b, d)];
    if ends.iter().any(|end| end.is_nan()) || a > b || c > d {
        return Fact::unknown(dtype);
    }
    Float {
        low: rounded(ends.into_iter().fold(f64::INFINITY, f64::min), dtype),
        high: rounded(ends.into_iter().fold(f64::NEG_INFINITY, f64::max), dtype),
        nan,
    }
}

fn cast(arg: Fact, dtype: DType) -> Fact {
    let zero = |low: bool, high: bool| bool_fact((low || high).then_some(true));
    match arg.wide() {
        Int { low, high } if dtype.is_bool() => zero(low > 0, high < 0),
        Float { low, high, .. } if dtype.is_bool() => zero(low > 0.0, high < 0.0),
        Int { low, high } if dtype == DType::Float32 => Float {
            low: f64::from(low as f32),
            high: f64::from(high as f32),
            nan: false,
        },
        Int { low, high } if dtype.is_float() => Float {
            low: low as f64,
            high: high as f64,
            nan: false,
        },
        Int { low, high } => within(Some(low), Some(high), dtype),
        Float { low, high, nan } if dtype.is_float() => Float {
            low: rounded(low, dtype),
            high: rounded(high, dtype),
            nan,
        },
        Float { low, high, nan } => {
            let bound = |value| scalar::cast(Scalar::Float64(value), dtype).as_i128();
            let numbers = (low <= high).then_some([low, high]);
            // NaN becomes 0.
            let ends = numbers.into_iter().flatten().filter_map(bound);
            let ends = ends.chain(nan.then_some(0));
            within(ends.clone().min(), ends.max(), dtype)
        }
        Same(_) => Fact::unknown(dtype),
    }
}

#[cfg(test)]
mod tests;
