//! In: a function. Out: of each value the level it belongs to, who uses it, and the sinks that outputs
//! and raises need. Never: which of them share a pass.

use super::{PassSink, lists, root};
use crate::ir::{Concat, Filter, Func, Inst, Reduce, Scan, Tally, Value, View};
use crate::limits::MAX_EPILOGUE_ELEMS;
use crate::table::Table;

/// What is known of a value.
pub(super) struct Fact {
    /// Reductions, scans and tallies on the longest path to it.
    pub(super) level: usize,
    /// Whether it is computed from results and constants only, and is small.
    pub(super) epilogue: bool,
}

pub(super) fn facts(func: &Func) -> Table<Value, Fact> {
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
pub(super) fn is_leaf(
    func: &Func,
    facts: &Table<Value, Fact>,
    value: Value,
    epilogue: bool,
) -> bool {
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
pub(super) struct Wanted {
    pub(super) sink: PassSink,
    pub(super) feeds: bool,
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
pub(super) fn wanted(func: &Func, facts: &Table<Value, Fact>) -> Vec<Wanted> {
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
            let reduce = func.values[value].inst.reduce();
            if let Some(rank) = reduce.and_then(|reduce| reduce.op.found()) {
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
