//! In: what is counted, and the name of a rule. Out: how many bins of equal width NumPy's rule asks for
//! once the data is known. Never: a rule that counts bins to choose them.

use super::call::Given;
use super::histogram::{Counted, Ends};
use super::reduce::Asked;
use super::{Checker, Reported, Res};
use crate::diag::{Code, Diagnostic, nearest};
use crate::ir::{RaiseKind, Value};
use crate::limits::DEFAULT_BINS;
use crate::math::scalar;
use crate::syntax::ast::{Node, NodeId};
use crate::types::{BinaryOp, DType, Scalar, UnaryOp};

/// NumPy's rules.
const RULES: [&str; 8] = [
    "auto", "doane", "fd", "rice", "scott", "sqrt", "stone", "sturges",
];

/// The elements that a rule looks at.
struct Sample<'c> {
    given: &'c Given,
    value: Value,
    asked: Asked,
    /// How many there are, as float64.
    size: Value,
    /// From the smallest to the largest: float32 of such elements, else float64.
    extent: Value,
}

impl Checker<'_> {
    /// How many bins a rule asks for, one of nothing and where all elements are the same; and for how
    /// many there is room.
    pub(super) fn estimated(
        &mut self,
        given: &Given,
        node: NodeId,
        counted: Counted,
        ends: &Ends,
    ) -> Res<(Value, usize)> {
        let rule = self.rule(node)?;
        if let Some(weights) = self.optional(given, "weights") {
            let message = "an estimated number of bins takes no `weights`";
            let diagnostic =
                Diagnostic::new(Code::NoSuchOperation, message, self.span(weights), "")
                    .label(self.span(node), "estimated")
                    .help("write the number of bins");
            self.report(diagnostic);
            return Err(Reported);
        }
        if self.build.shape(counted.value).contains(&0) {
            return Ok((self.constant(Scalar::Int64(1))?, 1));
        }
        if rule == "stone" {
            let what = format!("`bins={}`", self.text(node));
            return Err(self.not_yet(self.span(node), &what));
        }
        let sample = self.sample(given, counted, ends)?;
        let mut width = match rule {
            "auto" => self.auto_width(&sample)?,
            "doane" => self.doane_width(&sample)?,
            "fd" => self.fd_width(&sample)?,
            "rice" => self.rice_width(&sample)?,
            "scott" => self.scott_width(&sample)?,
            "sturges" => self.sturges_width(&sample)?,
            _ => self.sqrt_width(&sample)?,
        };
        let dtype = self.build.dtype(width);
        let zero = self.constant(Scalar::from_bits(dtype, 0))?;
        let apart = self.binary(BinaryOp::Ne, width, zero)?;
        let one = self.constant(scalar::cast(Scalar::Float64(1.0), dtype))?;
        if !self.build.dtype(counted.value).is_float() {
            width = self.binary(BinaryOp::Max, width, one)?;
        }
        let n = self.quotient(ends.width, width)?;
        let n = self.unary(UnaryOp::Ceil, n)?;
        let n = self.cast(n, DType::Float64)?;
        let (none, one) = (self.float(0.0)?, self.float(1.0)?);
        let some = self.binary(BinaryOp::Gt, sample.size, none)?;
        let some = self.binary(BinaryOp::And, some, apart)?;
        let n = self.select(some, n, one)?;
        let within = ends.inside.is_none();
        let room = match most_bins(rule, self.build.shape(counted.value).elems()) {
            Some(most) if within => most.min(DEFAULT_BINS),
            _ => DEFAULT_BINS,
        };
        self.room_for(n, room)?;
        Ok((self.cast(n, DType::Int64)?, room))
    }

    /// The name of a rule.
    fn rule(&mut self, node: NodeId) -> Res<&'static str> {
        let Node::Str(name) = &self.frame.ast.nodes[node] else {
            return Err(self.no_literal(node, "`bins`", "a string"));
        };
        if let Some(rule) = RULES.into_iter().find(|rule| rule == name) {
            return Ok(rule);
        }
        let message = format!("there is no way `{name}` to estimate the number of bins");
        let diagnostic = Diagnostic::new(Code::BadLiteral, message, self.span(node), "");
        let diagnostic = match nearest(name, RULES.into_iter()) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
            None => diagnostic.help(format!("the ways are {}", RULES.join(", "))),
        };
        self.report(diagnostic);
        Err(Reported)
    }

    fn sample<'c>(&mut self, given: &'c Given, counted: Counted, ends: &Ends) -> Res<Sample<'c>> {
        let mask = match (ends.inside, counted.mask) {
            (Some(inside), Some(mask)) => Some(self.binary(BinaryOp::And, inside, mask)?),
            (inside, mask) => inside.or(mask),
        };
        let looked = Counted { mask, ..counted };
        let value = counted.value;
        let shape = self.build.shape(value).clone();
        let asked = Asked {
            axes: (0..shape.ndim()).collect(),
            keepdims: false,
            mask,
            dtype: None,
            ddof: 0.0,
            cut: self.cut(&shape, std::iter::once(value).chain(mask)),
            shape,
        };
        let [least, most] = self.extremes_of(looked)?;
        Ok(Sample {
            given,
            value,
            size: self.how_many(&asked)?,
            asked,
            extent: self.distance(least, most)?,
        })
    }

    /// No number of bins that there is no room for.
    fn room_for(&mut self, n: Value, room: usize) -> Res<()> {
        let (one, most) = (self.float(1.0)?, self.float(room as f64)?);
        let some = self.binary(BinaryOp::Ge, n, one)?;
        let few = self.binary(BinaryOp::Le, n, most)?;
        let fits = self.binary(BinaryOp::And, some, few)?;
        let never = self.unary(UnaryOp::Not, fits)?;
        self.build.raise(never, RaiseKind::ManyBins);
        Ok(())
    }

    fn sqrt_width(&mut self, sample: &Sample) -> Res<Value> {
        let root = self.unary(UnaryOp::Sqrt, sample.size)?;
        self.quotient(sample.extent, root)
    }

    fn sturges_width(&mut self, sample: &Sample) -> Res<Value> {
        let log = self.unary(UnaryOp::Log2, sample.size)?;
        let one = self.float(1.0)?;
        let bins = self.binary(BinaryOp::Add, log, one)?;
        self.quotient(sample.extent, bins)
    }

    fn rice_width(&mut self, sample: &Sample) -> Res<Value> {
        let bins = self.power_of(2.0, sample, 1.0 / 3.0)?;
        // NumPy has a weak number here.
        let bins = self.cast(bins, self.build.dtype(sample.extent))?;
        self.binary(BinaryOp::Div, sample.extent, bins)
    }

    fn scott_width(&mut self, sample: &Sample) -> Res<Value> {
        let mass = self.float(24.0 * std::f64::consts::PI.sqrt())?;
        let share = self.binary(BinaryOp::Div, mass, sample.size)?;
        let third = self.float(1.0 / 3.0)?;
        let factor = self.binary(BinaryOp::Pow, share, third)?;
        let (_, deviation) = self.moments(sample)?;
        // As above.
        let dtype = self.build.dtype(sample.extent);
        let (factor, deviation) = (self.cast(factor, dtype)?, self.cast(deviation, dtype)?);
        self.binary(BinaryOp::Mul, factor, deviation)
    }

    fn doane_width(&mut self, sample: &Sample) -> Res<Value> {
        let n = sample.size;
        let [zero, one, two, three, six] = [0.0, 1.0, 2.0, 3.0, 6.0].map(|at| self.float(at));
        let (zero, one, two, three, six) = (zero?, one?, two?, three?, six?);
        let less = self.binary(BinaryOp::Sub, n, two)?;
        let above = self.binary(BinaryOp::Mul, six, less)?;
        let (more, most) = (
            self.binary(BinaryOp::Add, n, one)?,
            self.binary(BinaryOp::Add, n, three)?,
        );
        let below = self.binary(BinaryOp::Mul, more, most)?;
        let share = self.binary(BinaryOp::Div, above, below)?;
        let usual = self.unary(UnaryOp::Sqrt, share)?;
        let (off, deviation) = self.moments(sample)?;
        let off = self.binary(BinaryOp::Div, off, deviation)?;
        let square = self.binary(BinaryOp::Mul, off, off)?;
        let cube = self.binary(BinaryOp::Mul, square, off)?;
        let skew = self.averaged(cube, &sample.asked)?;
        let skew = self.unary(UnaryOp::Abs, skew)?;
        let skew = self.binary(BinaryOp::Div, skew, usual)?;
        let skew = self.binary(BinaryOp::Add, one, skew)?;
        let skew = self.unary(UnaryOp::Log2, skew)?;
        let log = self.unary(UnaryOp::Log2, n)?;
        let bins = self.binary(BinaryOp::Add, one, log)?;
        let bins = self.binary(BinaryOp::Add, bins, skew)?;
        let width = self.quotient(sample.extent, bins)?;
        let many = self.binary(BinaryOp::Gt, n, two)?;
        let differ = self.binary(BinaryOp::Gt, deviation, zero)?;
        let skewed = self.binary(BinaryOp::And, many, differ)?;
        self.select(skewed, width, zero)
    }

    fn fd_width(&mut self, sample: &Sample) -> Res<Value> {
        let upper = self.at_fraction(sample.given, sample.value, &sample.asked, 0.75)?;
        let lower = self.at_fraction(sample.given, sample.value, &sample.asked, 0.25)?;
        let middle = self.binary(BinaryOp::Sub, upper, lower)?;
        let two = self.float(2.0)?;
        let twice = self.binary(BinaryOp::Mul, two, middle)?;
        let factor = self.power_of(1.0, sample, -1.0 / 3.0)?;
        self.binary(BinaryOp::Mul, twice, factor)
    }

    fn auto_width(&mut self, sample: &Sample) -> Res<Value> {
        let (fd, sturges) = (self.fd_width(sample)?, self.sturges_width(sample)?);
        let root = self.sqrt_width(sample)?;
        let two = self.float(2.0)?;
        let half = self.binary(BinaryOp::Div, root, two)?;
        let wide = self.binary(BinaryOp::Max, fd, half)?;
        self.binary(BinaryOp::Min, wide, sturges)
    }

    /// What each element is off the mean, and the standard deviation, in float64.
    fn moments(&mut self, sample: &Sample) -> Res<(Value, Value)> {
        let wide = self.cast(sample.value, DType::Float64)?;
        let mean = self.averaged(wide, &sample.asked)?;
        let off = self.binary(BinaryOp::Sub, wide, mean)?;
        let square = self.binary(BinaryOp::Mul, off, off)?;
        let variance = self.averaged(square, &sample.asked)?;
        Ok((off, self.unary(UnaryOp::Sqrt, variance)?))
    }

    /// A power of how many elements there are, and some times that.
    fn power_of(&mut self, times: f64, sample: &Sample, exponent: f64) -> Res<Value> {
        let (times, exponent) = (self.float(times)?, self.float(exponent)?);
        let power = self.binary(BinaryOp::Pow, sample.size, exponent)?;
        self.binary(BinaryOp::Mul, times, power)
    }

    /// In float32 if both are.
    fn quotient(&mut self, a: Value, b: Value) -> Res<Value> {
        let narrow = [a, b]
            .iter()
            .all(|&value| self.build.dtype(value) == DType::Float32);
        let dtype = if narrow {
            DType::Float32
        } else {
            DType::Float64
        };
        let (a, b) = (self.cast(a, dtype)?, self.cast(b, dtype)?);
        self.binary(BinaryOp::Div, a, b)
    }

    fn float(&mut self, value: f64) -> Res<Value> {
        self.constant(Scalar::Float64(value))
    }
}

/// The most bins that a rule asks for between the smallest and the largest of `size` elements, or of
/// some of them; none if that depends on how they lie.
fn most_bins(rule: &str, size: usize) -> Option<usize> {
    let (n, log) = (size as f64, size.max(1).ilog2() as usize + 1);
    match rule {
        "sqrt" => Some(n.sqrt() as usize + 2),
        // Its bins are at least half as wide as those.
        "auto" => Some((2.0 * n.sqrt()) as usize + log + 4),
        "rice" => Some((2.0 * n.cbrt()) as usize + 3),
        "sturges" => Some(log + 3),
        // The skewness is at most the root of the size, and its usual error at least that of 1 by it.
        "doane" => Some(2 * log + 8),
        _ => None,
    }
}
