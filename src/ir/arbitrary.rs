//! In: random bytes. Out: well-typed functions, kernel bodies and elements, for property tests and
//! fuzzing. Never: one that does not verify.

#[cfg(test)]
mod body;

#[cfg(test)]
pub(crate) use body::body;

use arbitrary::{Result, Unstructured};

use super::{
    Border, Builder, Concat, Cut, DimCut, Elementwise, Filter, Generator, Operand, RaiseKind, Rank,
    Reduce, ReduceOp, Rounded, Scan, ScanOp, SourceAxis, Step, Tally, Value, Verified, View,
};
use crate::math::scalar;
use crate::types::{BinaryOp, DType, Grid, Scalar, Shape, UnaryOp};

/// A function and bytes for its operands.
pub(crate) fn program(u: &mut Unstructured) -> Result<(Verified, Vec<Vec<u8>>)> {
    let func = func(u)?;
    let seed: u64 = u.arbitrary()?;
    let operands = func.operands.rows().iter().enumerate();
    let bytes = operands.map(|(index, operand)| {
        let mut random = Random(seed ^ ((index as u64) << 32));
        let mut bytes = Vec::new();
        for _ in 0..operand.shape.elems() {
            random.scalar(operand.dtype).write(&mut bytes);
        }
        bytes
    });
    let bytes = bytes.collect();
    Ok((func, bytes))
}

/// A function of a few operands, values, outputs and raises.
pub(crate) fn func(u: &mut Unstructured) -> Result<Verified> {
    let mut b = Builder::new();
    let base = shape(u)?;
    let mut pool = Vec::new();
    for index in 0..u.int_in_range(1..=3)? {
        let operand = operand(u, &base, index)?;
        let id = b.operand(operand);
        pool.push(b.elem(id).expect("an operand is well typed"));
    }
    for _ in 0..u.int_in_range(1..=16)? {
        if let Some(value) = value(u, &mut b, &pool, &base)? {
            pool.push(value);
        }
    }
    for index in 0..u.int_in_range(0..=3)? {
        let value = *u.choose(&pool)?;
        let other = *u.choose(&pool)?;
        let filter = filter(u, &mut b, value, other)?;
        b.output_where(format!("out {index}"), value, filter);
    }
    let last = *u.choose(&pool[pool.len() - 1..])?;
    b.output("last", last);
    if u.ratio(1, 4)? {
        let value = *u.choose(&pool)?;
        let condition = b.cast(value, DType::Bool).expect("anything casts to bool");
        b.raise(condition, *u.choose(&RaiseKind::ALL)?);
    }
    Ok(b.finish().expect("a built function verifies"))
}

/// Now and then a filter for `value` by what `other` says where it has the same shape, or `value`.
fn filter(
    u: &mut Unstructured,
    b: &mut Builder,
    value: Value,
    other: Value,
) -> Result<Option<Filter>> {
    let shape = b.shape(value).clone();
    if shape.ndim() == 0 || u.ratio(1, 2)? {
        return Ok(None);
    }
    let by = if *b.shape(other) == shape {
        other
    } else {
        value
    };
    let axes = u.int_in_range(1..=shape.ndim())?;
    // The mask is the same all along the axes behind.
    let mut mask = b.cast(by, DType::Bool).expect("anything casts to bool");
    if axes < shape.ndim() {
        let own = |axis| match axis < axes {
            true => SourceAxis::same(axis),
            false => SourceAxis::At(0),
        };
        let view = View {
            arg: mask,
            axes: (0..shape.ndim()).map(own).collect(),
        };
        if shape[axes..].contains(&0) {
            return Ok(None);
        }
        mask = b.view(view, shape).expect("it repeats the first of each");
    }
    Ok(Some(Filter { mask, axes }))
}

/// Extents of at most three axes: small, or one axis longer than a strip.
fn shape(u: &mut Unstructured) -> Result<Shape> {
    if u.ratio(1, 8)? {
        return Ok(Shape::new(&[u.int_in_range(500..=1500)?]));
    }
    let mut extents = Vec::new();
    for _ in 0..u.int_in_range(0..=3)? {
        extents.push(u.int_in_range(0..=9)?);
    }
    Ok(Shape::from(extents))
}

