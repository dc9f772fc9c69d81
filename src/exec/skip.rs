//! In: a tile, and what is known of the leaves' elements there without decoding them. Out: which leaves have to be
//! fetched for it, what stands in for the others, and what needs no computing at all.
//! Never: an answer that decoding would not give, to the bit.
//!
//! Facts hold for all elements within what is known of each leaf. So where a leaf is not needed to deliver what is
//! wanted, one such element stands in for all of its own, and the kernel runs as always; or one that was compiled without
//! what is known. Where not zones but the elements of some leaves decide whether others are needed, the former are
//! fetched first, and a small kernel, the probe, looks at them.

mod spans;
mod variants;
mod zones;

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Instant;

use crate::array::DecodeScratch;
use crate::error::Result;
use crate::exec::input::Leaf;
use crate::exec::kernels::compiled;
use crate::exec::pass::{Code, PassRun, Role, SinkRun};
use crate::exec::tiling::Tile;
use crate::exec::worker::own_box;
use crate::ir::{Body, FoldOp, Reg};
use crate::jit::Kernel;
use crate::limits::{MAX_KNOWN_STATES, MAX_KNOWN_TILES, MAX_PROBED_REGS};
use crate::math::SimdLevel;
use crate::math::fold::Partials;
use crate::opt::interval::{Fact, Needed, facts, inputs_read, needed, probe};
use crate::opt::passes::Pass;
use crate::table::Table;
use crate::types::Scalar;

pub(crate) use spans::Spans;
use variants::Variants;
use zones::{Answer, Exact, Found, answer, has_spans, know, same_over, tells};

/// What can be skipped in a pass.
#[derive(Debug)]
pub(crate) struct Skips {
    /// For each leaf whether anything may be known of it.
    tells: Vec<bool>,
    /// For each sink what zones answer of it.
    answers: Vec<Option<Answer>>,
    /// Whether partials are all that a tile delivers.
    only_partials: bool,
    /// Partials of tiles whose elements are known, by their extents and the elements that the sinks get.
    known: Mutex<HashMap<TileKey, Vec<Option<Partials>>>>,
    variants: Variants,
    probe: Option<Probe>,
}

/// A mask that may turn out to be the same all over a tile, so that some leaves are not needed for it.
#[derive(Debug)]
struct Probe {
    reg: Reg,
    /// What it would be.
    truth: bool,
    body: Body,
    level: SimdLevel,
    /// Compiled when it is wanted often enough, unless that is refused.
    kernel: OnceLock<Option<Arc<Kernel>>>,
    /// Tiles that it was wanted for.
    wanted: AtomicUsize,
    /// How long compiling took, in nanoseconds.
    compiled: OnceLock<u64>,
    /// The leaves that it is computed from.
    reads: Vec<bool>,
    /// The leaves that are not needed then.
    saves: Vec<bool>,
    tried: AtomicUsize,
    found: AtomicUsize,
}

/// A mask that may be probed.
struct Candidate {
    /// Of a block of each leaf that is not needed then.
    bytes: usize,
    probe: Body,
    reg: Reg,
    truth: bool,
    saves: Vec<bool>,
}

/// Extents of a tile, and for each sink the bits of the element that it gets over and over; none where zones answer it.
type TileKey = (Vec<usize>, Vec<Option<u64>>);

/// What a worker reuses from tile to tile.
#[derive(Debug, Default)]
pub(crate) struct Look {
    /// Of each leaf.
    known: Vec<Fact>,
    exact: Vec<Option<Exact>>,
    /// Of each leaf the blocks that were looked at.
    blocks: Vec<u64>,
    /// Whether any of that is worth anything; only then `facts` are this tile's.
    told: bool,
    facts: Table<Reg, Fact>,
    /// For each leaf what stands in for its elements, if they are not needed.
    pub(crate) stand_ins: Vec<Option<StandIn>>,
    /// For each sink its partials, if zones answer it.
    pub(crate) answered: Vec<Option<Partials>>,
    /// A kernel that computes less.
    pub(crate) variant: Option<Arc<Kernel>>,
    /// Blocks that are not decoded.
    pub(crate) skipped: Skipped,
}

