//! In: a body and its plan. Out: the CLIF of its kernel. Never: what an operation means.
//!
//! The function is `(n, inputs, outputs, scratch)`: a count and three pointers, the middle two to
//! arrays of pointers. It computes what is uniform, then loops over strips; in a strip over the
//! plan's regions; in a region over bundles of elements, then over the elements left. A fold of
//! floats puts a loop over runs between region and bundles.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types;
use cranelift_codegen::ir::{
    AbiParam, BlockArg, Function, InstBuilder, Signature, StackSlotData, StackSlotKind,
    UserFuncName, Value,
};
use cranelift_codegen::isa::TargetIsa;
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};

use super::emit::{Emit, Width};
use super::fold::Fold;
use super::lanes::{Bundle, PLAIN, READ};
use super::lower::{Lower, Turn};
use super::plan::{self, Call, Place, Plan, Region, Slot};
use crate::error::Error;
use crate::ir::{Body, BodyInst, Elementwise, Reg, Sink};
use crate::limits::{RUN_ELEMS, STRIP_ELEMS};
use crate::math::SimdLevel;
use crate::math::strip::Routine;
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
struct Kernel<'a> {
    lower: Lower<'a>,
}

/// A fold of the region at hand, with its sink.
#[derive(Clone, Copy)]
struct Folding {
    sink: usize,
    fold: Fold,
    reg: Reg,
}

impl<'a> Kernel<'a> {
    fn new(mut emit: Emit<'a>, body: &'a Body, plan: &'a Plan, params: &[Value]) -> Self {
        let mut pointers = |array: Value, n: usize| -> Vec<Value> {
            (0..n as i32)
                .map(|at| emit.b.ins().load(types::I64, READ, array, 8 * at))
                .collect()
        };
        let inputs = pointers(params[1], body.inputs.len());
        let outputs = pointers(params[2], body.sinks.len());
        let lower = Lower {
            emit,
            body,
            plan,
            inputs,
            outputs,
            scratch: params[3],
            once: vec![None; body.regs.len()],
            known: Vec::new(),
        };
        Kernel { lower }
    }

    fn write(&mut self, n: Value) -> Result<(), Error> {
        let plan = self.lower.plan;
        for &reg in &plan.once {
            self.compute_once(reg)?;
        }
        let zero = self.int(0);
        let states = self.start_folds();
        let states = if plan.strips {
            self.fill_temporaries(n);
            self.counted(zero, n, STRIP_ELEMS, &states, |kernel, strip, states| {
                let end = kernel.clamp(strip, STRIP_ELEMS, n);
                kernel.strip(strip, end, states)
            })
        } else {
            self.strip(zero, n, &states)
        };
        self.finish_folds(&states);
        Ok(())
    }

    fn int(&mut self, value: usize) -> Value {
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
        (head, exit): (cranelift_codegen::ir::Block, cranelift_codegen::ir::Block),
        state: &[Value],
    ) {
        let stay: Vec<BlockArg> = state.iter().map(|&value| value.into()).collect();
        let mut turn = vec![BlockArg::from(at)];
        turn.extend_from_slice(&stay);
        let b = &mut self.lower.emit.b;
        let below = b.ins().icmp(IntCC::UnsignedLessThan, at, to);
        b.ins().brif(below, head, &turn, exit, &stay);
    }

