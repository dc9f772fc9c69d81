//! In: a verified function. Out: the passes over the data that compute it, in order.
//! Never: a pass that nobody needs, or a sink before what it reads.
//!
//! The function is cut at its reductions, scans and tallies. The *level* of a value is the number of them on
//! the longest path to it; what is delivered (a stored array, a folded reduction, a scan, a condition
//! that must not hold) belongs to the level of what it reads. Deliveries of the same level, domain
//! and cut share a pass, scans if they go along the same axis. One that nothing waits for moves to a later pass over the same domain
//! rather than have one of its own.
//!
//! Elementwise values over nothing but results and constants, of at most
//! [`MAX_EPILOGUE_ELEMS`](crate::limits::MAX_EPILOGUE_ELEMS) elements, are computed once, in *epilogues*: passes over no data.
//!
//! Filtered outputs and tallies have passes of their own, whose tiles are delivered in order.

mod group;
mod lower;
mod show;
mod uses;

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::ir::{Cut, Func, Inst, OperandId, Output, Reduce, Value, Verified, View};
use crate::table::Table;
use crate::types::{DType, Grid, Shape};

pub use lower::{Want, fold_dtype, fold_op};

use group::{Group, delay, groups};
use uses::{Fact, facts, is_leaf, wanted};

/// The passes of a function, in an order in which they can run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassPlan {
    /// The passes; each reads only results of passes before it.
    pub passes: Vec<Pass>,
    /// Where each of the function's outputs comes from, in the function's order.
    pub outputs: Vec<Home>,
    homes: HashMap<Value, Home>,
}

/// The sink that delivers a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Home {
    /// Index of the pass.
    pub pass: usize,
    /// Index of the sink within the pass.
    pub sink: usize,
}

/// One walk over a domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pass {
    /// What is walked over.
    pub domain: Shape,
    /// How the domain is cut into tiles.
    pub cut: Cut,
    /// What the body reads, in the order of the function's values; all broadcast to the domain.
    pub inputs: Vec<Input>,
    /// The constants and elementwise values needed, in the order of the function's values.
    pub body: Vec<Value>,
    /// What is delivered.
    pub sinks: Vec<PassSink>,
    /// Whether this is a small computation over results only, which reads no data.
    pub epilogue: bool,
    /// How the tiles are walked over.
    pub kind: Kind,
}

/// How a pass walks over its tiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Each tile once.
    Once,
    /// All tiles several times over: its sinks look for elements at ranks of all.
    Rounds,
    /// Each tile once, delivered in C order: its sinks filter, or add up weights.
    Ordered,
}

/// Something that a pass reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// Where its elements come from.
    pub leaf: Leaf,
    /// Element type.
    pub dtype: DType,
    /// Its own extents.
    pub shape: Shape,
}

/// Where the elements of an input come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Leaf {
    /// An operand of the function.
    Operand(OperandId),
    /// A value that an earlier pass delivers: see [`PassPlan::home`].
    Result(Value),
    /// A generated value.
    Generate(Value),
    /// A view or reshape of another leaf, or a concat of several: see [`Leaf::root`].
    View(Value),
}

/// Something that a pass delivers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PassSink {
    /// Every element of a value; its shape is the domain.
    Store(Value),
    /// This reduction; its argument has the domain's shape.
    Fold(Value),
    /// This scan; its argument has the domain's shape.
    Scan(Value),
    /// The elements of the function's `outputs[index]` that pass its filter.
    Filter(usize),
    /// This tally; its numbers have the domain's shape.
    Tally(Value),
    /// A mask that filters of the pass go by; behind them.
    Mask(Value),
    /// The weights of tallies of the pass; behind them.
    Weight(Value),
    /// Whether the condition of the function's `raises[index]` holds anywhere, and where first.
    Raise(usize),
}

impl Leaf {
    /// How many indices are looked up for it, list by list.
    pub fn listed(self, func: &Func) -> impl Iterator<Item = usize> {
        self.lists(func).map(|(_, count)| count)
    }

    /// Whether elements of `value`, the result of another pass, are read for it.
    fn reads(self, func: &Func, value: Value) -> bool {
        let looks = self.lists(func).any(|(list, _)| list == value);
        looks || self == Leaf::Result(value) || self.seen(func).contains(&value)
    }

    /// The values that it sees, through views, reshapes and concats.
    fn seen(self, func: &Func) -> BTreeSet<Value> {
        let mut seen = BTreeSet::new();
        let mut open = match self {
            Leaf::View(value) => vec![value],
            Leaf::Operand(_) | Leaf::Result(_) | Leaf::Generate(_) => Vec::new(),
        };
        while let Some(value) = open.pop() {
            if !seen.insert(value) {
                continue;
            }
            open.extend(func.seen_by(value));
            if let Inst::Concat(concat) = &func.values[value].inst {
                open.extend(&concat.parts);
            }
        }
        seen
    }