/// What is there instead of a leaf's elements.
#[derive(Clone, Copy, Debug)]
pub(crate) enum StandIn {
    /// This one over and over.
    Element(Scalar),
    /// Whatever bytes there are: nothing reads them.
    Anything,
}

/// Blocks of stored operands that were not decoded, by the reason.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Skipped {
    /// By what is known of elements without decoding them, all that their tile delivers was known.
    pub known: u64,
    /// By what is known of elements without decoding them, nothing that their tile delivers depended on them.
    pub unneeded: u64,
    /// A mask that was computed hid all of them.
    pub masked: u64,
    /// The answer was found before.
    pub settled: u64,
}

impl Skipped {
    /// All of them.
    pub fn total(&self) -> u64 {
        self.known + self.unneeded + self.masked + self.settled
    }
}

/// How a tile is computed.
#[derive(Debug)]
pub(crate) enum Way {
    /// As every other one.
    All,
    /// With elements that stand in for some leaves.
    Some,
    /// All that it delivers is known; under this key when it was computed once.
    Known(TileKey),
}

impl Skips {
    /// What can be skipped in a pass with these leaves, sinks, body and code; none where nothing is ever known.
    pub(crate) fn new(
        leaves: &[Leaf<'_>],
        sinks: &[SinkRun<'_>],
        body: &Body,
        pass: &Pass,
        (code, level): (&Code, SimdLevel),
    ) -> Option<Self> {
        let tells: Vec<bool> = leaves.iter().map(tells).collect();
        if !tells.contains(&true) || pass.epilogue {
            return None;
        }
        let partial =
            |sink: &SinkRun<'_>| sink.combiner().is_some() || matches!(sink, SinkRun::Raise(_));
        let answers = sinks.iter().zip(&body.sinks);
        let answers = answers.map(|(run, sink)| {
            let answer = answer(run, *sink, body, pass.domain.ndim())?;
            let whole = *leaves[answer.leaf].shape() == pass.domain;
            (whole && tells[answer.leaf]).then_some(answer)
        });
        let level = matches!(code, Code::Jit(_)).then_some(level);
        let mut skips = Self {
            answers: answers.collect(),
            only_partials: sinks.iter().all(partial),
            known: Mutex::default(),
            variants: Variants::new(body, level),
            probe: None,
            tells,
        };
        skips.probe = level.and_then(|level| skips.find_probe(leaves, sinks, body, level));
        Some(skips)
    }

    /// The mask that hides most stored leaves, if it is the same all over a tile.
    fn find_probe(
        &self,
        leaves: &[Leaf<'_>],
        sinks: &[SinkRun<'_>],
        body: &Body,
        level: SimdLevel,
    ) -> Option<Probe> {
        if body.regs.len() > MAX_PROBED_REGS {
            return None;
        }
        let unknown: Vec<Fact> = leaves
            .iter()
            .map(|leaf| Fact::unknown(leaf.dtype()))
            .collect();
        let mut known = Table::new();
        let mut leaves_needed = |given: Option<(Reg, Scalar)>| {
            facts(body, &unknown, given, &mut known);
            let wanted = |sink: usize| wanted(sinks, body, &known, sink);
            needed(body, &known, wanted).inputs
        };
        let all = leaves_needed(None);
        let mut best: Option<Candidate> = None;
        let bools = body.regs.iter().filter(|(_, data)| data.dtype.is_bool());
        for (reg, _) in bools {
            for truth in [false, true] {
                let left = leaves_needed(Some((reg, Scalar::Bool(truth))));
                if left == all {
                    continue;
                }
                let fold = if truth { FoldOp::All } else { FoldOp::Any };
                let probe = probe(body, reg, fold);
                let read = inputs_read(&probe);
                let saved = left.iter().zip(all.rows()).zip(read.rows());
                let saves: Vec<bool> = saved
                    .zip(&self.tells)
                    .map(|((((_, left), all), read), tells)| *all && !left && !read && *tells)
                    .collect();
                let saved = leaves.iter().zip(&saves).filter(|(_, saves)| **saves);
                let bytes: usize = saved.map(|(leaf, _)| leaf.block_bytes()).sum();
                let better = |before: &Candidate| {
                    (bytes, before.probe.regs.len()) > (before.bytes, probe.regs.len())
                };
                if bytes > 0 && best.as_ref().is_none_or(better) {
                    best = Some(Candidate {
                        bytes,
                        probe,
                        reg,
                        truth,
                        saves,
                    });
                }
            }
        }
        let best = best?;
        Some(Probe {
            reg: best.reg,
            truth: best.truth,
            reads: inputs_read(&best.probe).rows().to_vec(),
            body: best.probe,
            level,
            kernel: OnceLock::new(),
            wanted: AtomicUsize::new(0),
            compiled: OnceLock::new(),
            saves: best.saves,
            tried: AtomicUsize::new(0),
            found: AtomicUsize::new(0),
        })
    }

    /// Finds out what is known of a tile.
    ///
    /// # Errors
    /// When what is known of blocks is damaged or cannot be read.
    pub(crate) fn look(
        &self,
        run: &PassRun<'_>,
        tile: &Tile,
        scratch: &mut DecodeScratch,
        look: &mut Look,
    ) -> Result<Way> {
        look.known.clear();
        look.exact.clear();
        look.blocks.clear();
        look.answered.clear();
        look.stand_ins.clear();
        look.variant = None;
        look.told = false;
        for (index, leaf) in run.leaves.iter().enumerate() {
            let unknown = Fact::unknown(leaf.dtype());
            let mut found = Found::default();
            if let Some(fact) = scalar_fact(run, index) {
                found.fact = Some(fact);
            } else if self.tells[index] {
                let mut asked = self.answers.iter().flatten();
                found.is_exact = asked.any(|answer| answer.leaf == index);
                let (start, extent) = own_box(leaf, tile);
                know(leaf, &start, &extent, scratch, &mut found)?;
                look.told |= found.fact.is_some_and(|fact| fact != unknown);
            }
            look.known.push(found.fact.unwrap_or(unknown));
            look.exact.push(found.exact.filter(|_| found.is_exact));
            look.blocks.push(found.zones as u64);
        }
        if !look.told {
            return Ok(Way::All);
        }
        for answer in &self.answers {
            let partials = answer.and_then(|answer| {
                let exact = look.exact[answer.leaf]?;
                answer.partials(&exact, run.leaves[answer.leaf].dtype())
            });
            look.answered.push(partials);
        }
        let (way, needed) = self.decide(run, tile, None, look);
        let leaves = needed.inputs.rows().iter().zip(&look.blocks);
        let blocks: u64 = leaves
            .map(|(&needed, &blocks)| if needed { 0 } else { blocks })
            .sum();
        match way {
            Way::All => {}
            Way::Some => look.skipped.unneeded += blocks,
            Way::Known(_) => look.skipped.known += blocks,
        }
        Ok(way)
    }

    /// How a tile is computed of which the facts in `look` are known, and `given` besides.
    fn decide(
        &self,
        run: &PassRun<'_>,
        tile: &Tile,
        given: Option<(Reg, Scalar)>,
        look: &mut Look,
    ) -> (Way, Needed) {
        let body = &run.body;
        facts(body, &look.known, given, &mut look.facts);
        look.answered.resize(body.sinks.len(), None);
        let wanted = |sink: usize| {
            look.answered[sink].is_none() && wanted(&run.sinks, body, &look.facts, sink)
        };
        let needed = needed(body, &look.facts, wanted);
        let inputs = needed.inputs.rows();
        let known = needed.known && self.only_partials && !self.raises(run, look);
        let mut leaves = inputs.iter().zip(&self.tells);
        look.stand_ins.clear();
        if !known && leaves.all(|(&needed, &tells)| needed || !tells) {
            look.answered.clear();
            return (Way::All, needed);
        }
        let variant = match known {
            true => None,
            false => self.variants.get(body, &look.facts),
        };
        for (index, leaf) in run.leaves.iter().enumerate() {
            let unread = variant
                .as_ref()
                .is_some_and(|variant| !variant.reads[index]);
            let stand_in = match (inputs[index] || !self.tells[index], unread) {
                (true, _) => None,
                (false, true) => Some(StandIn::Anything),
                (false, false) => Some(StandIn::Element(look.known[index].example(leaf.dtype()))),
            };
            look.stand_ins.push(stand_in);
        }
        look.variant = variant.map(|variant| variant.kernel);
        if !known {
            return (Way::Some, needed);
        }
        let elements = body
            .sinks
            .iter()
            .zip(&look.answered)
            .map(|(sink, answered)| {
                let same = look.facts[sink.reg()].same();
                same.filter(|_| answered.is_none()).map(Scalar::bits)
            });
        (
            Way::Known((tile.extent.clone(), elements.collect())),
            needed,
        )
    }

    /// The kernel that looks whether leaves are needed that `way` needs, and which leaves it reads; none where that has
    /// been in vain too often, or would be.
    pub(crate) fn probe(&self, way: &Way, look: &Look) -> Option<(&Kernel, &[bool], bool)> {
        /// Tiles that it is wanted for before it is worth compiling.
        const WANTED: usize = 3;
        /// Tiles that are looked at before it is known whether that is of use.
        const FIRST: usize = 8;
        /// Of those that follow one in so many, unless one in so many was of use.
        const OFTEN: usize = 16;
        let probe = self.probe.as_ref()?;
        let stands_in = |leaf: usize| look.stand_ins.get(leaf).is_some_and(Option::is_some);
        let leaves = probe.reads.iter().zip(&probe.saves).enumerate();
        let reads = leaves
            .clone()
            .all(|(leaf, (&reads, _))| !reads || !stands_in(leaf));
        let saves = leaves
            .into_iter()
            .any(|(leaf, (_, &saves))| saves && !stands_in(leaf));
        let decided = look.told && look.facts[probe.reg].same().is_some();
        if matches!(way, Way::Known(_)) || decided || !reads || !saves {
            return None;
        }
        if probe.wanted.fetch_add(1, Ordering::Relaxed) < WANTED {
            return None;
        }
        let kernel = probe.kernel.get_or_init(|| {
            let started = Instant::now();
            let (kernel, fresh) = compiled(&probe.body, probe.level)?;
            if fresh {
                // OK to saturate: 584 years of nanoseconds. Nobody else sets it.
                let ns = u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX);
                let _ = probe.compiled.set(ns);
            }
            Some(kernel)
        });
        let kernel = kernel.as_ref()?;
        let tried = probe.tried.fetch_add(1, Ordering::Relaxed);
        let found = probe.found.load(Ordering::Relaxed);
        let worthwhile = tried < FIRST || found * OFTEN >= tried || tried.is_multiple_of(OFTEN);
        worthwhile.then_some((&**kernel, &*probe.reads, probe.truth))
    }

    /// How a tile is computed after the probe has found that the mask is the same all over.
    pub(crate) fn masked(&self, run: &PassRun<'_>, tile: &Tile, way: Way, look: &mut Look) -> Way {
        let Some(probe) = &self.probe else {
            return way;
        };
        probe.found.fetch_add(1, Ordering::Relaxed);
        let before: Vec<bool> = look.stand_ins.iter().map(Option::is_some).collect();
        let given = Some((probe.reg, Scalar::Bool(probe.truth)));
        let (way, needed) = self.decide(run, tile, given, look);
        let inputs = needed.inputs.rows();
        let masked = |leaf: usize| {
            self.tells[leaf]
                && !inputs[leaf]
                && !probe.reads[leaf]
                && !before.get(leaf).is_some_and(|&before| before)
        };
        look.skipped.masked += blocks(run, tile, masked);
        way
    }

    /// Whether a condition that must not hold is known to, or may.
    fn raises(&self, run: &PassRun<'_>, look: &Look) -> bool {
        let mut sinks = run.sinks.iter().zip(&run.body.sinks);
        sinks.any(|(sink, body)| {
            let holds = look.facts[body.reg()] != Fact::Same(Scalar::Bool(false));
            matches!(sink, SinkRun::Raise(_)) && holds
        })
    }

    /// The partials of a tile of this key, if one was computed.
    pub(crate) fn recall(&self, key: &TileKey) -> Option<Vec<Option<Partials>>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(key).cloned()
    }

    /// Keeps the partials of a tile of this key.
    pub(crate) fn keep(&self, key: TileKey, partials: &[Option<Partials>]) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_KNOWN_TILES {
            known.clear();
        }
        // Those of many output elements are as large as what they were computed from.
        let states: usize = partials.iter().flatten().map(Partials::len).sum();
        if states <= MAX_KNOWN_STATES {
            known.insert(key, partials.to_vec());
        }
    }

    /// The key of a full tile in a box of which something is known at once; none unless all that is delivered is known.
    fn known_over(&self, run: &PassRun<'_>, over: &Tile, tile: &[usize]) -> Option<TileKey> {
        let known: Vec<Fact> = run
            .leaves
            .iter()
            .enumerate()
            .map(|(index, leaf)| {
                let (start, extent) = own_box(leaf, over);
                let found = scalar_fact(run, index).or_else(|| same_over(leaf, &start, &extent));
                found.unwrap_or(Fact::unknown(leaf.dtype()))
            })
            .collect();
        let mut found = Table::new();
        facts(&run.body, &known, None, &mut found);
        let elements = run
            .body
            .sinks
            .iter()
            .map(|sink| Some(Some(found[sink.reg()].same()?.bits())));
        Some((tile.to_vec(), elements.collect::<Option<_>>()?))
    }

    /// Kernels that were compiled for what is known, and how long that took.
    pub(crate) fn compiled(&self) -> (usize, u64) {
        let (count, ns) = self.variants.compiled();
        let probe = self.probe.as_ref().and_then(|probe| probe.compiled.get());
        match probe {
            Some(&more) => (count + 1, ns + more),
            None => (count, ns),
        }
    }
}

/// What is known of a leaf that is one element for the whole pass.
fn scalar_fact(run: &PassRun<'_>, index: usize) -> Option<Fact> {
    let Role::Scalar(cell) = run.roles[index] else {
        return None;
    };
    Scalar::read(run.leaves[index].dtype(), &cell.0).map(Fact::Same)
}

/// Whether a sink delivers anything of what it gets: a filter whose mask is false does not.
fn wanted(sinks: &[SinkRun<'_>], body: &Body, facts: &Table<Reg, Fact>, sink: usize) -> bool {
    match &sinks[sink] {
        SinkRun::Filter(filter) => {
            let mask = body.sinks.get(filter.mask()).map(|mask| facts[mask.reg()]);
            mask != Some(Fact::Same(Scalar::Bool(false)))
        }
        SinkRun::Store(_)
        | SinkRun::Fused(..)
        | SinkRun::Stream(_)
        | SinkRun::Scan(_)
        | SinkRun::Select(_)
        | SinkRun::Bins(_)
        | SinkRun::Tally(_)
        | SinkRun::Mask
        | SinkRun::Weight(_)
        | SinkRun::Raise(_) => true,
    }
}

/// Blocks that a tile has of some leaves.
pub(crate) fn blocks(run: &PassRun<'_>, tile: &Tile, leaf: impl Fn(usize) -> bool) -> u64 {
    let leaves = run.leaves.iter().enumerate();
    let each = leaves.filter(|&(index, _)| leaf(index));
    each.map(|(_, leaf)| {
        let (start, extent) = own_box(leaf, tile);
        leaf.n_blocks(&start, &extent)
    })
    .sum()
}

/// Partials that are known already, in the place of those that were folded.
pub(crate) fn answer_with(answered: &mut [Option<Partials>], partials: &mut [Option<Partials>]) {
    for (partials, answered) in partials.iter_mut().zip(answered) {
        if let Some(answer) = answered.take() {
            *partials = Some(answer);
        }
    }
}