/// A shape that broadcasts to `base`.
fn part(u: &mut Unstructured, base: &Shape) -> Result<Shape> {
    let skip = if u.ratio(1, 4)? {
        u.int_in_range(0..=base.ndim())?
    } else {
        0
    };
    let mut extents = base[skip..].to_vec();
    for extent in &mut extents {
        if u.ratio(1, 6)? {
            *extent = 1;
        }
    }
    Ok(Shape::from(extents))
}

fn operand(u: &mut Unstructured, base: &Shape, index: usize) -> Result<Operand> {
    let shape = part(u, base)?;
    let grid = match u.arbitrary()? {
        true => {
            let chunk = within(u, &shape)?;
            let block = within(u, &chunk)?;
            Some(Grid { chunk, block })
        }
        false => None,
    };
    let names = ["a", "b", "größe 2", "chunk", "\"\\\n"];
    Ok(Operand {
        name: format!("{}{index}", u.choose(&names)?),
        dtype: *u.choose(&DType::ALL)?,
        shape,
        grid,
        damaged: false,
    })
}

/// Extents of at least 1, within those of `shape` where they can be.
fn within(u: &mut Unstructured, shape: &Shape) -> Result<Shape> {
    let mut extents = Vec::new();
    for &extent in shape.iter() {
        extents.push(u.int_in_range(1..=extent.max(1))?);
    }
    Ok(Shape::from(extents))
}

/// One more value; `None` where what came up breaks a rule.
fn value(
    u: &mut Unstructured,
    b: &mut Builder,
    pool: &[Value],
    base: &Shape,
) -> Result<Option<Value>> {
    match u.int_in_range(0..=22)? {
        21 => tally(u, b, pool),
        22 => concat(u, b, pool),
        16..=17 => view(u, b, pool),
        19..=20 => Ok(b.scan(scan(u, b, pool)?).ok()),
        18 => {
            let arg = *u.choose(pool)?;
            let shape = refolded(u, b.shape(arg))?;
            Ok(b.reshape(arg, shape).ok())
        }
        0..=1 => {
            let scalar = constant(u)?;
            Ok(match u.ratio(1, 3)? {
                true => b.full(scalar, part(u, base)?).ok(),
                false => b.constant(scalar).ok(),
            })
        }
        2 => generate(u, b, base),
        3..=5 => {
            let reduce = reduce(u, b, pool)?;
            Ok(b.reduce(reduce).ok())
        }
        _ => {
            let typed: Vec<(Value, DType)> = pool.iter().map(|&v| (v, b.dtype(v))).collect();
            let cast = |v, dtype| b.cast(v, dtype).expect("anything casts");
            let (map, dtype) = elementwise(u, &typed, cast)?;
            let declared = map.args().next().map(|arg| (dtype, b.shape(arg).clone()));
            Ok(b.push(super::Inst::Map(map), declared).ok())
        }
    }
}

/// Up to four values beside each other, those whose shapes fit the first.
fn concat(u: &mut Unstructured, b: &mut Builder, pool: &[Value]) -> Result<Option<Value>> {
    let first = *u.choose(pool)?;
    let (dtype, shape) = (b.dtype(first), b.shape(first).clone());
    if shape.ndim() == 0 {
        return Ok(None);
    }
    let axis = u.int_in_range(0..=shape.ndim() - 1)?;
    let others = |shape: &Shape| {
        let mut others = shape.to_vec();
        others[axis] = 0;
        others
    };
    let mut parts = vec![first];
    for _ in 0..u.int_in_range(0..=3)? {
        let part = *u.choose(pool)?;
        let fits = b.shape(part).ndim() == shape.ndim() && others(b.shape(part)) == others(&shape);
        let part = if fits { part } else { first };
        parts.push(b.cast(part, dtype).expect("anything casts"));
    }
    Ok(b.concat(Concat { parts, axis }).ok())
}

