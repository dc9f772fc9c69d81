//! In: a body. Out: what is computed once, in which loop of a strip everything else is computed,
//! and where values wait between loops. Never: an instruction.
//!
//! A strip is worked off in *regions*, each one loop over the strip, then the calls of strip
//! routines that need what the loop computed. A value is computed in the latest region that
//! serves all its uses; one used in a later region waits in a strip temporary. A body with
//! several folds gives each its own region, since four states of four accumulators would spill.

use std::collections::BTreeSet;

use super::native;
use crate::diag::Code;
use crate::error::{Error, ErrorKind};
use crate::ir::{Body, BodyInst, Elementwise, InputId, Reg, Sink};
use crate::limits::STRIP_ELEMS;
use crate::math::SimdLevel;
use crate::math::strip::{self, Routine};
use crate::table::Id;

/// The order of work of a kernel.
#[derive(Debug)]
pub(super) struct Plan {
    /// Whether each register has one value for the whole call.
    pub(super) uniform: Vec<bool>,
    /// The uniform registers that are needed, in order.
    pub(super) once: Vec<Reg>,
    /// Uniform values that routines want as a strip; filled before the first strip.
    pub(super) fills: Vec<(Reg, Slot)>,
    /// The loops over a strip, in order.
    pub(super) regions: Vec<Region>,
    /// Where a register waits for later regions.
    pub(super) slots: Vec<Option<Slot>>,
    /// Whether the elements are worked off in strips, or in one loop.
    pub(super) strips: bool,
    /// Elements of one turn of a vector loop.
    pub(super) bundle: usize,
    /// Bytes of all strip temporaries.
    pub(super) scratch_bytes: usize,
}

/// Byte offset of a strip temporary in the scratch buffer.
pub(super) type Slot = i32;

/// One loop over a strip, and the calls after it.
#[derive(Debug, Default)]
pub(super) struct Region {
    /// The inputs the loop reads element by element.
    pub(super) streams: Vec<InputId>,
    /// What the loop computes, in order.
    pub(super) maps: Vec<Reg>,
    /// What it leaves in temporaries.
    pub(super) spills: Vec<(Reg, Slot)>,
    /// Positions of the sinks it serves.
    pub(super) sinks: Vec<usize>,
    /// The routines called after it.
    pub(super) calls: Vec<Call>,
}

/// A call of a strip routine.
#[derive(Debug)]
pub(super) struct Call {
    /// What is called.
    pub(super) routine: Routine,
    /// The temporary it works on or writes to.
    pub(super) to: Slot,
    /// Its second pointer, if it has one.
    pub(super) from: Option<Place>,
}

/// Where a routine reads a strip.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    /// A temporary.
    Slot(Slot),
    /// The input itself.
    Stream(InputId),
}

impl Region {
    /// The inputs among what the loop computes with, stores and serves.
    fn reads(&self, shape: &Shape<'_>) -> Vec<InputId> {
        let body = shape.body;
        let args = self.maps.iter().flat_map(|&reg| match body.regs[reg].inst {
            BodyInst::Map(map) => map.args().collect(),
            BodyInst::Const(_) | BodyInst::Input(_) => Vec::new(),
        });
        let spilled = self.spills.iter().map(|&(reg, _)| reg);
        let sunk = self.sinks.iter().map(|&at| body.sinks[at].reg());
        let streams: BTreeSet<InputId> = args
            .chain(spilled)
            .chain(sunk)
            .filter_map(|reg| match body.regs[reg].inst {
                BodyInst::Input(input) if !body.inputs[input].uniform => Some(input),
                BodyInst::Input(_) | BodyInst::Const(_) | BodyInst::Map(_) => None,
            })
            .collect();
        streams.into_iter().collect()
    }

    /// Whether the loop has nothing to do.
    pub(super) fn is_idle(&self) -> bool {
        self.spills.is_empty() && self.sinks.is_empty()
    }
}

