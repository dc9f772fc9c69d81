//! In: a body and its plan. Out: the CLIF of its kernel. Never: what an operation means.
//!
//! The function is `(n, inputs, outputs, scratch)`: a count and three pointers, the middle two to
//! arrays of pointers. It computes what is uniform, then loops over strips; in a strip over the
//! plan's regions; in a region over bundles of elements, then over the elements left. A fold of
//! floats puts a loop over runs between region and bundles.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types;
use std::ops::Range;

use cranelift_codegen::ir::{
    AbiParam, Block, BlockArg, Function, InstBuilder, Signature, StackSlot, StackSlotData,
    StackSlotKind, UserFuncName, Value,
};
use cranelift_codegen::isa::TargetIsa;
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};

use super::emit::{Emit, Width};
use super::fold::Fold;
use super::lanes::{Bundle, PLAIN};
use super::lower::{Lower, Turn};
use super::plan::{Plan, Region, Slot};
use crate::error::Error;
use crate::ir::{Body, BodyInst, Reg, Sink};
use crate::limits::{RUN_ELEMS, STRIP_ELEMS};
use crate::math::SimdLevel;
use crate::table::Id;

/// Writes the kernel of `body`.
pub(super) fn function(
    body: &Body,
    plan: &Plan,
    level: SimdLevel,
    isa: &dyn TargetIsa,
) -> Result<Function, Error> {
    let mut signature = Signature::new(isa.default_call_conv());
    signature.params = vec![AbiParam::new(types::I64); 4];
    let mut function = Function::with_name_signature(UserFuncName::user(0, 0), signature);
    let mut context = FunctionBuilderContext::new();
    let mut b = FunctionBuilder::new(&mut function, &mut context);
    let entry = b.create_block();
    b.append_block_params_for_function_params(entry);
    b.switch_to_block(entry);
    let params = b.block_params(entry).to_vec();
    let emit = Emit { b, level };
    let mut kernel = Kernel::new(emit, body, plan, &params);
    kernel.write(params[0])?;
    let mut b = kernel.lower.emit.b;
    b.ins().return_(&[]);
    b.seal_all_blocks();
    b.finalize(isa.frontend_config());
    Ok(function)
}

/// The kernel being written.
pub(super) struct Kernel<'a> {
    pub(super) lower: Lower<'a>,
    /// The arrays of pointers.
    pub(super) inputs: Value,
    outputs: Value,
    /// For each fold that is not in runs, where its state is between two regions: on the stack,
    /// since a value kept alive over calls and other loops would be spilled inside this one.
    states: Vec<Option<StackSlot>>,
}

/// A fold of the region at hand, with its sink.
#[derive(Clone, Copy)]
struct Folding {
    sink: usize,
    fold: Fold,
    reg: Reg,
}

/// What a region's loops share.
#[derive(Clone, Copy)]
struct Work<'r> {
    region: &'r Region,
    folding: Option<Folding>,
    /// The pointers of its sinks.
    outputs: &'r [Value],
    strip: Value,
}

impl Work<'_> {
    fn turn(&self, bundle: Bundle, at: Value) -> Turn {
        let strip = self.strip;
        Turn { bundle, at, strip }
    }

    /// The pointer of a sink of this region.
    fn output(&self, sink: usize) -> Value {
        let at = self.region.sinks.iter().position(|&own| own == sink);
        // OK because only sinks of this region are asked for.
        self.outputs[at.expect("a sink of this region")]
    }
}

impl<'a> Kernel<'a> {
    fn new(emit: Emit<'a>, body: &'a Body, plan: &'a Plan, params: &[Value]) -> Self {
        let lower = Lower {
            emit,
            body,
            plan,
            streams: vec![None; body.inputs.len()],
            scratch: params[3],
            once: vec![None; body.regs.len()],
            known: Vec::new(),
        };
        Kernel {
            lower,
            inputs: params[1],
            outputs: params[2],
            states: vec![None; body.sinks.len()],
        }
    }

    fn write(&mut self, n: Value) -> Result<(), Error> {
        let plan = self.lower.plan;
        for &reg in &plan.once {
            self.compute_once(reg)?;
        }
        self.start_folds();
        let zero = self.int(0);
        if plan.strips {
            self.fill_temporaries(n);
            self.counted(zero, n, STRIP_ELEMS, &[], |kernel, strip, _| {
                let end = kernel.clamp(strip, STRIP_ELEMS, n);
                kernel.strip(strip, end);
                Vec::new()
            });
        } else {
            self.strip(zero, n);
        }
        self.finish_folds();
        Ok(())
    }

    pub(super) fn int(&mut self, value: usize) -> Value {
        self.lower.emit.b.ins().iconst(types::I64, value as i64)
    }

    /// `min(from + step, end)`
    fn clamp(&mut self, from: Value, step: usize, end: Value) -> Value {
        let to = self.lower.emit.b.ins().iadd_imm_s(from, step as i64);
        self.lower.emit.b.ins().umin(to, end)
    }

