//! In: a fold and the elements of one turn. Out: its state after them; at the end, what the IR
//! promises at the output pointer. Never: a state that depends on the width of the machine.
//!
//! Every fold but `SumFloat` gives the same answer in any order, so it keeps one state for the
//! vectors and one for the lanes of the tail: `[vector, lane]`. `SumFloat` keeps the eight lanes
//! of the current run; see [`Lower::store_run`].

use cranelift_codegen::ir::types;
use cranelift_codegen::ir::{InstBuilder, StackSlot, Type, Value};

use super::emit::{Emit, Width, lane};
use super::lanes::{Bundle, Lanes, PLAIN};
use super::lower::{Lower, Turn};
use crate::ir::FoldOp;
use crate::limits::{LANES, RUN_ELEMS};
use crate::types::{BinaryOp, DType};

/// A fold of values of a dtype.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fold {
    op: FoldOp,
    dtype: DType,
}

impl Fold {
    /// The fold of `op` over values of `dtype`; the extrema of bools are `any` and `all`.
    pub(super) fn new(op: FoldOp, dtype: DType) -> Fold {
        let op = match (op, dtype) {
            (FoldOp::Min, DType::Bool) => FoldOp::All,
            (FoldOp::Max, DType::Bool) => FoldOp::Any,
            (FoldOp::SumInt, DType::Bool) => FoldOp::CountNonzero,
            _ => op,
        };
        Fold { op, dtype }
    }

    /// Whether the elements are folded in runs.
    pub(super) fn in_runs(self) -> bool {
        self.op == FoldOp::SumFloat
    }

    /// The types of the two states of a fold that is not in runs.
    fn state(self) -> [Type; 2] {
        match self.op {
            FoldOp::SumFloat | FoldOp::SumInt | FoldOp::CountNonzero => [types::I64X2, types::I64],
            FoldOp::Any | FoldOp::All => [types::I64X2, types::I8],
            FoldOp::Min | FoldOp::Max => [Width::Vector.of(self.dtype), lane(self.dtype)],
        }
    }

    /// The value that changes nothing, as bits of `dtype`.
    fn identity(self) -> u64 {
        let lowest = self.op == FoldOp::Max;
        match (self.dtype.int_range(), self.dtype.size()) {
            // Wraps to the bits.
            (Some((low, _)), _) if lowest => low as u64,
            (Some((_, high)), _) => high as u64,
            (None, 4) if lowest => u64::from(f32::NEG_INFINITY.to_bits()),
            (None, 4) => u64::from(f32::INFINITY.to_bits()),
            (None, _) if lowest => f64::NEG_INFINITY.to_bits(),
            (None, _) => f64::INFINITY.to_bits(),
        }
    }
}