impl Plan {
    /// Plans a body whose registers name only registers before them.
    pub(super) fn new(body: &Body, level: SimdLevel) -> Result<Plan, Error> {
        let shape = Shape::new(body);
        let mut plan = Plan {
            once: body
                .regs
                .ids()
                .filter(|reg| shape.live[reg.index()] && shape.uniform[reg.index()])
                .collect(),
            fills: Vec::new(),
            regions: shape.empty_regions(),
            slots: vec![None; body.regs.len()],
            strips: false,
            bundle: shape.bundle(),
            scratch_bytes: 0,
            uniform: Vec::new(),
        };
        plan.place_temporaries(&shape);
        plan.place_work(&shape, level)?;
        plan.strips = plan.regions.len() > 1 || plan.regions.iter().any(|r| !r.calls.is_empty());
        plan.uniform = shape.uniform;
        Ok(plan)
    }

    /// Gives every value that waits a temporary; one is used again once its value is dead.
    fn place_temporaries(&mut self, shape: &Shape<'_>) {
        let mut free: Vec<(usize, Slot)> = Vec::new();
        let mut taken: Vec<(usize, usize, Slot)> = Vec::new();
        for region in 0..shape.n_regions {
            taken.retain(|&(last, bytes, slot)| {
                let over = last < region;
                if over {
                    free.push((bytes, slot));
                }
                !over
            });
            for reg in shape.body.regs.ids() {
                if shape.waits_from(reg) != Some(region) {
                    continue;
                }
                let bytes = strip_bytes(shape.body, reg);
                let found = free.iter().position(|&(size, _)| size == bytes);
                let slot = match found {
                    Some(at) => free.swap_remove(at).1,
                    None => self.new_slot(bytes),
                };
                self.slots[reg.index()] = Some(slot);
                taken.push((shape.last_use[reg.index()], bytes, slot));
            }
        }
    }

    fn new_slot(&mut self, bytes: usize) -> Slot {
        let slot = self.scratch_bytes;
        self.scratch_bytes += bytes;
        // OK because MAX_KERNEL_REGS temporaries of 4 KiB stay far below 2 GiB.
        Slot::try_from(slot).expect("scratch exceeds 2 GiB")
    }

    /// Lists what each region computes, stores, serves and calls.
    fn place_work(&mut self, shape: &Shape<'_>, level: SimdLevel) -> Result<(), Error> {
        for (reg, data) in shape.body.regs.iter() {
            match (shape.home[reg.index()], &data.inst) {
                (Home::Map(region), _) => {
                    self.regions[region].maps.push(reg);
                    if let Some(slot) = self.slots[reg.index()] {
                        self.regions[region].spills.push((reg, slot));
                    }
                }
                (Home::Call(region), BodyInst::Map(map)) => {
                    self.place_call(shape, level, (reg, *map), region)?;
                }
                (Home::Call(_) | Home::Elsewhere, _) => {}
            }
        }
        for (at, &region) in shape.sink_regions.iter().enumerate() {
            self.regions[region].sinks.push(at);
        }
        for region in &mut self.regions {
            region.streams = region.reads(shape);
        }
        Ok(())
    }

    fn place_call(
        &mut self,
        shape: &Shape<'_>,
        level: SimdLevel,
        (reg, map): (Reg, Elementwise<Reg>),
        region: usize,
    ) -> Result<(), Error> {
        let routine = routine(shape.body, reg, map, level)?;
        // OK because `waits_from` names a region for every call.
        let to = self.slots[reg.index()].expect("the result of a call has a temporary");
        let mut args = map.args();
        if !matches!(routine, Routine::Convert(_)) {
            self.regions[region]
                .spills
                .extend(args.next().map(|arg| (arg, to)));
        }
        let from = args.next().map(|arg| self.source(shape, arg));
        self.regions[region].calls.push(Call { routine, to, from });
        Ok(())
    }

    /// Where a routine finds the strip of `arg`.
    fn source(&mut self, shape: &Shape<'_>, arg: Reg) -> Place {
        if let (BodyInst::Input(input), false) =
            (&shape.body.regs[arg].inst, shape.uniform[arg.index()])
        {
            return Place::Stream(*input);
        }
        if let Some(slot) = self.slots[arg.index()] {
            return Place::Slot(slot);
        }
        let slot = self.new_slot(strip_bytes(shape.body, arg));
        self.slots[arg.index()] = Some(slot);
        self.fills.push((arg, slot));
        Place::Slot(slot)
    }
}

