//! In: sinks. Out: those that share passes, in groups. Never: what a pass reads.

use std::collections::HashMap;

use super::uses::{Fact, Wanted};
use super::{Kind, PassSink};
use crate::ir::{Cut, Func, ReduceOp, Value};
use crate::limits::{MAX_SINKS, TILE_MAX_ELEMS};
use crate::table::Table;
use crate::types::Shape;

/// Sinks that share passes.
pub(super) struct Group {
    pub(super) level: usize,
    pub(super) epilogue: bool,
    pub(super) kind: Kind,
    pub(super) domain: Shape,
    /// The cut that a reduction asks for.
    pub(super) cut: Option<Cut>,
    /// The axis that scans go along.
    axis: Option<usize>,
    pub(super) sinks: Vec<PassSink>,
    feeds: bool,
}

impl Group {
    /// How many sinks a pass takes: fewer where its tiles are large, so that what they are given
    /// stays within the room that [`MAX_SINKS`] of ordinary tiles have.
    pub(super) fn room(&self) -> usize {
        let elems = self.cut.as_ref().map(|cut| cut.tile_elems(&self.domain));
        let times = elems.unwrap_or(0).div_ceil(TILE_MAX_ELEMS);
        (MAX_SINKS / times.max(1)).max(1)
    }
}

/// Groups sinks of equal level, domain and cut; those without a cut of their own join the first
/// group that has one.
pub(super) fn groups(func: &Func, facts: &Table<Value, Fact>, wanted: Vec<Wanted>) -> Vec<Group> {
    let cut = |sink: PassSink| sink.reduce(func).map(|reduce| reduce.cut.clone());
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
    match sink {
        PassSink::Filter(_) | PassSink::Tally(_) | PassSink::Mask(_) | PassSink::Weight(_) => {
            Kind::Ordered
        }
        PassSink::Fold(_) | PassSink::Store(_) | PassSink::Scan(_) | PassSink::Raise(_) => {
            let in_rounds = sink.reduce(func).is_some_and(|reduce| {
                let domain = &func.values[reduce.arg].shape;
                let sorts = matches!(reduce.op, ReduceOp::Nth { .. });
                sorts && !reduce.cut.spans(domain, &reduce.axes)
            });
            if in_rounds { Kind::Rounds } else { Kind::Once }
        }
    }
}

/// Merges each group that no pass waits for into the next later one over the same domain whose
/// cut does not contradict. Groups of one level do contradict: they would be one otherwise.
pub(super) fn delay(groups: &mut Vec<Group>) {
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
