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
//! [`MAX_EPILOGUE_ELEMS`] elements, are computed once, in *epilogues*: passes over no data.
//!
//! Filtered outputs and tallies have passes of their own, whose tiles are delivered in order.

mod lower;
mod show;

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::ir::{
    Concat, Cut, Filter, Func, Inst, OperandId, Output, Reduce, ReduceOp, Scan, Tally, Value,
    Verified, View,
};
use crate::limits::{MAX_EPILOGUE_ELEMS, MAX_SINKS, TILE_MAX_ELEMS};
use crate::table::Table;
use crate::types::{DType, Grid, Shape};

pub use lower::{Want, fold_dtype, fold_op};

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

    /// The rank that a pass before finds for it.
    fn rank(self, func: &Func) -> Option<Value> {
        match self {
            PassSink::Fold(value) => rank(func, value),
            PassSink::Store(_)
            | PassSink::Scan(_)
            | PassSink::Filter(_)
            | PassSink::Tally(_)
            | PassSink::Mask(_)
            | PassSink::Weight(_)
            | PassSink::Raise(_) => None,
        }
    }

    /// The axis of a scan.
    fn axis(self, func: &Func) -> Option<usize> {
        match self {
            PassSink::Scan(value) => match &func.values[value].inst {
                Inst::Scan(scan) => Some(scan.axis),
                Inst::Const(_)
                | Inst::Elem(_)
                | Inst::Generate(_)
                | Inst::Map(_)
                | Inst::Reduce(_)
                | Inst::View(_)
                | Inst::Reshape(_)
                | Inst::Concat(_)
                | Inst::Tally(_) => None,
            },
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

/// What is known of a value.
struct Fact {
    /// Reductions, scans and tallies on the longest path to it.
    level: usize,
    /// Whether it is computed from results and constants only, and is small.
    epilogue: bool,
}

fn facts(func: &Func) -> Table<Value, Fact> {
    let mut facts: Table<Value, Fact> = Table::new();
    // Whether a value reads neither operands nor generators, except through those.
    let mut data_free: Table<Value, bool> = Table::new();
    for data in func.values.rows() {
        let (level, free) = match &data.inst {
            Inst::Const(_) => (0, true),
            Inst::Elem(_) | Inst::Generate(_) => (0, false),
            Inst::Map(map) => map.args().fold((0, true), |(level, free), arg| {
                (level.max(facts[arg].level), free && data_free[arg])
            }),
            Inst::Reduce(Reduce { op, arg, .. }) => {
                let found = op.found().map_or(0, |rank| facts[rank].level + 1);
                (facts[*arg].level.max(found) + 1, true)
            }
            Inst::Scan(Scan { arg, .. }) => (facts[*arg].level + 1, true),
            Inst::Tally(Tally { number, weight, .. }) => {
                (facts[*number].level.max(facts[*weight].level) + 1, true)
            }
            Inst::Concat(Concat { parts, .. }) => {
                let levels = parts.iter().map(|&part| {
                    let kept = matches!(func.values[part].inst, Inst::Map(_) | Inst::Const(_));
                    facts[part].level + usize::from(kept)
                });
                let free = parts.iter().all(|&part| data_free[part]);
                (levels.fold(0, usize::max), free)
            }
            Inst::View(View { arg, .. }) | Inst::Reshape(arg) => {
                // An elementwise value that is seen elsewhere is kept by a pass before.
                let kept = matches!(func.values[*arg].inst, Inst::Map(_) | Inst::Const(_));
                let level = facts[*arg].level + usize::from(kept);
                // So is what indices are looked up in.
                let lists = data.inst.view().into_iter().flat_map(View::lists);
                let lists = lists.map(|(list, _)| facts[list].level + 1);
                (lists.fold(level, usize::max), data_free[*arg])
            }
        };
        data_free.push(free);
        let epilogue = free && data.shape.elems() <= MAX_EPILOGUE_ELEMS;
        facts.push(Fact { level, epilogue });
    }
    facts
}

/// The rank that a pass before finds for a reduction.
fn rank(func: &Func, value: Value) -> Option<Value> {
    match &func.values[value].inst {
        Inst::Reduce(reduce) => reduce.op.found(),
        Inst::Const(_)
        | Inst::Elem(_)
        | Inst::Generate(_)
        | Inst::Map(_)
        | Inst::View(_)
        | Inst::Reshape(_)
        | Inst::Concat(_)
        | Inst::Scan(_)
        | Inst::Tally(_) => None,
    }
}

/// What the pass that delivers a value computes or reads: what a reduction, a scan or a tally is of,
/// else the value itself.
fn delivers_from(func: &Func, value: Value) -> Vec<Value> {
    match &func.values[value].inst {
        Inst::Reduce(reduce) => vec![reduce.arg],
        Inst::Scan(_) | Inst::Tally(_) => func.values[value].inst.args(),
        Inst::Const(_)
        | Inst::Elem(_)
        | Inst::Generate(_)
        | Inst::Map(_)
        | Inst::View(_)
        | Inst::Reshape(_)
        | Inst::Concat(_) => vec![value],
    }
}

/// Whether a pass reads `value` rather than compute it.
fn is_leaf(func: &Func, facts: &Table<Value, Fact>, value: Value, epilogue: bool) -> bool {
    match &func.values[value].inst {
        Inst::Const(_) => false,
        Inst::Elem(_)
        | Inst::Generate(_)
        | Inst::Reduce(_)
        | Inst::View(_)
        | Inst::Reshape(_)
        | Inst::Concat(_)
        | Inst::Scan(_)
        | Inst::Tally(_) => true,
        // A pass over data reads what an epilogue has computed.
        Inst::Map(_) => !epilogue && facts[value].epilogue,
    }
}

/// A sink, and whether a later pass reads what it delivers.
struct Wanted {
    sink: PassSink,
    feeds: bool,
}

/// How passes use a value.
#[derive(Clone, Copy, Default)]
struct Use {
    /// A pass over data computes or reads it.
    data: bool,
    /// An epilogue computes or reads it.
    epilogue: bool,
    /// It must be delivered.
    root: bool,
    /// A pass reads it from the one that delivers it.
    feeds: bool,
}

/// Every sink that the outputs and raises need, in the order of values, filters and raises last.
fn wanted(func: &Func, facts: &Table<Value, Fact>) -> Vec<Wanted> {
    let uses = uses(func, facts);
    let roots = uses.iter().filter(|(_, used)| used.root);
    let delivered = roots.map(|(value, used)| Wanted {
        sink: match &func.values[value].inst {
            Inst::Reduce(_) => PassSink::Fold(value),
            Inst::Scan(_) => PassSink::Scan(value),
            Inst::Tally(_) => PassSink::Tally(value),
            Inst::Const(_)
            | Inst::Elem(_)
            | Inst::Generate(_)
            | Inst::Map(_)
            | Inst::View(_)
            | Inst::Reshape(_)
            | Inst::Concat(_) => PassSink::Store(value),
        },
        feeds: used.feeds,
    });
    let filtered = (0..func.outputs.len()).filter(|&index| func.outputs[index].filter.is_some());
    let raises = (0..func.raises.len()).map(PassSink::Raise);
    let ends = filtered.map(PassSink::Filter).chain(raises);
    let ends = ends.map(|sink| Wanted { sink, feeds: false });
    delivered.chain(ends).collect()
}

/// Values name only values before them, so one walk from the last sees every use first.
fn uses(func: &Func, facts: &Table<Value, Fact>) -> Table<Value, Use> {
    let mut uses: Table<Value, Use> = func.values.ids().map(|_| Use::default()).collect();
    // The pass that delivers something computes or reads all of these.
    let enter = |uses: &mut Table<Value, Use>, values: &[Value]| {
        let epilogue = values.iter().all(|&value| facts[value].epilogue);
        for &value in values {
            uses[value].data |= !epilogue;
            uses[value].epilogue |= epilogue;
        }
    };
    for output in &func.outputs {
        match output.filter {
            Some(Filter { mask, .. }) => enter(&mut uses, &[output.value, mask]),
            None => uses[output.value].root = true,
        }
    }
    for raise in &func.raises {
        enter(&mut uses, &[raise.condition]);
    }
    for value in func.values.ids().rev() {
        if is_result(func, facts, value, uses[value]) {
            uses[value].root = true;
            uses[value].feeds = true;
        }
        if uses[value].root {
            if let Some(rank) = rank(func, value) {
                uses[rank].root = true;
                uses[rank].feeds = true;
            }
            enter(&mut uses, &delivers_from(func, value));
        }
        let Use { data, epilogue, .. } = uses[value];
        if data || epilogue {
            see(func, &mut uses, value);
        }
        if let Inst::Map(map) = &func.values[value].inst {
            for arg in map.args() {
                uses[arg].data |= data && !is_leaf(func, facts, value, false);
                uses[arg].epilogue |= epilogue;
            }
        }
    }
    uses
}

/// A pass that reads a view reads what that sees: a value of another pass must be delivered.
fn see(func: &Func, uses: &mut Table<Value, Use>, view: Value) {
    for (list, _) in lists(func, view) {
        uses[list].root = true;
        uses[list].feeds = true;
    }
    let seen = root(func, view);
    if let Inst::Concat(concat) = &func.values[seen].inst {
        for &part in &concat.parts {
            see_part(func, uses, part);
        }
        return;
    }
    let delivered = match &func.values[seen].inst {
        Inst::Const(_) | Inst::Map(_) | Inst::Reduce(_) | Inst::Scan(_) | Inst::Tally(_) => {
            seen != view
        }
        Inst::Elem(_) | Inst::Generate(_) | Inst::View(_) | Inst::Reshape(_) | Inst::Concat(_) => {
            false
        }
    };
    if delivered {
        uses[seen].root = true;
        uses[seen].feeds = true;
    }
}

/// What a concat reads of a part.
fn see_part(func: &Func, uses: &mut Table<Value, Use>, part: Value) {
    match &func.values[part].inst {
        Inst::Elem(_) | Inst::Generate(_) => {}
        // What these see is found when they are reached.
        Inst::View(_) | Inst::Reshape(_) | Inst::Concat(_) => uses[part].data = true,
        Inst::Const(_) | Inst::Map(_) | Inst::Reduce(_) | Inst::Scan(_) | Inst::Tally(_) => {
            uses[part].root = true;
            uses[part].feeds = true;
        }
    }
}

/// Whether some pass reads `value` as the result of another.
fn is_result(func: &Func, facts: &Table<Value, Fact>, value: Value, used: Use) -> bool {
    match &func.values[value].inst {
        Inst::Reduce(_) | Inst::Scan(_) | Inst::Tally(_) => used.data || used.epilogue,
        Inst::Map(_) => used.data && facts[value].epilogue,
        Inst::Const(_)
        | Inst::Elem(_)
        | Inst::Generate(_)
        | Inst::View(_)
        | Inst::Reshape(_)
        | Inst::Concat(_) => false,
    }
}

/// Sinks that share passes.
struct Group {
    level: usize,
    epilogue: bool,
    kind: Kind,
    domain: Shape,
    /// The cut that a reduction asks for.
    cut: Option<Cut>,
    /// The axis that scans go along.
    axis: Option<usize>,
    sinks: Vec<PassSink>,
    feeds: bool,
}

impl Group {
    /// How many sinks a pass takes: fewer where its tiles are large, so that what they are given
    /// stays within the room that [`MAX_SINKS`] of ordinary tiles have.
    fn room(&self) -> usize {
        let elems = self.cut.as_ref().map(|cut| cut.tile_elems(&self.domain));
        let times = elems.unwrap_or(0).div_ceil(TILE_MAX_ELEMS);
        (MAX_SINKS / times.max(1)).max(1)
    }
}

/// Groups sinks of equal level, domain and cut; those without a cut of their own join the first
/// group that has one.
fn groups(func: &Func, facts: &Table<Value, Fact>, wanted: Vec<Wanted>) -> Vec<Group> {
    let cut = |sink: PassSink| match sink {
        PassSink::Fold(value) => match &func.values[value].inst {
            Inst::Reduce(reduce) => Some(reduce.cut.clone()),
            Inst::Const(_)
            | Inst::Elem(_)
            | Inst::Generate(_)
            | Inst::Map(_)
            | Inst::View(_)
            | Inst::Reshape(_)
            | Inst::Concat(_)
            | Inst::Scan(_)
            | Inst::Tally(_) => None,
        },
        PassSink::Store(_)
        | PassSink::Scan(_)
        | PassSink::Filter(_)
        | PassSink::Tally(_)
        | PassSink::Mask(_)
        | PassSink::Weight(_)
        | PassSink::Raise(_) => None,
    };
    let (folds, maps): (Vec<_>, Vec<_>) = wanted
        .into_iter()
        .map(|wanted| (cut(wanted.sink), wanted))
        .partition(|(cut, _)| cut.is_some());
    let mut groups: Vec<Group> = Vec::new();
    let mut by_cut = HashMap::new();
    let mut by_domain = HashMap::new();
    let mut by_axis = HashMap::new();
    for (cut, Wanted { sink, feeds }) in folds.into_iter().chain(maps) {
        let arg = sink.arg(func);
        let beside = sink.beside(func).map(|beside| beside.arg(func));
        let args = [Some(arg), beside].into_iter().flatten();
        let (level, epilogue) = args.fold((0, true), |(level, epilogue), arg| {
            let fact = &facts[arg];
            (level.max(fact.level), epilogue && fact.epilogue)
        });
        let found = sink.rank(func).map_or(0, |rank| facts[rank].level + 1);
        let level = level.max(found);
        let domain = &func.values[arg].shape;
        let kind = kind(func, sink);
        let key = (level, epilogue, kind, domain.clone());
        let joined = match &cut {
            Some(cut) => by_cut.get(&(key.clone(), cut.clone())),
            None => by_domain.get(&key),
        };
        let (axis, scanned) = (sink.axis(func), key.clone());
        let agrees = |&group: &usize| agree(axis, groups[group].axis);
        let index = match joined.copied().filter(agrees) {
            Some(index) => index,
            None => {
                let known = axis.and_then(|axis| by_axis.get(&(key.clone(), axis)));
                known.copied().unwrap_or(groups.len())
            }
        };
        if index == groups.len() {
            by_domain.entry(key.clone()).or_insert(index);
            if let Some(cut) = &cut {
                by_cut.insert((key, cut.clone()), index);
            }
            groups.push(Group {
                level,
                epilogue,
                kind,
                domain: domain.clone(),
                cut,
                axis,
                sinks: Vec::new(),
                feeds: false,
            });
        }
        if let Some(axis) = axis {
            by_axis.insert((scanned, axis), index);
            groups[index].axis = Some(axis);
        }
        groups[index].sinks.push(sink);
        groups[index].feeds |= feeds;
    }
    groups
}

/// Whether scans along these axes can share a pass.
fn agree(a: Option<usize>, b: Option<usize>) -> bool {
    a.is_none() || b.is_none() || a == b
}

/// How the pass of a sink walks over its tiles: in rounds if it looks for the element at a rank,
/// and no tile holds all.
fn kind(func: &Func, sink: PassSink) -> Kind {
    let value = match sink {
        PassSink::Fold(value) => value,
        PassSink::Filter(_) | PassSink::Tally(_) | PassSink::Mask(_) | PassSink::Weight(_) => {
            return Kind::Ordered;
        }
        PassSink::Store(_) | PassSink::Scan(_) | PassSink::Raise(_) => return Kind::Once,
    };
    match &func.values[value].inst {
        Inst::Reduce(reduce) => {
            let domain = &func.values[reduce.arg].shape;
            let sorts = matches!(reduce.op, ReduceOp::Nth { .. });
            match sorts && !reduce.cut.spans(domain, &reduce.axes) {
                true => Kind::Rounds,
                false => Kind::Once,
            }
        }
        Inst::Const(_)
        | Inst::Elem(_)
        | Inst::Generate(_)
        | Inst::Map(_)
        | Inst::View(_)
        | Inst::Reshape(_)
        | Inst::Concat(_)
        | Inst::Scan(_)
        | Inst::Tally(_) => Kind::Once,
    }
}

/// Merges each group that no pass waits for into the next later one over the same domain whose
/// cut does not contradict. Groups of one level do contradict: they would be one otherwise.
fn delay(groups: &mut Vec<Group>) {
    groups.sort_by_key(|group| group.level);
    let mut by_domain: HashMap<(bool, Shape), Vec<usize>> = HashMap::new();
    for (index, group) in groups.iter().enumerate() {
        let key = (group.epilogue, group.domain.clone());
        by_domain.entry(key).or_default().push(index);
    }
    for indices in by_domain.values() {
        for (at, &early) in indices.iter().enumerate() {
            let agrees = |&&late: &&usize| {
                let (early, late) = (&groups[early], &groups[late]);
                let cuts = early.cut.is_none() || late.cut.is_none() || early.cut == late.cut;
                cuts && agree(early.axis, late.axis) && early.kind == late.kind
            };
            let late = match groups[early].feeds {
                true => None,
                false => indices[at + 1..].iter().find(agrees).copied(),
            };
            if let Some(late) = late {
                let sinks = std::mem::take(&mut groups[early].sinks);
                groups[late].sinks.extend(sinks);
                groups[late].cut = groups[late].cut.take().or(groups[early].cut.take());
                groups[late].axis = groups[late].axis.or(groups[early].axis);
            }
        }
    }
    groups.retain(|group| !group.sinks.is_empty());
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