fn strip_bytes(body: &Body, reg: Reg) -> usize {
    STRIP_ELEMS * body.regs[reg].dtype.size()
}

/// Whether an operation is computed lane by lane.
pub(super) fn is_native(body: &Body, reg: Reg, map: Elementwise<Reg>) -> bool {
    match map {
        Elementwise::Unary(op, _) => native::unary(op),
        Elementwise::Binary(op, _, right) => {
            native::binary(op, matches!(body.regs[right].inst, BodyInst::Const(_)))
        }
        Elementwise::Select { .. } => true,
        Elementwise::Cast(a) => native::cast(body.regs[a].dtype, body.regs[reg].dtype),
    }
}

/// The strip routine of an operation that is not native.
pub(super) fn routine(
    body: &Body,
    reg: Reg,
    map: Elementwise<Reg>,
    level: SimdLevel,
) -> Result<Routine, Error> {
    let found = match map {
        Elementwise::Unary(op, a) => strip::unary(op, body.regs[a].dtype, level),
        Elementwise::Binary(op, a, _) => strip::binary(op, body.regs[a].dtype, level),
        Elementwise::Select { .. } => None,
        Elementwise::Cast(a) => Some(strip::cast(body.regs[a].dtype, body.regs[reg].dtype, level)),
    };
    found.ok_or_else(|| {
        let message = format!("no strip routine computes {map:?}");
        Error::new(ErrorKind::Internal, Code::Compile, message)
    })
}

/// Where a register is computed.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Home {
    /// Nowhere (dead), once (uniform), or wherever it is used (an input).
    Elsewhere,
    /// In the loop of this region.
    Map(usize),
    /// By a call after the loop of this region.
    Call(usize),
}

/// What can be said of a body before anything is placed.
struct Shape<'b> {
    body: &'b Body,
    live: Vec<bool>,
    uniform: Vec<bool>,
    home: Vec<Home>,
    sink_regions: Vec<usize>,
    n_regions: usize,
    last_use: Vec<usize>,
    /// Read by a routine through its second pointer.
    is_source: Vec<bool>,
}

impl<'b> Shape<'b> {
    fn new(body: &'b Body) -> Self {
        let n = body.regs.len();
        let mut shape = Shape {
            body,
            live: live(body),
            uniform: uniform(body),
            home: vec![Home::Elsewhere; n],
            sink_regions: Vec::new(),
            n_regions: 0,
            last_use: vec![0; n],
            is_source: vec![false; n],
        };
        let earliest = shape.earliest();
        shape.place_sinks(&earliest);
        shape.sink_maps(&earliest);
        shape.find_uses();
        shape
    }

    /// The earliest region each register can be used in: the number of calls on the longest path
    /// to it.
    fn earliest(&mut self) -> Vec<usize> {
        let mut earliest = vec![0; self.body.regs.len()];
        for (reg, data) in self.body.regs.iter() {
            let at = reg.index();
            let BodyInst::Map(map) = &data.inst else {
                continue;
            };
            if self.uniform[at] || !self.live[at] {
                continue;
            }
            let region = map.args().map(|arg| earliest[arg.index()]).max();
            let region = region.unwrap_or(0);
            let native = is_native(self.body, reg, *map);
            self.home[at] = if native {
                Home::Map(region)
            } else {
                Home::Call(region)
            };
            earliest[at] = region + usize::from(!native);
        }
        earliest
    }

    /// A sink is served where its value first exists; several folds each in a region of its own.
    fn place_sinks(&mut self, earliest: &[usize]) {
        let sinks = &self.body.sinks;
        let is_fold = |sink: &&Sink| matches!(sink, Sink::Fold(..));
        let apart = sinks.iter().filter(is_fold).count() > 1;
        let region_of = |sink: &Sink| earliest[sink.reg().index()];
        let mut n = sinks.iter().map(region_of).max().map_or(1, |last| last + 1);
        self.sink_regions = sinks
            .iter()
            .map(|sink| match sink {
                Sink::Fold(..) if apart => {
                    n += 1;
                    n - 1
                }
                Sink::Store(_) | Sink::Fold(..) => region_of(sink),
            })
            .collect();
        self.n_regions = n;
    }

