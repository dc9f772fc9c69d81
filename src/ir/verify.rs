//! In: a function from anywhere. Out: the same function, known to obey the IR's rules.
//! Never: a repair.

use std::collections::HashSet;
use std::fmt;
use std::ops::Deref;

use super::{
    Elementwise, Filter, Func, Generator, Inst, Rank, Reduce, ReduceOp, Rounded, Scan, Tally,
    Value, ValueData,
};
use crate::limits::{MAX_BINS, MAX_VALUES};
use crate::table::Id;
use crate::types::{DType, Shape};

/// A function that obeys the IR's rules: only such can be interpreted, optimised and compiled.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Verified(Func);

/// How a function breaks the IR's rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyError {
    /// The value at fault, where there is one.
    pub value: Option<Value>,
    /// What is wrong.
    pub message: String,
}

impl Verified {
    /// Checks every rule.
    pub fn new(func: Func) -> Result<Verified, VerifyError> {
        verify(&func)?;
        Ok(Verified(func))
    }

    /// Gives the function back, to be changed.
    pub fn into_inner(self) -> Func {
        self.0
    }
}

impl Deref for Verified {
    type Target = Func;
    fn deref(&self) -> &Func {
        &self.0
    }
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.value {
            Some(value) => write!(f, "{value}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for VerifyError {}

fn verify(func: &Func) -> Result<(), VerifyError> {
    if func.values.len() > MAX_VALUES {
        return Err(error(None, format!("more than {MAX_VALUES} values")));
    }
    verify_operands(func).map_err(|message| error(None, message))?;
    for (id, data) in func.values.iter() {
        let at = |message: String| error(Some(id), message);
        verify_shape(&data.shape).map_err(at)?;
        for arg in data.inst.args() {
            if arg.index() >= id.index() {
                return Err(at(format!("names {arg}, which is not before it")));
            }
        }
        let (dtype, shape) =
            type_of(func, &data.inst, Some((data.dtype, &data.shape))).map_err(at)?;
        if (dtype, &shape) != (data.dtype, &data.shape) {
            let found = format!("{}{}", data.dtype, data.shape);
            return Err(at(format!("is {dtype}{shape}, but says {found}")));
        }
    }
    verify_roots(func)
}

fn verify_shape(shape: &Shape) -> Result<(), String> {
    match shape.checked_elems() {
        Some(_) if shape.ndim_allowed() => Ok(()),
        Some(_) | None => Err(format!("shape {shape} is too large")),
    }
}

fn verify_operands(func: &Func) -> Result<(), String> {
    let mut names = HashSet::new();
    for (id, operand) in func.operands.iter() {
        let at = |message: String| format!("{id}: {message}");
        verify_shape(&operand.shape).map_err(at)?;
        if let Some(grid) = &operand.grid {
            let ndim = operand.shape.ndim();
            if (grid.chunk.ndim(), grid.block.ndim()) != (ndim, ndim) {
                return Err(at("the grid and the operand differ in axes".into()));
            }
        }
        if !names.insert(&operand.name) {
            return Err(at(format!("`{}` names two operands", operand.name)));
        }
    }
    Ok(())
}

fn verify_roots(func: &Func) -> Result<(), VerifyError> {
    let known = |value: Value| func.values.get(value);
    for output in &func.outputs {
        if known(output.value).is_none() {
            return Err(error(
                Some(output.value),
                "is an output but no value".into(),
            ));
        }
        if let Some(filter) = &output.filter {
            verify_filter(func, output.value, filter)?;
        }
    }
    for raise in &func.raises {
        match known(raise.condition) {
            Some(data) if data.dtype == DType::Bool => {}
            _ => return Err(error(Some(raise.condition), "must be a bool value".into())),
        }
    }
    Ok(())
}

fn verify_filter(func: &Func, value: Value, filter: &Filter) -> Result<(), VerifyError> {
    let wrong = |message: &str| error(Some(filter.mask), message.into());
    let whole = &func.values[value].shape;
    let mask = func.values.get(filter.mask);
    let mask = mask.ok_or_else(|| wrong("is a mask but no value"))?;
    if mask.dtype != DType::Bool || mask.shape != *whole {
        return Err(wrong("must be bool and of the shape of what it filters"));
    }
    let behind = whole.get(filter.axes..);
    if filter.axes == 0 || behind.is_none_or(|behind| behind.contains(&0)) {
        return Err(wrong(
            "filters an axis at least, those behind having elements",
        ));
    }
    Ok(())
}

fn error(value: Option<Value>, message: String) -> VerifyError {
    VerifyError { value, message }
}

/// The dtype and shape an instruction gives. `declared` is what it says of itself, needed where
/// the arguments do not fix it: constants, generators, views and reshapes (shape), casts (dtype).
pub(super) fn type_of(
    func: &Func,
    inst: &Inst,
    declared: Option<(DType, &Shape)>,
) -> Result<(DType, Shape), String> {
    let data = |value: Value| {
        func.values
            .get(value)
            .ok_or_else(|| format!("names {value}, which does not exist"))
    };
    match inst {
        Inst::Const(scalar) => {
            let shape = declared.map_or(Shape::scalar(), |(_, shape)| shape.clone());
            Ok((scalar.dtype(), shape))
        }
        Inst::Elem(id) => {
            let operand = func
                .operands
                .get(*id)
                .ok_or_else(|| format!("names {id}, which does not exist"))?;
            Ok((operand.dtype, operand.shape.clone()))
        }
        Inst::Generate(generator) => generator_type(generator, declared),
        Inst::Map(map) => map_type(map, declared, data),
        Inst::Reduce(reduce) => {
            let rank = reduce.op.found().map(&data).transpose()?;
            reduce_type(reduce, data(reduce.arg)?, rank)
        }
        Inst::View(view) => {
            let arg = data(view.arg)?;
            let (_, shape) = declared.ok_or("a view must declare its shape")?;
            for (list, count) in view.lists() {
                let list = data(list)?;
                if (list.dtype, &list.shape[..]) != (DType::Int64, &[count][..]) {
                    let what = format!("{count} indices in {}{}", list.dtype, list.shape);
                    return Err(what);
                }
            }
            match view.fault(shape, &arg.shape) {
                Some(fault) => Err(fault),
                None => Ok((arg.dtype, shape.clone())),
            }
        }
        Inst::Reshape(arg) => {
            let arg = data(*arg)?;
            let (_, shape) = declared.ok_or("a reshape must declare its shape")?;
            match shape.checked_elems() == arg.shape.checked_elems() {
                true => Ok((arg.dtype, shape.clone())),
                false => Err(format!("shape {} cannot become {shape}", arg.shape)),
            }
        }
        Inst::Concat(concat) => {
            let parts: Result<Vec<&ValueData>, String> =
                concat.parts.iter().map(|&part| data(part)).collect();
            concat_type(&parts?, concat.axis)
        }
        Inst::Scan(scan) => scan_type(scan, data(scan.arg)?),
        Inst::Tally(tally) => tally_type(tally, data(tally.number)?, data(tally.weight)?),
    }
}

fn generator_type(
    generator: &Generator,
    declared: Option<(DType, &Shape)>,
) -> Result<(DType, Shape), String> {
    let (dtype, shape) = declared.ok_or("a generator must declare its type")?;
    if shape.ndim() != 1 {
        return Err("a generator has one axis".into());
    }
    match generator {
        Generator::Arange { start, step } if start.dtype() != dtype || step.dtype() != dtype => {
            Err("arange needs a start and a step of its own dtype".into())
        }
        Generator::Linspace {
            start,
            step,
            stop,
            tiny,
        } => {
            let tiny = tiny.iter().flat_map(|(div, delta)| [div, delta]);
            let mut scalars = [start, step].into_iter().chain(stop).chain(tiny);
            match scalars.all(|scalar| scalar.dtype() == DType::Float64) {
                true => Ok((dtype, shape.clone())),
                false => Err("linspace needs float64 scalars".into()),
            }
        }
        Generator::Random { .. } if dtype != DType::Float64 => {
            Err("random numbers are float64".into())
        }
        Generator::Arange { .. } | Generator::Random { .. } => Ok((dtype, shape.clone())),
    }
}

fn map_type<'f>(
    map: &Elementwise<Value>,
    declared: Option<(DType, &Shape)>,
    data: impl Fn(Value) -> Result<&'f super::ValueData, String>,
) -> Result<(DType, Shape), String> {
    let mut shape = Shape::scalar();
    for arg in map.args() {
        let other = &data(arg)?.shape;
        shape = shape
            .broadcast(other)
            .map_err(|_| format!("shapes {shape} and {other} do not broadcast"))?;
    }
    let dtype = match *map {
        Elementwise::Unary(op, a) => {
            let dtype = data(a)?.dtype;
            op.result(dtype)
                .ok_or_else(|| format!("{} does not take {dtype}", op.name()))?
        }
        Elementwise::Binary(op, a, b) => {
            let (left, right) = (data(a)?.dtype, data(b)?.dtype);
            if left != right {
                return Err(format!("{} of {left} and {right}", op.name()));
            }
            op.result(left)
                .ok_or_else(|| format!("{} does not take {left}", op.name()))?
        }
        Elementwise::Select {
            condition,
            then,
            otherwise,
        } => {
            if data(condition)?.dtype != DType::Bool {
                return Err("the condition of select must be bool".into());
            }
            let (left, right) = (data(then)?.dtype, data(otherwise)?.dtype);
            if left != right {
                return Err(format!("select of {left} and {right}"));
            }
            left
        }
        Elementwise::Cast(_) => declared.ok_or("a cast must declare its dtype")?.0,
    };
    Ok((dtype, shape))
}

fn reduce_type(
    reduce: &Reduce,
    arg: &ValueData,
    found: Option<&ValueData>,
) -> Result<(DType, Shape), String> {
    let sorted = reduce.axes.windows(2).all(|pair| pair[0] < pair[1]);
    if !sorted || reduce.axes.iter().any(|&axis| axis >= arg.shape.ndim()) {
        return Err(format!("axes {:?} of shape {}", reduce.axes, arg.shape));
    }
    if reduce.cut.dims.len() != arg.shape.ndim() {
        return Err("the cut and the argument differ in axes".into());
    }
    if reduce
        .cut
        .dims
        .iter()
        .any(|dim| dim.outer == 0 || dim.inner == 0)
    {
        return Err("a cut needs extents of at least 1".into());
    }
    if let ReduceOp::Var { ddof } | ReduceOp::Std { ddof } = reduce.op
        && f64::from_bits(ddof).is_nan()
    {
        return Err("ddof must be a number".into());
    }
    let shape = reduce.result_shape(&arg.shape);
    if let ReduceOp::Nth { rank } = reduce.op {
        let all = reduce.axes.len() == arg.shape.ndim();
        let elems = reduce.axes.iter().map(|&axis| arg.shape[axis] as f64);
        if let Rank::Known(rank) = rank
            && rank as f64 >= elems.product()
            && shape.checked_elems() != Some(0)
        {
            return Err(format!("there is no rank {rank} among so few elements"));
        }
        if let Some(found) = found
            && (found.dtype != DType::Int64 || found.shape.checked_elems() != Some(1))
        {
            return Err("a rank that is found is one int64".into());
        }
        if !all && !reduce.cut.spans(&arg.shape, &reduce.axes) {
            return Err("what is sorted along some axes must be whole in a tile".into());
        }
    }
    if let ReduceOp::Bins { bins } = reduce.op {
        let all = reduce.axes.len() == arg.shape.ndim() && !reduce.keepdims;
        if arg.dtype != DType::Int64 || !all || bins > MAX_BINS {
            return Err(format!(
                "{bins} bins of {} along {:?}",
                arg.dtype, reduce.axes
            ));
        }
    }
    if reduce.op.needs_elements()
        && arg.shape.checked_elems() == Some(0)
        && shape.checked_elems() != Some(0)
    {
        return Err(format!("{} over no elements", reduce.op.name()));
    }
    Ok((reduce.op.result(arg.dtype), shape))
}

fn concat_type(parts: &[&ValueData], axis: usize) -> Result<(DType, Shape), String> {
    let first = parts.first().ok_or("nothing to put together")?;
    let mut extents = first.shape.to_vec();
    let extent = extents.get_mut(axis);
    *extent.ok_or_else(|| format!("axis {axis} of shape {}", first.shape))? = 0;
    let mut total = 0usize;
    for part in parts {
        let mut others = part.shape.to_vec();
        let along = others.get_mut(axis).map(std::mem::take);
        if part.dtype != first.dtype || others != extents {
            let (a, b) = (&first.shape, &part.shape);
            return Err(format!(
                "concat of {}{a} and {}{b}",
                first.dtype, part.dtype
            ));
        }
        let sum = along.and_then(|along| total.checked_add(along));
        total = sum.ok_or("concat of too many elements")?;
    }
    extents[axis] = total;
    Ok((first.dtype, Shape::from(extents)))
}

fn scan_type(scan: &Scan, arg: &ValueData) -> Result<(DType, Shape), String> {
    let Some(&extent) = arg.shape.get(scan.axis) else {
        return Err(format!("axis {} of shape {}", scan.axis, arg.shape));
    };
    if !scan.initial {
        return Ok((arg.dtype, arg.shape.clone()));
    }
    if scan.op.initial(arg.dtype).is_none() {
        return Err(format!("{} of nothing", scan.op.name()));
    }
    // What stands in front is delivered along with the first elements.
    let longer = extent.checked_add(1).filter(|_| extent > 0);
    let mut extents = arg.shape.to_vec();
    extents[scan.axis] = longer.ok_or_else(|| format!("scan of shape {}", arg.shape))?;
    Ok((arg.dtype, Shape::from(extents)))
}

fn tally_type(
    tally: &Tally,
    number: &ValueData,
    weight: &ValueData,
) -> Result<(DType, Shape), String> {
    let Tally { bins, rounded, .. } = *tally;
    if number.dtype != DType::Int64 || number.shape.ndim() == 0 || bins > MAX_BINS {
        return Err(format!("{bins} bins of {}{}", number.dtype, number.shape));
    }
    let dtype = match (weight.dtype, rounded) {
        (DType::Float64 | DType::Int64, None) => weight.dtype,
        (DType::Float64, Some(Rounded { block: 1.., dtype })) if !dtype.is_bool() => dtype,
        (dtype, _) => return Err(format!("weights of {dtype} rounded as {rounded:?}")),
    };
    match number.shape == weight.shape {
        true => Ok((dtype, Shape::new(&[bins]))),
        false => Err(format!("weights of {} for {}", weight.shape, number.shape)),
    }
}

impl Reduce {
    /// The shape of the result for an argument of `shape`.
    pub fn result_shape(&self, shape: &Shape) -> Shape {
        if let ReduceOp::Bins { bins } = self.op {
            return Shape::new(&[bins]);
        }
        let gone = |axis: &usize| self.axes.contains(axis);
        let extents: Vec<usize> = (0..shape.ndim())
            .filter(|axis| self.keepdims || !gone(axis))
            .map(|axis| if gone(&axis) { 1 } else { shape[axis] })
            .collect();
        Shape::from(extents)
    }
}