fn generate(u: &mut Unstructured, b: &mut Builder, base: &Shape) -> Result<Option<Value>> {
    let len = base.last().copied().unwrap_or(1);
    let dtype = *u.choose(&DType::ALL[1..])?;
    let seed = u.arbitrary()?;
    let mut random = Random(seed);
    let generator = match u.arbitrary()? {
        true => Generator::Arange {
            start: random.scalar(dtype),
            step: random.scalar(dtype),
        },
        false => {
            let mut float = || random.scalar(DType::Float64);
            Generator::Linspace {
                start: float(),
                step: float(),
                stop: u.ratio(1, 2)?.then(&mut float),
                tiny: u.ratio(1, 2)?.then(|| (float(), float())),
            }
        }
    };
    Ok(b.generate(generator, dtype, len).ok())
}

/// A view: axes of the argument fixed, moved, stepped, repeated, bounded or picked; new axes.
fn view(u: &mut Unstructured, b: &mut Builder, pool: &[Value]) -> Result<Option<Value>> {
    let arg = *u.choose(pool)?;
    let source = b.shape(arg).clone();
    if source.contains(&0) {
        return Ok(None);
    }
    let mut order: Vec<usize> = (0..source.ndim()).collect();
    if u.ratio(1, 3)? {
        order.reverse();
    }
    let (mut axes, mut shape) = (vec![SourceAxis::At(0); source.ndim()], Vec::new());
    for axis in order {
        if u.ratio(1, 6)? {
            shape.push(u.int_in_range(1..=3)?);
        }
        if u.ratio(1, 6)? {
            axes[axis] = SourceAxis::At(u.int_in_range(0..=source[axis] - 1)?);
            continue;
        }
        let (step, extent) = match u.ratio(1, 8)? {
            true => look(u, b, pool, source[axis])?,
            false => step(u, source[axis])?,
        };
        axes[axis] = match step {
            Some(step) => SourceAxis::step(shape.len(), step),
            None => SourceAxis::same(shape.len()),
        };
        shape.push(extent);
    }
    Ok(b.view(View { arg, axes }, Shape::from(shape)).ok())
}

/// Indices into an axis of `extent` that a value has, and how many there are.
fn look(
    u: &mut Unstructured,
    b: &mut Builder,
    pool: &[Value],
    extent: usize,
) -> Result<(Option<Step>, usize)> {
    let list = *u.choose(pool)?;
    let count = b.shape(list).elems();
    if count > 100 {
        return Ok((None, extent));
    }
    let list = b.cast(list, DType::Int64).expect("anything casts to int64");
    let list = b.reshape(list, Shape::new(&[count]));
    let list = list.expect("as many elements");
    Ok((
        Some(Step::Look {
            list,
            count,
            extent,
        }),
        count,
    ))
}

/// A step into an axis of `extent`, and how many elements it is for.
fn step(u: &mut Unstructured, extent: usize) -> Result<(Option<Step>, usize)> {
    let last = extent - 1;
    Ok(match u.int_in_range(0..=5)? {
        0 => (None, extent),
        1 => {
            let start = u.int_in_range(0..=last)?;
            let step = u.int_in_range(1..=3)?;
            let count = (extent - start).div_ceil(step as usize);
            (Some(Step::Affine { start, step }), count)
        }
        2 => {
            let start = u.int_in_range(0..=last)?;
            let step = u.int_in_range(1..=3usize)?;
            let count = start / step + 1;
            let step = -(step as isize);
            (Some(Step::Affine { start, step }), count)
        }
        3 => {
            let times = u.int_in_range(1..=3)?;
            (Some(Step::Repeat(times)), extent * times)
        }
        4 => {
            let offset = u.int_in_range(-12..=12)?;
            let rule = *u.choose(&Border::ALL)?;
            let bounded = Step::Bounded {
                offset,
                extent,
                rule,
            };
            (Some(bounded), u.int_in_range(1..=12)?)
        }
        _ => {
            let mut list = Vec::new();
            for _ in 0..u.int_in_range(1..=4)? {
                list.push(u.int_in_range(0..=last)?);
            }
            let count = list.len();
            (Some(Step::Pick(list.into())), count)
        }
    })
}