impl Emit<'_> {
    /// The state before the first element.
    pub(super) fn fold_start(&mut self, fold: Fold) -> Vec<Value> {
        if fold.in_runs() {
            return vec![self.float(types::F64X2, -0.0); LANES / 2];
        }
        let [vector, lane] = fold.state();
        let (vector_bits, lane_bits) = match fold.op {
            FoldOp::All => (u64::MAX, 1),
            FoldOp::Min | FoldOp::Max => (fold.identity(), fold.identity()),
            FoldOp::SumFloat | FoldOp::SumInt | FoldOp::CountNonzero | FoldOp::Any => (0, 0),
        };
        vec![
            self.constant(vector, vector_bits),
            self.constant(lane, lane_bits),
        ]
    }

    /// Keeps a state on the stack.
    pub(super) fn save(&mut self, slot: StackSlot, state: &[Value]) {
        for (part, &value) in state.iter().enumerate() {
            let at = 16 * part as i32;
            self.b.ins().stack_store(types::I64, value, slot, at);
        }
    }

    /// The state that was kept.
    pub(super) fn restore(&mut self, slot: StackSlot, fold: Fold) -> Vec<Value> {
        let [vector, lane] = fold.state();
        [(vector, 0), (lane, 16)]
            .map(|(ty, at)| self.b.ins().stack_load(types::I64, ty, slot, at))
            .to_vec()
    }

    /// The state after a bundle; for `SumFloat`, of vectors only.
    pub(super) fn fold_step(
        &mut self,
        bundle: Bundle,
        fold: Fold,
        state: &[Value],
        lanes: &Lanes,
    ) -> Vec<Value> {
        if fold.op == FoldOp::SumFloat {
            return self.add_run(bundle, fold.dtype, state, lanes);
        }
        let (vector, lane) = (state[0], state[1]);
        match (bundle.width, fold.op) {
            (Width::Lane, _) => vec![vector, self.fold_lane(fold, lane, lanes[0])],
            (Width::Vector, FoldOp::CountNonzero) => self.count(bundle, vector, lane, lanes),
            (Width::Vector, FoldOp::SumInt) => {
                let wide = self.widen_sums(bundle, fold.dtype, lanes);
                vec![
                    self.combine(wide, vector, |emit, a, b| emit.b.ins().iadd(a, b)),
                    lane,
                ]
            }
            (Width::Vector, FoldOp::Any | FoldOp::All) => {
                let filled = self.filled(bundle, lanes);
                let masks = filled
                    .iter()
                    .map(|&part| self.recast(types::I64X2, part))
                    .collect();
                let step = |emit: &mut Self, a, b| emit.fold_lane(fold, a, b);
                vec![self.combine(masks, vector, step), lane]
            }
            (Width::Vector, FoldOp::SumFloat | FoldOp::Min | FoldOp::Max) => {
                let parts = self.both_halves(bundle, lanes);
                let step = |emit: &mut Self, a, b| emit.fold_lane(fold, a, b);
                vec![self.combine(parts, vector, step), lane]
            }
        }
    }

    /// Folds values among themselves first, so that the state is a short chain from turn to turn.
    fn combine(
        &mut self,
        mut values: Vec<Value>,
        state: Value,
        mut op: impl FnMut(&mut Self, Value, Value) -> Value,
    ) -> Value {
        while values.len() > 1 {
            values = values
                .chunks(2)
                .map(|pair| match *pair {
                    [a, b] => op(self, a, b),
                    _ => pair[0],
                })
                .collect();
        }
        op(self, state, values[0])
    }

    /// One step of a fold on values of its own type (not of a count in vectors).
    fn fold_lane(&mut self, fold: Fold, state: Value, x: Value) -> Value {
        match fold.op {
            FoldOp::SumFloat => self.b.ins().fadd(state, x),
            FoldOp::SumInt | FoldOp::CountNonzero => {
                let wide = self.widen_lane(fold.dtype, x);
                self.b.ins().iadd(state, wide)
            }
            FoldOp::Any => self.b.ins().bor(state, x),
            FoldOp::All => self.b.ins().band(state, x),
            FoldOp::Min => self.binary(BinaryOp::Min, fold.dtype, state, x),
            FoldOp::Max => self.binary(BinaryOp::Max, fold.dtype, state, x),
        }
    }

    fn widen_lane(&mut self, dtype: DType, x: Value) -> Value {
        match dtype.size() {
            8 => x,
            _ if dtype.is_signed() => self.b.ins().sextend(types::I64, x),
            _ => self.b.ins().uextend(types::I64, x),
        }
    }

    /// True lanes of an 8-byte mask are -1 each; narrower masks are counted as bits.
    fn count(&mut self, bundle: Bundle, vector: Value, lane: Value, mask: &Lanes) -> Vec<Value> {
        if self.lane_size(mask) == 8 {
            let mut add = |emit: &mut Self, a: Value, b: Value| emit.b.ins().iadd(a, b);
            let first = mask[0];
            let sum = self.combine(mask[1..].to_vec(), first, &mut add);
            return vec![self.b.ins().isub(vector, sum), lane];
        }
        let bytes = self.mask_to(bundle, mask, 1);
        let mut count = lane;
        for part in bytes {
            let mut bits = self.b.ins().vhigh_bits(types::I32, part);
            if bundle.is_half(1) {
                bits = self.b.ins().band_imm_u(bits, 0xff);
            }
            let ones = self.b.ins().popcnt(bits);
            let ones = self.b.ins().uextend(types::I64, ones);
            count = self.b.ins().iadd(count, ones);
        }
        vec![vector, count]
    }

    /// Sums of the elements as 64-bit lanes. Sixteen elements of at most 16 bits fit in 32.
    fn widen_sums(&mut self, bundle: Bundle, dtype: DType, lanes: &Lanes) -> Lanes {
        let signed = dtype.is_signed();
        if dtype.size() > 2 {
            return self.resize(bundle, lanes, 8, signed);
        }
        let words = self.resize(bundle, lanes, 4, signed);
        let add = |emit: &mut Self, a: Value, b: Value| emit.b.ins().iadd(a, b);
        let sum = self.combine(words[1..].to_vec(), words[0], add);
        self.resize(bundle, &vec![sum], 8, signed)
    }

    /// A half vector's values in both halves, where the fold does not mind seeing them twice.
    fn both_halves(&mut self, bundle: Bundle, lanes: &Lanes) -> Lanes {
        if bundle.is_half(self.lane_size(lanes)) {
            vec![self.low_halves(lanes[0], lanes[0])]
        } else {
            lanes.clone()
        }
    }

    /// Element `k` of the bundle is added to lane `k % 8`.
    fn add_run(
        &mut self,
        bundle: Bundle,
        dtype: DType,
        state: &[Value],
        lanes: &Lanes,
    ) -> Vec<Value> {
        let doubles = self.cast(bundle, dtype, DType::Float64, lanes);
        let mut state = state.to_vec();
        for (at, &part) in doubles.iter().enumerate() {
            let lanes = &mut state[at % (LANES / 2)];
            *lanes = self.b.ins().fadd(*lanes, part);
        }
        state
    }

    /// The answer of a fold that is not in runs, from its final state.
    pub(super) fn fold_finish(&mut self, fold: Fold, state: &[Value]) -> Value {
        let (vector, lane) = (state[0], state[1]);
        match fold.op {
            FoldOp::Any => {
                let any = self.b.ins().vany_true(vector);
                self.b.ins().bor(lane, any)
            }
            FoldOp::All => {
                let holes = self.not(vector);
                let hole = self.b.ins().vany_true(holes);
                self.b.ins().band_not(lane, hole)
            }
            FoldOp::SumFloat
            | FoldOp::SumInt
            | FoldOp::CountNonzero
            | FoldOp::Min
            | FoldOp::Max => {
                let n = self.type_of(vector).lane_count() as u8;
                // The lanes of a sum are 64 bits wide already.
                let wide = match fold.op {
                    FoldOp::SumInt | FoldOp::CountNonzero => DType::Int64,
                    FoldOp::SumFloat | FoldOp::Any | FoldOp::All | FoldOp::Min | FoldOp::Max => {
                        fold.dtype
                    }
                };
                let fold = Fold {
                    dtype: wide,
                    ..fold
                };
                (0..n).fold(lane, |all, at| {
                    let one = self.b.ins().extractlane(vector, at);
                    self.fold_lane(fold, all, one)
                })
            }
        }
    }
}