    /// What indices are looked up in for it, and how many.
    fn lists(self, func: &Func) -> impl Iterator<Item = (Value, usize)> {
        let seen = self.seen(func).into_iter();
        let views = seen.filter_map(|value| func.values[value].inst.view());
        views.flat_map(View::lists)
    }

    /// The leaf that a view sees in the end, which may be a concat; the leaf itself where it is none.
    pub fn root(self, func: &Func) -> Leaf {
        match self {
            Leaf::View(value) => leaf(func, root(func, value)),
            Leaf::Operand(_) | Leaf::Result(_) | Leaf::Generate(_) => self,
        }
    }
}

/// A value, what it sees if it is a view or reshape, and so on.
fn sights(func: &Func, value: Value) -> impl Iterator<Item = Value> {
    std::iter::successors(Some(value), |&value| func.seen_by(value))
}

/// What a view, and those that it is of, look indices up in, and how many.
fn lists(func: &Func, view: Value) -> impl Iterator<Item = (Value, usize)> {
    let views = sights(func, view).filter_map(|value| func.values[value].inst.view());
    views.flat_map(View::lists)
}

/// The value that a view or reshape sees in the end; the value itself where it is none.
fn root(func: &Func, value: Value) -> Value {
    sights(func, value).last().unwrap_or(value)
}

impl PassPlan {
    /// Cuts a function into passes.
    pub fn new(func: &Verified) -> PassPlan {
        let facts = facts(func);
        let mut groups = groups(func, &facts, wanted(func, &facts));
        delay(&mut groups);
        // Stable: within a level, epilogues first, then in order of their first value.
        groups.sort_by_key(|group| (group.level, !group.epilogue));
        let passes: Vec<Pass> = groups
            .iter()
            .flat_map(|group| {
                group
                    .sinks
                    .chunks(group.room())
                    .map(move |sinks| (group, sinks))
            })
            .map(|(group, sinks)| pass(func, &facts, group, sinks))
            .collect();
        let homes = homes(&passes);
        let filtered = filtered_homes(&passes);
        let home = |(index, output): (usize, &Output)| match output.filter {
            // OK because `wanted` has a sink for every filter,
            Some(_) => filtered[&index],
            // and every other output is a root, of which each has a sink.
            None => homes[&output.value],
        };
        PassPlan {
            outputs: func.outputs.iter().enumerate().map(home).collect(),
            passes,
            homes,
        }
    }

    /// The sink that delivers `value`, if one does.
    pub fn home(&self, value: Value) -> Option<Home> {
        self.homes.get(&value).copied()
    }

    /// How many passes read data.
    pub fn n_data_passes(&self) -> usize {
        self.passes.iter().filter(|pass| !pass.epilogue).count()
    }
}

impl PassSink {
    /// The value whose elements the sink takes, over the whole domain.
    pub fn arg(self, func: &Func) -> Value {
        match self {
            PassSink::Store(value) | PassSink::Mask(value) | PassSink::Weight(value) => value,
            PassSink::Fold(value) | PassSink::Scan(value) | PassSink::Tally(value) => {
                // OK because these have arguments, of which the first one is walked over.
                func.values[value].inst.args()[0]
            }
            PassSink::Filter(index) => func.outputs[index].value,
            PassSink::Raise(index) => func.raises[index].condition,
        }
    }

    /// The value whose elements are delivered as they are computed, tile by tile.
    pub fn stored(self) -> Option<Value> {
        match self {
            PassSink::Store(value) | PassSink::Scan(value) => Some(value),
            PassSink::Fold(_)
            | PassSink::Filter(_)
            | PassSink::Tally(_)
            | PassSink::Mask(_)
            | PassSink::Weight(_)
            | PassSink::Raise(_) => None,
        }
    }

    /// The sink that has what is taken beside the argument, element by element: the mask that a
    /// filter goes by, the weights of a tally.
    pub fn beside(self, func: &Func) -> Option<PassSink> {
        match self {
            PassSink::Filter(index) => {
                let filter = func.outputs[index].filter?;
                Some(PassSink::Mask(filter.mask))
            }
            PassSink::Tally(value) => {
                let tally = func.values[value].inst.tally()?;
                Some(PassSink::Weight(tally.weight))
            }
            PassSink::Store(_)
            | PassSink::Fold(_)
            | PassSink::Scan(_)
            | PassSink::Mask(_)
            | PassSink::Weight(_)
            | PassSink::Raise(_) => None,
        }
    }

    /// The reduction that is folded.
    pub fn reduce(self, func: &Func) -> Option<&Reduce> {
        match self {
            PassSink::Fold(value) => func.values[value].inst.reduce(),
            PassSink::Store(_)
            | PassSink::Scan(_)
            | PassSink::Filter(_)
            | PassSink::Tally(_)
            | PassSink::Mask(_)
            | PassSink::Weight(_)
            | PassSink::Raise(_) => None,
        }
    }

    /// The rank that a pass before finds for it.
    fn rank(self, func: &Func) -> Option<Value> {
        self.reduce(func)?.op.found()
    }

