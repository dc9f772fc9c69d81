//! In: a register of a body and the elements of one turn of a loop. Out: CLIF that holds its
//! value for these elements. Never: a loop.

use cranelift_codegen::ir::{InstBuilder, Value};

use super::emit::{Emit, Width};
use super::lanes::{Bundle, Lanes};
use super::plan::{Plan, Slot};
use crate::ir::{Body, BodyInst, Elementwise, InputId, Reg};
use crate::table::Id;
use crate::types::{BinaryOp, DType, UnaryOp};

/// What the loops of a kernel share: where its data is and what is known so far.
pub(super) struct Lower<'a> {
    pub(super) emit: Emit<'a>,
    pub(super) body: &'a Body,
    pub(super) plan: &'a Plan,
    /// The base pointers of the inputs that the current region reads.
    pub(super) streams: Vec<Option<Value>>,
    /// The strip temporaries.
    pub(super) scratch: Value,
    /// The uniform registers that have been computed.
    pub(super) once: Vec<Option<Value>>,
    /// The registers of the current turn that have been computed.
    pub(super) known: Vec<Option<Lanes>>,
}

/// One turn of a loop.
#[derive(Clone, Copy)]
pub(super) struct Turn {
    pub(super) bundle: Bundle,
    /// The first element of the turn.
    pub(super) at: Value,
    /// The first element of the strip.
    pub(super) strip: Value,
}

impl Lower<'_> {
    /// Forgets the previous turn.
    pub(super) fn begin_turn(&mut self) {
        self.known = vec![None; self.body.regs.len()];
    }

    /// `base + elements * size`
    pub(super) fn address(&mut self, base: Value, elements: Value, size: usize) -> Value {
        let shift = i64::from(size.trailing_zeros());
        let bytes = self.emit.b.ins().ishl_imm_u(elements, shift);
        self.emit.b.ins().iadd(base, bytes)
    }

    /// Where the turn's elements of a strip temporary begin, without the temporary's offset.
    pub(super) fn in_strip(&mut self, turn: Turn, size: usize) -> Value {
        let within = self.emit.b.ins().isub(turn.at, turn.strip);
        self.address(self.scratch, within, size)
    }

    /// The value of a register in this turn.
    pub(super) fn value(&mut self, turn: Turn, reg: Reg) -> Lanes {
        if let Some(lanes) = &self.known[reg.index()] {
            return lanes.clone();
        }
        let lanes = self.fetch(turn, reg);
        self.known[reg.index()] = Some(lanes.clone());
        lanes
    }

    /// A value that the region's loop does not compute: uniform, an input, or waiting.
    fn fetch(&mut self, turn: Turn, reg: Reg) -> Lanes {
        let data = &self.body.regs[reg];
        if self.plan.uniform[reg.index()] {
            return self.fetch_uniform(turn.bundle, reg);
        }
        match (&data.inst, self.plan.slots[reg.index()]) {
            (BodyInst::Input(input), _) => self.fetch_input(turn, *input),
            (BodyInst::Const(_) | BodyInst::Map(_), slot) => {
                // OK because the plan gives every value used after its region a slot.
                let slot: Slot = slot.expect("a value of an earlier region waits in a slot");
                let address = self.in_strip(turn, data.dtype.size());
                self.emit.load(turn.bundle, data.dtype, address, slot)
            }
        }
    }

    fn fetch_uniform(&mut self, bundle: Bundle, reg: Reg) -> Lanes {
        let data = &self.body.regs[reg];
        let part = match &data.inst {
            BodyInst::Const(scalar) => self.emit.scalar(bundle.width, *scalar),
            BodyInst::Input(_) | BodyInst::Map(_) => {
                let scalar = self.scalar(reg);
                self.emit.spread(bundle.width, data.dtype, scalar)
            }
        };
        self.emit.repeat(bundle, part)
    }

    /// The one value of a uniform register.
    pub(super) fn scalar(&self, reg: Reg) -> Value {
        // OK because the entry block computes all uniform registers that are needed, in order.
        self.once[reg.index()].expect("uniform registers are computed before the loops")
    }

    fn fetch_input(&mut self, turn: Turn, input: InputId) -> Lanes {
        let dtype = self.body.inputs[input].dtype;
        // OK because the plan lists the streams of a region.
        let base = self.streams[input.index()].expect("a stream of this region");
        let address = self.address(base, turn.at, dtype.size());
        self.emit.load(turn.bundle, dtype, address, 0)
    }

    /// Computes a native operation on its arguments in this turn.
    pub(super) fn compute(&mut self, turn: Turn, reg: Reg, map: Elementwise<Reg>) {
        let args: Vec<Lanes> = map.args().map(|arg| self.value(turn, arg)).collect();
        let lanes = self.map(turn.bundle, reg, map, &args);
        self.known[reg.index()] = Some(lanes);
    }

    /// A native operation on the lanes of its arguments.
    pub(super) fn map(
        &mut self,
        bundle: Bundle,
        reg: Reg,
        map: Elementwise<Reg>,
        args: &[Lanes],
    ) -> Lanes {
        let dtype = self.body.regs[reg].dtype;
        match map {
            Elementwise::Unary(op, a) => {
                let of = self.body.regs[a].dtype;
                self.emit.unary_lanes(op, of, &args[0])
            }
            Elementwise::Binary(op @ (BinaryOp::Shl | BinaryOp::Shr), _, by) => {
                self.shift(op, dtype, &args[0], by)
            }
            Elementwise::Binary(op, a, _) => {
                let of = self.body.regs[a].dtype;
                self.emit.binary_lanes(bundle, op, of, [&args[0], &args[1]])
            }
            Elementwise::Select { .. } => {
                self.emit
                    .select_lanes(bundle, dtype, [&args[0], &args[1], &args[2]])
            }
            Elementwise::Cast(a) => {
                let from = self.body.regs[a].dtype;
                self.emit.cast(bundle, from, dtype, &args[0])
            }
        }
    }

    fn shift(&mut self, op: BinaryOp, dtype: DType, lanes: &Lanes, by: Reg) -> Lanes {
        let BodyInst::Const(by) = self.body.regs[by].inst else {
            unreachable!("a shift by {by} is called, see `native`")
        };
        lanes
            .iter()
            .map(|&x| self.emit.shift(op, dtype, x, by))
            .collect()
    }
}