impl Lower<'_> {
    /// Where the run of element `at`, a multiple of the run's length, keeps its eight lanes:
    /// 64 bytes for 128 elements.
    fn run_address(&mut self, output: Value, at: Value) -> Value {
        let run = self
            .emit
            .b
            .ins()
            .ushr_imm_u(at, i64::from(RUN_ELEMS.trailing_zeros()));
        let bytes = self
            .emit
            .b
            .ins()
            .ishl_imm_u(run, i64::from((8 * LANES).trailing_zeros()));
        self.emit.b.ins().iadd(output, bytes)
    }

    /// Stores the lanes of a run that starts at `at`.
    pub(super) fn store_run(&mut self, output: Value, at: Value, state: &[Value]) {
        let address = self.run_address(output, at);
        for (part, &lanes) in state.iter().enumerate() {
            self.emit
                .b
                .ins()
                .store(PLAIN, lanes, address, 16 * part as i32);
        }
    }

    /// Adds the one element of a turn to its lane of a stored run.
    pub(super) fn add_to_run(&mut self, output: Value, turn: Turn, dtype: DType, x: Value) {
        let x = self.emit.cast(Bundle::ONE, dtype, DType::Float64, &vec![x])[0];
        let run = self.run_address(output, turn.at);
        let lane = self.emit.b.ins().band_imm_u(turn.at, LANES as i64 - 1);
        let address = self.address(run, lane, 8);
        let sum = self.emit.b.ins().load(types::F64, PLAIN, address, 0);
        let sum = self.emit.b.ins().fadd(sum, x);
        self.emit.b.ins().store(PLAIN, sum, address, 0);
    }
}
