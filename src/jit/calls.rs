//! In: operations that machine code does not compute lane by lane. Out: calls of the strip
//! routines of `math`, on a strip, or on one element for what is uniform. Never: a loop.

use cranelift_codegen::ir::types;
use cranelift_codegen::ir::{
    AbiParam, InstBuilder, Signature, StackSlotData, StackSlotKind, Value,
};

use super::emit::{Emit, Width};
use super::lanes::{Bundle, PLAIN};
use super::loops::Kernel;
use super::plan::{self, Call, Place, Slot};
use crate::error::Error;
use crate::ir::{BodyInst, Elementwise, Reg};
use crate::math::strip::Routine;
use crate::table::Id;

impl Kernel<'_> {
    /// Calls a strip routine on `strip..end`.
    pub(super) fn call(&mut self, call: &Call, strip: Value, end: Value) {
        let to = self.temporary(call.to);
        let from = call.from.map(|place| match place {
            Place::Slot(slot) => self.temporary(slot),
            Place::Stream(input) => {
                let base = self.pointer(self.inputs, input.index());
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
    pub(super) fn compute_once(&mut self, reg: Reg) -> Result<(), Error> {
        let body = self.lower.body;
        let data = &body.regs[reg];
        let value = match data.inst {
            BodyInst::Const(scalar) => self.lower.emit.scalar(Width::Lane, scalar),
            BodyInst::Input(input) => {
                let base = self.pointer(self.inputs, input.index());
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