    /// All regions over the elements `strip..end`; the states are those of all folds that are
    /// not in runs, one after the other in sink order.
    fn strip(&mut self, strip: Value, end: Value, states: &[Value]) -> Vec<Value> {
        let plan = self.lower.plan;
        let mut states = states.to_vec();
        for region in &plan.regions {
            if !region.is_idle() {
                self.region(region, strip, end, &mut states);
            }
            for call in &region.calls {
                self.call(call, strip, end);
            }
        }
        states
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

    fn start_folds(&mut self) -> Vec<Value> {
        let folds = self.lasting();
        folds
            .iter()
            .flat_map(|folding| self.lower.emit.fold_start(folding.fold))
            .collect()
    }

    fn finish_folds(&mut self, states: &[Value]) {
        for (folding, state) in self.lasting().into_iter().zip(states.chunks(2)) {
            let answer = self.lower.emit.fold_finish(folding.fold, state);
            let output = self.lower.outputs[folding.sink];
            self.lower.emit.b.ins().store(PLAIN, answer, output, 0);
        }
    }

    /// One loop over `strip..end`.
    fn region(&mut self, region: &Region, strip: Value, end: Value, states: &mut [Value]) {
        let folding = self.folding(region);
        match folding {
            Some(folding) if folding.fold.in_runs() => {
                self.counted(strip, end, RUN_ELEMS, &[], |kernel, run, _| {
                    let end = kernel.clamp(run, RUN_ELEMS, end);
                    kernel.run(region, folding, strip, run, end);
                    Vec::new()
                });
            }
            Some(folding) => {
                let before = self
                    .lasting()
                    .iter()
                    .take_while(|one| one.sink < folding.sink)
                    .count();
                let state = &mut states[2 * before..2 * before + 2];
                let done = self.span(region, Some(folding), strip, strip..end, state);
                state.copy_from_slice(&done);
            }
            None => {
                self.span(region, None, strip, strip..end, &[]);
            }
        }
    }

    /// One run of a fold of floats: its lanes start anew and are stored after the bundles; the
    /// elements left (there are none but in the last run) are added to them in memory.
    fn run(&mut self, region: &Region, folding: Folding, strip: Value, run: Value, end: Value) {
        let output = self.lower.outputs[folding.sink];
        let state = self.lower.emit.fold_start(folding.fold);
        let middle = self.bundles_end(run, end);
        let state = self.bundles(region, Some(folding), strip, run..middle, &state);
        self.lower.store_run(output, run, &state);
        self.counted(middle, end, 1, &[], |kernel, at, _| {
            let turn = Turn {
                bundle: Bundle::ONE,
                at,
                strip,
            };
            kernel.turn(region, turn);
            let x = kernel.lower.value(turn, folding.reg)[0];
            let dtype = kernel.lower.body.regs[folding.reg].dtype;
            kernel.lower.add_to_run(output, turn, dtype, x);
            Vec::new()
        });
    }

    /// The elements of a range: in bundles, then one by one.
    fn span(
        &mut self,
        region: &Region,
        folding: Option<Folding>,
        strip: Value,
        range: std::ops::Range<Value>,
        state: &[Value],
    ) -> Vec<Value> {
        let middle = self.bundles_end(range.start, range.end);
        let state = self.bundles(region, folding, strip, range.start..middle, state);
        self.counted(middle, range.end, 1, &state, |kernel, at, state| {
            let turn = Turn {
                bundle: Bundle::ONE,
                at,
                strip,
            };
            kernel.turn_with_fold(region, folding, turn, state)
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
    fn bundles(
        &mut self,
        region: &Region,
        folding: Option<Folding>,
        strip: Value,
        range: std::ops::Range<Value>,
        state: &[Value],
    ) -> Vec<Value> {
        if self.lower.emit.level == SimdLevel::Off {
            return state.to_vec();
        }
        let elems = self.lower.plan.bundle;
        let bundle = Bundle {
            elems,
            width: Width::Vector,
        };
        self.counted(range.start, range.end, elems, state, |kernel, at, state| {
            kernel.turn_with_fold(region, folding, Turn { bundle, at, strip }, state)
        })
    }

    fn turn_with_fold(
        &mut self,
        region: &Region,
        folding: Option<Folding>,
        turn: Turn,
        state: &[Value],
    ) -> Vec<Value> {
        self.turn(region, turn);
        let Some(Folding { fold, reg, .. }) = folding else {
            return Vec::new();
        };
        let lanes = self.lower.value(turn, reg);
        self.lower.emit.fold_step(turn.bundle, fold, state, &lanes)
    }

    /// What a region computes and stores for the elements of one turn.
    fn turn(&mut self, region: &Region, turn: Turn) {
        self.lower.begin_turn();
        for &reg in &region.maps {
            if let BodyInst::Map(map) = self.lower.body.regs[reg].inst {
                self.lower.compute(turn, reg, map);
            }
        }
        for &(reg, slot) in &region.spills {
            self.spill(turn, reg, slot);
        }
        for &sink in &region.sinks {
            if let Sink::Store(reg) = self.lower.body.sinks[sink] {
                let (lanes, dtype) = (self.lower.value(turn, reg), self.lower.body.regs[reg].dtype);
                let output = self.lower.outputs[sink];
                let address = self.lower.address(output, turn.at, dtype.size());
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
        self.span(&region, None, zero, zero..end, &[]);
    }

    /// Calls a strip routine on `strip..end`.
    fn call(&mut self, call: &Call, strip: Value, end: Value) {
        let to = self.temporary(call.to);
        let from = call.from.map(|place| match place {
            Place::Slot(slot) => self.temporary(slot),
            Place::Stream(input) => {
                let base = self.lower.inputs[input.index()];
                let size = self.lower.body.inputs[input].dtype.size();
                self.lower.address(base, strip, size)
            }
        });
        let n = self.lower.emit.b.ins().isub(end, strip);
        self.lower.emit.call(call.routine, to, from, n);
    }

    fn temporary(&mut self, slot: Slot) -> Value {
        self.lower
            .emit
            .b
            .ins()
            .iadd_imm_s(self.lower.scratch, i64::from(slot))
    }

    /// Computes a uniform register before the loops.
    fn compute_once(&mut self, reg: Reg) -> Result<(), Error> {
        let body = self.lower.body;
        let data = &body.regs[reg];
        let value = match data.inst {
            BodyInst::Const(scalar) => self.lower.emit.scalar(Width::Lane, scalar),
            BodyInst::Input(input) => {
                let base = self.lower.inputs[input.index()];
                self.lower.emit.load(Bundle::ONE, data.dtype, base, 0)[0]
            }
            BodyInst::Map(map) if plan::is_native(body, reg, map) => {
                let args: Vec<_> = map.args().map(|arg| vec![self.lower.scalar(arg)]).collect();
                self.lower.map(Bundle::ONE, reg, map, &args)[0]
            }
            BodyInst::Map(map) => self.call_once(reg, map)?,
        };
        self.lower.once[reg.index()] = Some(value);
        Ok(())
    }

    /// A strip routine on a strip of one element, on the stack.
    fn call_once(&mut self, reg: Reg, map: Elementwise<Reg>) -> Result<Value, Error> {
        let routine = plan::routine(self.lower.body, reg, map, self.lower.emit.level)?;
        let ty = Width::Lane.of(self.lower.body.regs[reg].dtype);
        let args: Vec<Value> = map.args().map(|arg| self.lower.scalar(arg)).collect();
        let cells: Vec<Value> = args.iter().map(|&arg| self.cell(arg)).collect();
        let (to, from) = match routine {
            // The argument's cell is read through the second pointer, the result needs its own.
            Routine::Convert(_) => (self.cell(args[0]), Some(cells[0])),
            Routine::InPlace(_) | Routine::Pair(_) => (cells[0], cells.get(1).copied()),
        };
        let one = self.int(1);
        self.lower.emit.call(routine, to, from, one);
        Ok(self.lower.emit.b.ins().load(ty, PLAIN, to, 0))
    }

    /// The address of eight bytes on the stack that hold `value`.
    fn cell(&mut self, value: Value) -> Value {
        let b = &mut self.lower.emit.b;
        let data = StackSlotData::new(StackSlotKind::ExplicitSlot, 8, 3);
        let slot = b.create_sized_stack_slot(data);
        let address = b.ins().stack_addr(types::I64, slot, 0);
        b.ins().store(PLAIN, value, address, 0);
        address
    }
}

impl Emit<'_> {
    /// Calls a routine at its address in this process.
    fn call(&mut self, routine: Routine, to: Value, from: Option<Value>, n: Value) {
        let address = match routine {
            Routine::InPlace(f) => f as usize,
            Routine::Pair(f) | Routine::Convert(f) => f as usize,
        };
        let args: Vec<Value> = [Some(to), from, Some(n)].into_iter().flatten().collect();
        let mut signature = Signature::new(self.b.func.signature.call_conv);
        signature.params = vec![AbiParam::new(types::I64); args.len()];
        let signature = self.b.import_signature(signature);
        let callee = self.b.ins().iconst(types::I64, address as i64);
        self.b.ins().call_indirect(signature, callee, &args);
    }
}