/// Another shape of as many elements: flat, or with the outermost axes joined or one split.
fn refolded(u: &mut Unstructured, shape: &Shape) -> Result<Shape> {
    let flat = Shape::new(&[shape.elems()]);
    Ok(match (u.int_in_range(0..=2)?, &shape[..]) {
        (0, [a, b, rest @ ..]) => Shape::from([&[a * b][..], rest].concat()),
        (1, [first, rest @ ..]) if first % 2 == 0 => {
            Shape::from([&[2, first / 2][..], rest].concat())
        }
        (2, _) => shape.with_axis(1),
        _ => flat,
    })
}

fn scan(u: &mut Unstructured, b: &Builder, pool: &[Value]) -> Result<Scan> {
    let arg = *u.choose(pool)?;
    Ok(Scan {
        op: *u.choose(&ScanOp::ALL)?,
        arg,
        axis: u.int_in_range(0..=b.shape(arg).ndim())?,
        initial: u.ratio(1, 4)?,
    })
}

fn reduce(u: &mut Unstructured, b: &mut Builder, pool: &[Value]) -> Result<Reduce> {
    let arg = *u.choose(pool)?;
    let shape = &b.shape(arg).clone();
    let mut axes = Vec::new();
    for axis in 0..shape.ndim() {
        if u.ratio(2, 3)? {
            axes.push(axis);
        }
    }
    let cut = match u.int_in_range(0..=2)? {
        0 => Cut::boxes(shape),
        _ => {
            let outer = within(u, shape)?;
            let inner = within(u, &outer)?;
            let pairs = outer.iter().zip(inner.iter());
            let dims = pairs.map(|(&outer, &inner)| DimCut { outer, inner });
            Cut {
                dims: dims.collect(),
            }
        }
    };
    let ddof = u.int_in_range(0..=2)? as f64;
    let ddof = ddof.to_bits();
    let elems: usize = axes.iter().map(|&axis| shape[axis]).product();
    let rank = u.int_in_range(0..=elems.max(1) - 1)? as u64;
    let bins = u.int_in_range(0..=5)?;
    let op = *u.choose(&[
        ReduceOp::Nth {
            rank: Rank::Known(rank),
        },
        ReduceOp::Bins { bins },
        ReduceOp::Sum,
        ReduceOp::Prod,
        ReduceOp::Mean,
        ReduceOp::Min,
        ReduceOp::Max,
        ReduceOp::ArgMin,
        ReduceOp::ArgMax,
        ReduceOp::Any,
        ReduceOp::All,
        ReduceOp::CountNonzero,
        ReduceOp::Var { ddof },
        ReduceOp::Std { ddof },
    ])?;
    let along = matches!(op, ReduceOp::Nth { .. }) && axes.len() < shape.ndim();
    let cut = if along {
        cut.spanning(shape, &axes)
    } else {
        cut
    };
    if matches!(op, ReduceOp::Nth { .. }) && elems > 0 && u.arbitrary()? {
        let count = Reduce {
            op: ReduceOp::CountNonzero,
            arg,
            axes: (0..shape.ndim()).collect(),
            keepdims: u.arbitrary()?,
            cut: cut.clone(),
        };
        let count = b.reduce(count).expect("anything is counted");
        return Ok(Reduce {
            op: ReduceOp::Nth {
                rank: Rank::Found(count),
            },
            arg,
            axes,
            keepdims: u.arbitrary()?,
            cut,
        });
    }
    if matches!(op, ReduceOp::Bins { .. }) {
        return Ok(Reduce {
            op,
            arg: b.cast(arg, DType::Int64).expect("anything casts to int64"),
            axes: (0..shape.ndim()).collect(),
            keepdims: false,
            cut,
        });
    }
    Ok(Reduce {
        op,
        arg,
        axes,
        keepdims: u.arbitrary()?,
        cut,
    })
}