impl Emit<'_> {
    fn unary_lanes(&mut self, op: UnaryOp, dtype: DType, a: &Lanes) -> Lanes {
        a.iter().map(|&x| self.unary(op, dtype, x)).collect()
    }

    fn binary_lanes(
        &mut self,
        bundle: Bundle,
        op: BinaryOp,
        dtype: DType,
        args: [&Lanes; 2],
    ) -> Lanes {
        let [a, b] = if dtype.is_bool() {
            self.masks_alike(bundle, args)
        } else {
            args.map(Lanes::clone)
        };
        a.iter()
            .zip(&b)
            .map(|(&x, &y)| self.binary(op, dtype, x, y))
            .collect()
    }

    /// `[condition, then, otherwise]`
    fn select_lanes(&mut self, bundle: Bundle, dtype: DType, args: [&Lanes; 3]) -> Lanes {
        let [condition, then, otherwise] = if dtype.is_bool() {
            self.masks_alike(bundle, args)
        } else {
            let condition = self.mask_to(bundle, args[0], dtype.size());
            [condition, args[1].clone(), args[2].clone()]
        };
        let arms = then.iter().zip(&otherwise);
        condition
            .iter()
            .zip(arms)
            .map(|(&condition, (&then, &otherwise))| self.choose(condition, then, otherwise))
            .collect()
    }

    /// Masks in lanes of the narrowest width among them: fewer vectors to work on.
    fn masks_alike<const N: usize>(&mut self, bundle: Bundle, masks: [&Lanes; N]) -> [Lanes; N] {
        if bundle.width == Width::Lane {
            return masks.map(Lanes::clone);
        }
        let size = masks
            .iter()
            .map(|mask| self.lane_size(mask))
            .min()
            .unwrap_or(1);
        masks.map(|mask| self.mask_to(bundle, mask, size))
    }
}