    /// `for at in (from..to).step_by(step)`, with values carried from turn to turn.
    fn counted(
        &mut self,
        from: Value,
        to: Value,
        step: usize,
        state: &[Value],
        turn: impl FnOnce(&mut Self, Value, &[Value]) -> Vec<Value>,
    ) -> Vec<Value> {
        let (head, exit) = {
            let b = &mut self.lower.emit.b;
            (b.create_block(), b.create_block())
        };
        self.lower.emit.b.append_block_param(head, types::I64);
        for &value in state {
            let ty = self.lower.emit.type_of(value);
            self.lower.emit.b.append_block_param(head, ty);
            self.lower.emit.b.append_block_param(exit, ty);
        }
        self.branch_if_below(from, to, (head, exit), state);
        self.lower.emit.b.switch_to_block(head);
        let params = self.lower.emit.b.block_params(head).to_vec();
        let state = turn(self, params[0], &params[1..]);
        let next = self.lower.emit.b.ins().iadd_imm_s(params[0], step as i64);
        self.branch_if_below(next, to, (head, exit), &state);
        self.lower.emit.b.switch_to_block(exit);
        self.lower.emit.b.block_params(exit).to_vec()
    }

    /// To `head(at, state)` if `at < to`, else to `exit(state)`.
    fn branch_if_below(
        &mut self,
        at: Value,
        to: Value,
        (head, exit): (Block, Block),
        state: &[Value],
    ) {
        let stay: Vec<BlockArg> = state.iter().map(|&value| value.into()).collect();
        let mut turn = vec![BlockArg::from(at)];
        turn.extend_from_slice(&stay);
        let b = &mut self.lower.emit.b;
        let below = b.ins().icmp(IntCC::UnsignedLessThan, at, to);
        b.ins().brif(below, head, &turn, exit, &stay);
    }

    /// All regions over the elements `strip..end`.
    fn strip(&mut self, strip: Value, end: Value) {
        let plan = self.lower.plan;
        for region in &plan.regions {
            if !region.is_idle() {
                self.region(region, strip, end);
            }
            for call in &region.calls {
                self.call(call, strip, end);
            }
        }
    }

    /// The pointer at a position of an array of pointers.
    pub(super) fn pointer(&mut self, array: Value, at: usize) -> Value {
        let offset = 8 * at as i32;
        self.lower
            .emit
            .b
            .ins()
            .load(types::I64, PLAIN, array, offset)
    }

    /// The fold a region serves, if any; the plan gives it at most one.
    fn folding(&self, region: &Region) -> Option<Folding> {
        region.sinks.iter().find_map(|&sink| self.folding_of(sink))
    }

    fn folding_of(&self, sink: usize) -> Option<Folding> {
        match self.lower.body.sinks[sink] {
            Sink::Store(_) => None,
            Sink::Fold(op, reg) => {
                let fold = Fold::new(op, self.lower.body.regs[reg].dtype);
                Some(Folding { sink, fold, reg })
            }
        }
    }

    /// The folds whose state lasts from strip to strip, in sink order.
    fn lasting(&self) -> Vec<Folding> {
        (0..self.lower.body.sinks.len())
            .filter_map(|sink| self.folding_of(sink))
            .filter(|folding| !folding.fold.in_runs())
            .collect()
    }

    fn start_folds(&mut self) {
        for folding in self.lasting() {
            let data = StackSlotData::new(StackSlotKind::ExplicitSlot, 32, 4);
            let slot = self.lower.emit.b.create_sized_stack_slot(data);
            self.states[folding.sink] = Some(slot);
            let state = self.lower.emit.fold_start(folding.fold);
            self.lower.emit.save(slot, &state);
        }
    }

    fn state_of(&self, folding: Folding) -> StackSlot {
        // OK because `start_folds` gives every fold that is not in runs its slot.
        self.states[folding.sink].expect("a fold that was started")
    }

    fn finish_folds(&mut self) {
        for folding in self.lasting() {
            let slot = self.state_of(folding);
            let state = self.lower.emit.restore(slot, folding.fold);
            let answer = self.lower.emit.fold_finish(folding.fold, &state);
            let output = self.pointer(self.outputs, folding.sink);
            self.lower.emit.b.ins().store(PLAIN, answer, output, 0);
        }
    }

    /// One loop over `strip..end`. Pointers are loaded here, not at the entry, for the same
    /// reason as states are.
    fn region(&mut self, region: &Region, strip: Value, end: Value) {
        for &input in &region.streams {
            self.lower.streams[input.index()] = Some(self.pointer(self.inputs, input.index()));
        }
        let outputs: Vec<Value> = region
            .sinks
            .iter()
            .map(|&sink| self.pointer(self.outputs, sink))
            .collect();
        let work = Work {
            region,
            folding: self.folding(region),
            outputs: &outputs,
            strip,
        };
        match work.folding {
            Some(folding) if folding.fold.in_runs() => {
                self.counted(strip, end, RUN_ELEMS, &[], |kernel, run, _| {
                    let end = kernel.clamp(run, RUN_ELEMS, end);
                    kernel.run(work, folding, run, end);
                    Vec::new()
                });
            }
            Some(folding) => {
                let slot = self.state_of(folding);
                let state = self.lower.emit.restore(slot, folding.fold);
                let state = self.span(work, strip..end, &state);
                self.lower.emit.save(slot, &state);
            }
            None => {
                self.span(work, strip..end, &[]);
            }
        }
    }