/// Sums of weights: of a value by another where that has the same shape, else by itself.
fn tally(u: &mut Unstructured, b: &mut Builder, pool: &[Value]) -> Result<Option<Value>> {
    let number = *u.choose(pool)?;
    let other = *u.choose(pool)?;
    let weight = match b.shape(other) == b.shape(number) {
        true => other,
        false => number,
    };
    let rounded = match u.ratio(1, 2)? {
        true => Some(Rounded {
            block: u.int_in_range(1..=12)?,
            dtype: *u.choose(&DType::ALL[1..])?,
        }),
        false => None,
    };
    let dtype = match rounded.is_none() && u.ratio(1, 2)? {
        true => DType::Int64,
        false => DType::Float64,
    };
    let tally = Tally {
        number: b.cast(number, DType::Int64).expect("anything casts"),
        weight: b.cast(weight, dtype).expect("anything casts"),
        bins: u.int_in_range(0..=5)?,
        rounded,
    };
    Ok(b.tally(tally).ok())
}

/// An elementwise operation over some of `pool` and its dtype; `cast` converts where needed.
/// Signs are asked of numbers that were integers: the sign of a computed NaN is not specified.
fn elementwise<V: Copy>(
    u: &mut Unstructured,
    pool: &[(V, DType)],
    mut cast: impl FnMut(V, DType) -> V,
) -> Result<(Elementwise<V>, DType)> {
    let (a, dtype) = *u.choose(pool)?;
    // The argument's own dtype where the operation takes it, else any that it takes.
    let fitting = |u: &mut Unstructured, takes: &dyn Fn(DType) -> bool| {
        let all: Vec<DType> = DType::ALL.into_iter().filter(|&d| takes(d)).collect();
        match takes(dtype) {
            true => Ok(dtype),
            false => u.choose(&all).copied(),
        }
    };
    match u.int_in_range(0..=9)? {
        0..=2 => {
            let op = *u.choose(&UnaryOp::ALL)?;
            let dtype = fitting(u, &|dtype| op.result(dtype).is_some())?;
            let result = op.result(dtype).unwrap_or(dtype);
            let a = if op == UnaryOp::SignBit {
                cast(a, DType::Int32)
            } else {
                a
            };
            Ok((Elementwise::Unary(op, cast(a, dtype)), result))
        }
        3..=7 => {
            let op = *u.choose(&BinaryOp::ALL)?;
            let dtype = fitting(u, &|dtype| op.result(dtype).is_some())?;
            let b = u.choose(pool)?.0;
            let b = if op == BinaryOp::CopySign {
                cast(b, DType::Int32)
            } else {
                b
            };
            let result = op.result(dtype).unwrap_or(dtype);
            let (a, b) = (cast(a, dtype), cast(b, dtype));
            Ok((Elementwise::Binary(op, a, b), result))
        }
        8 => {
            let (condition, otherwise) = (u.choose(pool)?.0, u.choose(pool)?.0);
            let select = Elementwise::Select {
                condition: cast(condition, DType::Bool),
                then: a,
                otherwise: cast(otherwise, dtype),
            };
            Ok((select, dtype))
        }
        _ => Ok((Elementwise::Cast(a), *u.choose(&DType::ALL)?)),
    }
}

/// A constant: most are those that rewrites look for.
fn constant(u: &mut Unstructured) -> Result<Scalar> {
    let dtype = *u.choose(&DType::ALL)?;
    let seed = u.arbitrary()?;
    Ok(match u.ratio(2, 3)? {
        true => {
            let plain = *u.choose(&[0.0, -0.0, 1.0, -1.0, 2.0, 0.25, 3.0])?;
            scalar::cast(Scalar::Float64(plain), dtype)
        }
        false => Random(seed).scalar(dtype),
    })
}

/// Elements from a seed (SplitMix64).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A scalar: a small number, the edge of a range, or any bits.
    pub(crate) fn scalar(&mut self, dtype: DType) -> Scalar {
        let edges = [
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            -0.0,
            0.0,
            i64::MIN as f64,
            u64::MAX as f64,
            f64::MIN_POSITIVE,
            f64::MAX,
        ];
        let bits = self.bits();
        let number = match bits % 8 {
            0 => edges[(bits >> 8) as usize % edges.len()],
            1 => return Scalar::from_bits(dtype, self.bits()),
            2..=4 => ((bits >> 8) % 21) as f64 - 10.0,
            _ => ((bits >> 8) % 20_001) as f64 / 100.0 - 100.0,
        };
        scalar::cast(Scalar::Float64(number), dtype)
    }
}
