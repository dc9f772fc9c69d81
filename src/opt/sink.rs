//! In: a function. Out: views and reshapes moved from elementwise values to what those read, down
//! to operands, generators and results: re-indexing costs no pass of its own.
//! Never: an elementwise value computed for many more elements than it has.

use std::collections::HashMap;

use super::rewrite::rewrite;
use crate::ir::{Elementwise, Func, Inst, SourceAxis, Value, ValueData, View};
use crate::limits::{MAX_KEPT_ELEMS, MAX_REPEATED, MAX_SUNK_VALUES};
use crate::source::Span;
use crate::types::{DType, Shape};

/// Moves every view and reshape down as far as it goes.
pub(super) fn sink(func: &Func) -> Func {
    let mut moved = HashMap::new();
    rewrite(func, |new, data| {
        let (arg, how) = match &data.inst {
            Inst::View(view) => (view.arg, How::View(view.axes.clone())),
            Inst::Reshape(arg) => (*arg, How::plain_reshape(&new.values[*arg].shape)),
            Inst::Const(_)
            | Inst::Elem(_)
            | Inst::Generate(_)
            | Inst::Map(_)
            | Inst::Reduce(_)
            | Inst::Concat(_)
            | Inst::Scan(_)
            | Inst::Tally(_) => {
                return new.values.push(data);
            }
        };
        let shape = data.shape.clone();
        let mut sinker = Sinker {
            func: new,
            moved: &mut moved,
            span: data.span,
        };
        sinker.sink(Seen { arg, how, shape })
    })
}

/// How the elements of a value are seen.
#[derive(Clone, PartialEq, Eq, Hash)]
enum How {
    View(Vec<SourceAxis>),
    /// A view of another shape first, which is reshaped.
    Reshape(Vec<SourceAxis>, Shape),
}

impl How {
    /// Reshaping a value of `shape` itself.
    fn plain_reshape(shape: &Shape) -> How {
        let same = (0..shape.ndim()).map(SourceAxis::same).collect();
        How::Reshape(same, shape.clone())
    }
}

/// A value seen elsewhere, under a shape.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Seen {
    arg: Value,
    how: How,
    shape: Shape,
}

/// What is left to do, in the order of a walk that sees arguments first.
enum Task {
    /// Find the value for this.
    Visit(Seen),
    /// The arguments of this elementwise value have been found.
    Build(Seen, Vec<Seen>),
}

struct Sinker<'s> {
    func: &'s mut Func,
    /// The values for what has been asked for.
    moved: &'s mut HashMap<Seen, Value>,
    span: Option<Span>,
}