    /// One run of a fold of floats: its lanes start anew and are stored after the bundles; the
    /// elements left (there are none but in the last run) are added to them in memory.
    fn run(&mut self, work: Work<'_>, folding: Folding, run: Value, end: Value) {
        let output = work.output(folding.sink);
        let state = self.lower.emit.fold_start(folding.fold);
        let middle = self.bundles_end(run, end);
        let state = self.bundles(work, run..middle, &state);
        self.lower.store_run(output, run, &state);
        self.counted(middle, end, 1, &[], |kernel, at, _| {
            let turn = work.turn(Bundle::ONE, at);
            kernel.turn(work, turn);
            let x = kernel.lower.value(turn, folding.reg)[0];
            let dtype = kernel.lower.body.regs[folding.reg].dtype;
            kernel.lower.add_to_run(output, turn, dtype, x);
            Vec::new()
        });
    }

    /// The elements of a range: in bundles, then one by one.
    fn span(&mut self, work: Work<'_>, range: Range<Value>, state: &[Value]) -> Vec<Value> {
        let middle = self.bundles_end(range.start, range.end);
        let state = self.bundles(work, range.start..middle, state);
        self.counted(middle, range.end, 1, &state, |kernel, at, state| {
            kernel.turn_with_fold(work, work.turn(Bundle::ONE, at), state)
        })
    }

    /// Where the last whole bundle of a range ends; its start where there are no vectors.
    fn bundles_end(&mut self, start: Value, end: Value) -> Value {
        if self.lower.emit.level == SimdLevel::Off {
            return start;
        }
        let whole = -(self.lower.plan.bundle as i64);
        let b = &mut self.lower.emit.b;
        let len = b.ins().isub(end, start);
        let len = b.ins().band_imm_s(len, whole);
        b.ins().iadd(start, len)
    }

    /// The whole bundles of a range.
    fn bundles(&mut self, work: Work<'_>, range: Range<Value>, state: &[Value]) -> Vec<Value> {
        if self.lower.emit.level == SimdLevel::Off {
            return state.to_vec();
        }
        let elems = self.lower.plan.bundle;
        let width = Width::Vector;
        self.counted(range.start, range.end, elems, state, |kernel, at, state| {
            kernel.turn_with_fold(work, work.turn(Bundle { elems, width }, at), state)
        })
    }

    fn turn_with_fold(&mut self, work: Work<'_>, turn: Turn, state: &[Value]) -> Vec<Value> {
        self.turn(work, turn);
        let Some(Folding { fold, reg, .. }) = work.folding else {
            return Vec::new();
        };
        let lanes = self.lower.value(turn, reg);
        self.lower.emit.fold_step(turn.bundle, fold, state, &lanes)
    }

    /// What a region computes and stores for the elements of one turn.
    fn turn(&mut self, work: Work<'_>, turn: Turn) {
        self.lower.begin_turn();
        for &reg in &work.region.maps {
            if let BodyInst::Map(map) = self.lower.body.regs[reg].inst {
                self.lower.compute(turn, reg, map);
            }
        }
        for &(reg, slot) in &work.region.spills {
            self.spill(turn, reg, slot);
        }
        for &sink in &work.region.sinks {
            if let Sink::Store(reg) = self.lower.body.sinks[sink] {
                let dtype = self.lower.body.regs[reg].dtype;
                let lanes = self.lower.value(turn, reg);
                let address = self.lower.address(work.output(sink), turn.at, dtype.size());
                self.lower
                    .emit
                    .store(turn.bundle, dtype, &lanes, address, 0);
            }
        }
    }

    fn spill(&mut self, turn: Turn, reg: Reg, slot: Slot) {
        let (lanes, dtype) = (self.lower.value(turn, reg), self.lower.body.regs[reg].dtype);
        let address = self.lower.in_strip(turn, dtype.size());
        self.lower
            .emit
            .store(turn.bundle, dtype, &lanes, address, slot);
    }

    /// Fills the temporaries of uniform values that routines want as strips.
    fn fill_temporaries(&mut self, n: Value) {
        let plan = self.lower.plan;
        if plan.fills.is_empty() {
            return;
        }
        let zero = self.int(0);
        let end = self.clamp(zero, STRIP_ELEMS, n);
        let region = Region {
            spills: plan.fills.clone(),
            ..Region::default()
        };
        self.region(&region, zero, end);
    }
}
