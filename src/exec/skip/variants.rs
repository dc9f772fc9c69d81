//! In: what is known of a body's masks in tile after tile. Out: kernels that do not compute them, where that comes up
//! often enough. Never: more of them than a few.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use crate::exec::kernels::compiled;
use crate::ir::{Body, BodyInst, Reg};
use crate::jit::Kernel;
use crate::math::SimdLevel;
use crate::opt::interval::{Fact, inputs_read, specialised};
use crate::table::Table;
use crate::types::Scalar;

/// Kernels of a pass.
const MAX_VARIANTS: usize = 4;

/// Tiles of which the same is known before it is worth a kernel.
const ENOUGH_TILES: usize = 6;

/// Kernels for what is known.
#[derive(Debug)]
pub(super) struct Variants {
    /// None where there is no machine code, or there are too many registers to tell apart.
    level: Option<SimdLevel>,
    rows: Mutex<Vec<Row>>,
    compiled: AtomicUsize,
    ns: AtomicU64,
}

/// Masks that are known, a bit a register, and which of them are true.
type Known = (u64, u64);

#[derive(Debug)]
struct Row {
    known: Known,
    seen: usize,
    variant: Option<Variant>,
}

/// A kernel that computes less.
#[derive(Clone, Debug)]
pub(crate) struct Variant {
    pub(crate) kernel: Arc<Kernel>,
    /// Which inputs it reads.
    pub(crate) reads: Arc<[bool]>,
}

impl Variants {
    pub(super) fn new(body: &Body, level: Option<SimdLevel>) -> Self {
        Self {
            level: level.filter(|_| body.regs.len() <= 64),
            rows: Mutex::default(),
            compiled: AtomicUsize::new(0),
            ns: AtomicU64::new(0),
        }
    }

    /// The kernel for what is known, if that has come up often enough.
    pub(super) fn get(&self, body: &Body, facts: &Table<Reg, Fact>) -> Option<Variant> {
        let level = self.level?;
        let (mut known, mut truths) = (0u64, 0u64);
        for (bit, (reg, data)) in body.regs.iter().enumerate() {
            if let (Fact::Same(Scalar::Bool(truth)), false) =
                (facts[reg], matches!(data.inst, BodyInst::Const(_)))
            {
                known |= 1 << bit;
                truths |= u64::from(truth) << bit;
            }
        }
        if known == 0 {
            return None;
        }
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(row) = rows.iter_mut().find(|row| row.known == (known, truths)) else {
            if rows.len() < MAX_VARIANTS {
                rows.push(Row {
                    known: (known, truths),
                    seen: 1,
                    variant: None,
                });
            }
            return None;
        };
        row.seen += 1;
        if row.seen == ENOUGH_TILES {
            let started = Instant::now();
            let masks = body.regs.iter().map(|(reg, data)| match facts[reg] {
                fact @ Fact::Same(Scalar::Bool(_)) => fact,
                Fact::Same(_) | Fact::Int { .. } | Fact::Float { .. } => Fact::unknown(data.dtype),
            });
            let less = specialised(body, &masks.collect());
            row.variant = compiled(&less, level).map(|(kernel, fresh)| {
                self.compiled
                    .fetch_add(usize::from(fresh), Ordering::Relaxed);
                Variant {
                    kernel,
                    reads: inputs_read(&less).rows().into(),
                }
            });
            // OK to saturate: 584 years of nanoseconds.
            let ns = u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX);
            self.ns.fetch_add(ns, Ordering::Relaxed);
        }
        row.variant.clone()
    }

    /// How many were compiled, and how long that took, in nanoseconds.
    pub(super) fn compiled(&self) -> (usize, u64) {
        (
            self.compiled.load(Ordering::Relaxed),
            self.ns.load(Ordering::Relaxed),
        )
    }
}