impl Sinker<'_> {
    /// The value that `seen` is; without recursion, since elementwise values nest deeply.
    fn sink(&mut self, seen: Seen) -> Value {
        let mut tasks = vec![Task::Visit(seen.clone())];
        while let Some(task) = tasks.pop() {
            match task {
                Task::Visit(seen) if self.moved.contains_key(&seen) => {}
                Task::Visit(seen) => match self.arguments(&seen) {
                    Some(args) => {
                        let visits: Vec<Task> = args.iter().cloned().map(Task::Visit).collect();
                        tasks.push(Task::Build(seen, args));
                        tasks.extend(visits);
                    }
                    None => {
                        let value = self.leaf(&seen);
                        self.moved.insert(seen, value);
                    }
                },
                Task::Build(seen, args) => {
                    let value = self.rebuilt(&seen, &args);
                    self.moved.insert(seen, value);
                }
            }
        }
        // OK because the first visit ends in an entry for what it was asked.
        self.moved[&seen]
    }

    /// How the arguments of an elementwise value are seen, where it is worth moving to them.
    fn arguments(&self, seen: &Seen) -> Option<Vec<Seen>> {
        let data = &self.func.values[seen.arg];
        let Inst::Map(map) = &data.inst else {
            return None;
        };
        let (few, many) = (data.shape.elems(), seen.shape.elems());
        let repeats = few <= MAX_KEPT_ELEMS && many / MAX_REPEATED > few;
        if repeats || self.moved.len() > MAX_SUNK_VALUES {
            return None;
        }
        Some(match &seen.how {
            How::View(axes) => self.viewed(map, &data.shape, axes, &seen.shape),
            How::Reshape(axes, first) => self.reshaped(map, &data.shape, axes, first, &seen.shape),
        })
    }

    /// `view(op(a, b))` is `op(view(a), view(b))`, each seen along the axes that it has; what no
    /// argument reaches, one of them repeats.
    fn viewed(
        &self,
        map: &Elementwise<Value>,
        from: &Shape,
        axes: &[SourceAxis],
        to: &Shape,
    ) -> Vec<Seen> {
        let args: Vec<Value> = map.args().collect();
        let own = |arg: &Value| View::of_part(axes, &self.func.values[*arg].shape, from);
        let seen: Vec<Vec<SourceAxis>> = args.iter().map(own).collect();
        let reached = |axis: usize| seen.iter().flatten().any(|own| own.axis() == Some(axis));
        // The outermost axis is carried even if its extent is 1, so that the result has it.
        let missing: Vec<usize> = (0..to.ndim())
            .filter(|&axis| (axis == 0 || to[axis] != 1) && !reached(axis))
            .collect();
        let constant = |arg: &Value| matches!(self.func.values[*arg].inst, Inst::Const(_));
        let carrier = args.iter().position(constant).unwrap_or(0);
        let each = args.iter().zip(seen).enumerate();
        each.map(|(index, (&arg, own))| {
            let carried = if index == carrier { &missing[..] } else { &[] };
            narrowed(arg, own, to, carried)
        })
        .collect()
    }

    /// `reshape(op(a, b))` is `op(reshape(a), reshape(b))` of arguments that are broadcast to
    /// every element first; single values stay single.
    fn reshaped(
        &self,
        map: &Elementwise<Value>,
        from: &Shape,
        axes: &[SourceAxis],
        first: &Shape,
        to: &Shape,
    ) -> Vec<Seen> {
        let args: Vec<Value> = map.args().collect();
        let own = |arg: &Value| View::of_part(axes, &self.func.values[*arg].shape, from);
        let seen: Vec<Vec<SourceAxis>> = args.iter().map(own).collect();
        let single = |own: &Vec<SourceAxis>| own.iter().all(|source| source.axis().is_none());
        let carrier = seen.iter().position(|own| !single(own)).unwrap_or(0);
        let each = args.iter().zip(seen).enumerate();
        each.map(|(index, (&arg, own))| {
            let (how, shape) = match single(&own) && index != carrier {
                true => (How::View(own), Shape::scalar()),
                false => (How::Reshape(own, first.clone()), to.clone()),
            };
            Seen { arg, how, shape }
        })
        .collect()
    }

    /// An elementwise value over arguments that were seen.
    fn rebuilt(&mut self, seen: &Seen, args: &[Seen]) -> Value {
        let data = self.func.values[seen.arg].clone();
        let Inst::Map(map) = data.inst else {
            // OK because only elementwise values have arguments to visit.
            return seen.arg;
        };
        let mut args = args.iter().map(|arg| self.moved[arg]);
        // OK because `arguments` gave one for each.
        let map = map.map(|_| args.next().expect("as many arguments"));
        self.func.values.push(ValueData {
            inst: Inst::Map(map),
            shape: seen.shape.clone(),
            ..data
        })
    }

    /// A value that is no elementwise one, or stays where it is, seen.
    fn leaf(&mut self, seen: &Seen) -> Value {
        let data = &self.func.values[seen.arg];
        let (dtype, shape) = (data.dtype, seen.shape.clone());
        let inst = match (&seen.how, &data.inst) {
            (_, Inst::Const(scalar)) => Inst::Const(*scalar),
            (How::View(axes), inner) => {
                let joined = inner.view().and_then(|inner| inner.seen_by(axes));
                let (arg, axes) = (seen.arg, axes.clone());
                return self.view(joined.unwrap_or(View { arg, axes }), shape);
            }
            (How::Reshape(axes, first), _) => {
                let (how, shape) = (How::View(axes.clone()), first.clone());
                let arg = seen.arg;
                let viewed = self.leaf(&Seen { arg, how, shape });
                return self.reshape(viewed, seen.shape.clone());
            }
        };
        self.push(inst, dtype, shape)
    }

    fn view(&mut self, view: View, shape: Shape) -> Value {
        let source = &self.func.values[view.arg];
        let same = |(axis, own): (usize, &SourceAxis)| *own == SourceAxis::same(axis);
        if source.shape == shape && view.axes.iter().enumerate().all(same) {
            return view.arg;
        }
        let dtype = source.dtype;
        self.push(Inst::View(view), dtype, shape)
    }

    fn reshape(&mut self, arg: Value, shape: Shape) -> Value {
        let source = &self.func.values[arg];
        let dtype = source.dtype;
        match source.inst {
            _ if source.shape == shape => arg,
            Inst::Reshape(inner) => self.reshape(inner, shape),
            Inst::Const(_)
            | Inst::Elem(_)
            | Inst::Generate(_)
            | Inst::Map(_)
            | Inst::Reduce(_)
            | Inst::Concat(_)
            | Inst::Scan(_)
            | Inst::Tally(_)
            | Inst::View(_) => self.push(Inst::Reshape(arg), dtype, shape),
        }
    }

    fn push(&mut self, inst: Inst, dtype: DType, shape: Shape) -> Value {
        let span = self.span;
        self.func.values.push(ValueData {
            inst,
            dtype,
            shape,
            span,
        })
    }
}

/// An argument seen along `own`, under as few axes as broadcasting allows: those in front that it
/// does not depend on go, others that it neither depends on nor carries have extent 1.
fn narrowed(arg: Value, own: Vec<SourceAxis>, to: &Shape, carried: &[usize]) -> Seen {
    let kept = |axis: usize| {
        carried.contains(&axis) || own.iter().any(|source| source.axis() == Some(axis))
    };
    let skip = (0..to.ndim()).find(|&axis| kept(axis)).unwrap_or(to.ndim());
    let extents = (skip..to.ndim()).map(|axis| if kept(axis) { to[axis] } else { 1 });
    let shape: Vec<usize> = extents.collect();
    let axes = own.into_iter().map(|source| match source {
        SourceAxis::At(at) => SourceAxis::At(at),
        SourceAxis::Along { axis, steps } => SourceAxis::Along {
            axis: axis - skip,
            steps,
        },
    });
    Seen {
        arg,
        how: How::View(axes.collect()),
        shape: Shape::from(shape),
    }
}