    /// Moves each operation to the first region that uses it.
    fn sink_maps(&mut self, earliest: &[usize]) {
        let mut first_use = vec![usize::MAX; self.body.regs.len()];
        for (sink, &region) in self.body.sinks.iter().zip(&self.sink_regions) {
            let first = &mut first_use[sink.reg().index()];
            *first = region.min(*first);
        }
        for (reg, data) in self.body.regs.iter().rev() {
            let BodyInst::Map(map) = &data.inst else {
                continue;
            };
            let region = match self.home[reg.index()] {
                Home::Elsewhere => continue,
                Home::Call(region) => region,
                Home::Map(_) => first_use[reg.index()].max(earliest[reg.index()]),
            };
            if let Home::Map(home) = &mut self.home[reg.index()] {
                *home = region;
            }
            for arg in map.args() {
                let first = &mut first_use[arg.index()];
                *first = region.min(*first);
            }
        }
    }

    fn find_uses(&mut self) {
        for (reg, data) in self.body.regs.iter() {
            let BodyInst::Map(map) = &data.inst else {
                continue;
            };
            let (region, called) = match self.home[reg.index()] {
                Home::Elsewhere => continue,
                Home::Map(region) => (region, false),
                Home::Call(region) => (region, true),
            };
            let convert = matches!(map, Elementwise::Cast(_));
            for (position, arg) in map.args().enumerate() {
                let last = &mut self.last_use[arg.index()];
                *last = region.max(*last);
                self.is_source[arg.index()] |= called && (convert || position > 0);
            }
        }
        for (sink, &region) in self.body.sinks.iter().zip(&self.sink_regions) {
            let last = &mut self.last_use[sink.reg().index()];
            *last = region.max(*last);
        }
    }

    /// The region from whose loop on a register occupies a temporary.
    fn waits_from(&self, reg: Reg) -> Option<usize> {
        match self.home[reg.index()] {
            Home::Elsewhere => None,
            Home::Call(region) => Some(region),
            Home::Map(region) => {
                let waits = self.last_use[reg.index()] > region || self.is_source[reg.index()];
                waits.then_some(region)
            }
        }
    }

    fn empty_regions(&self) -> Vec<Region> {
        (0..self.n_regions).map(|_| Region::default()).collect()
    }

    /// Eight elements a turn where 8-byte values occur (four vectors of them), else sixteen.
    fn bundle(&self) -> usize {
        let wide = self.body.regs.iter().any(|(reg, data)| {
            self.live[reg.index()] && !self.uniform[reg.index()] && data.dtype.size() == 8
        });
        if wide { 8 } else { 16 }
    }
}

fn live(body: &Body) -> Vec<bool> {
    let mut live = vec![false; body.regs.len()];
    for sink in &body.sinks {
        live[sink.reg().index()] = true;
    }
    for (reg, data) in body.regs.iter().rev() {
        if let (true, BodyInst::Map(map)) = (live[reg.index()], &data.inst) {
            map.args().for_each(|arg| live[arg.index()] = true);
        }
    }
    live
}

fn uniform(body: &Body) -> Vec<bool> {
    let mut uniform = vec![false; body.regs.len()];
    for (reg, data) in body.regs.iter() {
        uniform[reg.index()] = match &data.inst {
            BodyInst::Const(_) => true,
            BodyInst::Input(input) => body.inputs[*input].uniform,
            BodyInst::Map(map) => map.args().all(|arg| uniform[arg.index()]),
        };
    }
    uniform
}

/// The operation a routine computes and the dtype it takes, `sin.float64` say.
pub(super) fn routine_name(body: &Body, reg: Reg, map: Elementwise<Reg>) -> String {
    let (name, arg) = match map {
        Elementwise::Unary(op, a) => (op.name(), a),
        Elementwise::Binary(op, a, _) => (op.name(), a),
        Elementwise::Select { then, .. } => ("select", then),
        Elementwise::Cast(a) => return format!("{}.{}", body.regs[a].dtype, body.regs[reg].dtype),
    };
    format!("{name}.{}", body.regs[arg].dtype)
}