    /// The axis of a scan.
    fn axis(self, func: &Func) -> Option<usize> {
        match self {
            PassSink::Scan(value) => func.values[value].inst.scan().map(|scan| scan.axis),
            PassSink::Store(_)
            | PassSink::Fold(_)
            | PassSink::Filter(_)
            | PassSink::Tally(_)
            | PassSink::Mask(_)
            | PassSink::Weight(_)
            | PassSink::Raise(_) => None,
        }
    }
}

impl Pass {
    /// Whether it needs `value`, the result of another pass.
    pub fn reads(&self, func: &Func, value: Value) -> bool {
        let mut ranks = self.sinks.iter().filter_map(|sink| sink.rank(func));
        let mut leaves = self.inputs.iter().map(|input| input.leaf);
        ranks.any(|rank| rank == value) || leaves.any(|leaf| leaf.reads(func, value))
    }

    /// The axis that the scans of the pass go along, if it has any.
    pub fn scan_axis(&self, func: &Func) -> Option<usize> {
        self.sinks.iter().find_map(|sink| sink.axis(func))
    }
}

/// The pass of some sinks of a group: what they need, found by one walk back from them.
fn pass(func: &Func, facts: &Table<Value, Fact>, group: &Group, sinks: &[PassSink]) -> Pass {
    let mut sinks = sinks.to_vec();
    let beside: BTreeSet<PassSink> = sinks.iter().filter_map(|sink| sink.beside(func)).collect();
    sinks.extend(beside);
    let mut needed: Table<Value, bool> = func.values.ids().map(|_| false).collect();
    for sink in &sinks {
        needed[sink.arg(func)] = true;
    }
    let (mut inputs, mut body) = (Vec::new(), Vec::new());
    for value in func.values.ids().rev() {
        if !needed[value] {
            continue;
        }
        if is_leaf(func, facts, value, group.epilogue) {
            inputs.push(input(func, value));
            continue;
        }
        body.push(value);
        if let Inst::Map(map) = &func.values[value].inst {
            map.args().for_each(|arg| needed[arg] = true);
        }
    }
    inputs.reverse();
    body.reverse();
    // Two values may read one operand.
    let mut seen = HashSet::new();
    inputs.retain(|input| seen.insert(input.leaf));
    let grids: Vec<Option<Grid>> = inputs.iter().map(|input| grid(func, input)).collect();
    let args = inputs.iter().zip(&grids);
    let args = args.map(|(input, grid)| (&input.shape, input.dtype, grid.as_ref()));
    let cut = group
        .cut
        .clone()
        .unwrap_or_else(|| Cut::choose(&group.domain, args));
    Pass {
        domain: group.domain.clone(),
        cut,
        inputs,
        body,
        sinks,
        epilogue: group.epilogue,
        kind: group.kind,
    }
}

fn input(func: &Func, value: Value) -> Input {
    let data = &func.values[value];
    Input {
        leaf: leaf(func, value),
        dtype: data.dtype,
        shape: data.shape.clone(),
    }
}

/// The leaf that a value is, for a pass that reads it.
pub(crate) fn leaf(func: &Func, value: Value) -> Leaf {
    match &func.values[value].inst {
        Inst::Elem(operand) => Leaf::Operand(*operand),
        Inst::Generate(_) => Leaf::Generate(value),
        Inst::View(_) | Inst::Reshape(_) | Inst::Concat(_) => Leaf::View(value),
        Inst::Const(_) | Inst::Map(_) | Inst::Reduce(_) | Inst::Scan(_) | Inst::Tally(_) => {
            Leaf::Result(value)
        }
    }
}

/// How an input is stored in chunks and blocks.
fn grid(func: &Func, input: &Input) -> Option<Grid> {
    match input.leaf {
        Leaf::Operand(id) => func.operands[id].grid.clone(),
        Leaf::View(value) => func.grid(value),
        Leaf::Result(_) | Leaf::Generate(_) => None,
    }
}

fn homes(passes: &[Pass]) -> HashMap<Value, Home> {
    let mut homes = HashMap::new();
    for (pass, Pass { sinks, .. }) in passes.iter().enumerate() {
        for (sink, delivered) in sinks.iter().enumerate() {
            if let PassSink::Store(value)
            | PassSink::Fold(value)
            | PassSink::Scan(value)
            | PassSink::Tally(value) = *delivered
            {
                homes.insert(value, Home { pass, sink });
            }
        }
    }
    homes
}

/// The sink of each filtered output, by its index.
fn filtered_homes(passes: &[Pass]) -> HashMap<usize, Home> {
    let mut homes = HashMap::new();
    for (pass, Pass { sinks, .. }) in passes.iter().enumerate() {
        for (sink, delivered) in sinks.iter().enumerate() {
            if let PassSink::Filter(output) = *delivered {
                homes.insert(output, Home { pass, sink });
            }
        }
    }
    homes
}

#[cfg(test)]
mod tests;
