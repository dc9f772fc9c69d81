//! In: a pass ready to run. Out: all of its tiles computed and delivered, beside each other as far as
//! their order does not matter. Never: a buffer held while other work is waited for.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use rayon::prelude::*;

use super::Task;
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::exec::cache::BlockCache;
use crate::exec::carry::Carries;
use crate::exec::filter::{Part, deliver_slab};
use crate::exec::options::Options;
use crate::exec::pass::PassRun;
use crate::exec::pool::Pool;
use crate::exec::skip::{Spans, blocks};
use crate::exec::stats::Counters;
use crate::exec::tiling::Tile;
use crate::exec::worker::Worker;
use crate::opt::passes::Kind;

/// Computes every tile of a pass.
pub(super) fn run_tiles(
    task: &Task<'_, '_>,
    index: usize,
    run: &PassRun<'_>,
    pool: &Pool,
    counters: &Counters,
) -> Result<()> {
    let work = Work {
        run,
        index,
        options: task.options,
        counters,
        cache: BlockCache::new(run.cache_bytes(pool.threads())),
        workers: Mutex::default(),
        done: AtomicUsize::new(0),
        total: run.tiling.n_tiles(),
    };
    let cells = 0..run.tiling.n_outer();
    let spans = Spans::of(run);
    if let Some(spans) = spans {
        run_spans(&work, pool, &spans)?;
    } else if run.kind == Kind::Ordered {
        run_in_order(&work, pool)?;
    } else if let Some(axis) = run.scan_axis {
        run_columns(&work, pool, axis)?;
    } else if work.total <= 1 || pool.threads() == 1 {
        for visit in cells {
            let cell = run.tiling.outer_cell(visit);
            (0..run.tiling.n_inner(&cell)).try_for_each(|inner| work.tile(&cell, inner))?;
        }
    } else if run.wants_order() {
        run_nearly_in_order(&work, pool)?;
    } else {
        pool.install(|| {
            cells.into_par_iter().try_for_each(|visit| {
                let cell = run.tiling.outer_cell(visit);
                let tiles = (0..run.tiling.n_inner(&cell)).into_par_iter();
                tiles.try_for_each(|inner| work.tile(&cell, inner))
            })
        })?;
    }
    work.report();
    Ok(())
}

/// Computes a reduction over everything node by node of its tree: where all that is below a node is known to be the same
/// it is not looked at.
fn run_spans(work: &Work<'_, '_>, pool: &Pool, spans: &Spans<'_>) -> Result<()> {
    let levels = work.total.next_power_of_two().ilog2();
    match pool.threads() {
        1 => work.node(spans, levels, 0, false),
        _ => pool.install(|| work.node(spans, levels, 0, true)),
    }
}

/// Computes every tile so that those begun at any time are neighbours in visiting order: few chunks of a
/// file are incomplete at once.
fn run_nearly_in_order(work: &Work<'_, '_>, pool: &Pool) -> Result<()> {
    let next = Mutex::new((0, 0));
    let take = || {
        let mut next = next.lock().unwrap_or_else(PoisonError::into_inner);
        let (visit, inner) = *next;
        (visit < work.run.tiling.n_outer()).then(|| {
            let cell = work.run.tiling.outer_cell(visit);
            *next = match inner + 1 < work.run.tiling.n_inner(&cell) {
                true => (visit, inner + 1),
                false => (visit + 1, 0),
            };
            (cell, inner)
        })
    };
    let worker = |_: usize| {
        while let Some((cell, inner)) = take() {
            if let Err(error) = work.tile(&cell, inner) {
                // The others need not begin another one.
                *next.lock().unwrap_or_else(PoisonError::into_inner) = (usize::MAX, 0);
                return Err(error);
            }
        }
        Ok(())
    };
    pool.install(|| {
        let workers = (0..pool.threads()).into_par_iter().with_max_len(1);
        workers.try_for_each(worker)
    })
}

/// Computes every tile of a pass with scans: columns along the axis beside each other where there
/// are enough of them, else the tiles of a column some at a time, which then wait for their turn.
fn run_columns(work: &Work<'_, '_>, pool: &Pool, axis: usize) -> Result<()> {
    let columns = 0..work.run.tiling.columns(axis);
    let threads = pool.threads();
    if work.total <= 1 || threads == 1 {
        return columns
            .into_iter()
            .try_for_each(|column| work.column(axis, column, 1));
    }
    pool.install(|| match columns.len() >= threads {
        true => columns
            .into_par_iter()
            .try_for_each(|column| work.column(axis, column, 1)),
        false => columns
            .into_iter()
            .try_for_each(|column| work.column(axis, column, threads)),
    })
}

/// Computes every tile of a pass with filters or tallies, some slabs of tiles at a time, which are then
/// delivered one after the other.
fn run_in_order(work: &Work<'_, '_>, pool: &Pool) -> Result<()> {
    /// Tiles for each thread between two deliveries.
    const AT_ONCE: usize = 4;
    let tiling = &work.run.tiling;
    let slab = tiling.tiles_in_slab().max(1);
    let at_once = match pool.threads() {
        1 => slab,
        threads => (threads * AT_ONCE).next_multiple_of(slab),
    };
    for first in (0..work.total).step_by(at_once) {
        let tiles = first..work.total.min(first + at_once);
        let parts: Vec<Part> = match pool.threads() {
            1 => tiles.map(|tile| work.part(tile)).collect::<Result<_>>()?,
            _ => pool.install(|| {
                tiles
                    .into_par_iter()
                    .map(|tile| work.part(tile))
                    .collect::<Result<_>>()
            })?,
        };
        let started = Instant::now();
        for slab in parts.chunks(slab) {
            deliver_slab(work.run, slab)?;
        }
        Counters::add(&work.counters.write_ns, started.elapsed());
    }
    Ok(())
}

/// What the workers of a pass share.
struct Work<'w, 'a> {
    run: &'w PassRun<'a>,
    index: usize,
    options: &'w Options,
    counters: &'w Counters,
    cache: BlockCache,
    /// Buffers nobody is using: as many as there were ever tiles in flight at once.
    workers: Mutex<Vec<Worker>>,
    done: AtomicUsize,
    total: usize,
}

impl Work<'_, '_> {
    fn tile(&self, cell: &[usize], inner: usize) -> Result<()> {
        let tile = self.run.tiling.tile(cell, inner);
        if self.run.is_settled() {
            let settled = blocks(self.run, &tile, |_| true);
            self.counters.settled.fetch_add(settled, Ordering::Relaxed);
        } else {
            let worker = self.computed(&tile)?;
            self.workers().push(worker);
        }
        self.advance(1);
        Ok(())
    }

    /// Computes what is below a node of the tree, `level` levels above the tiles.
    fn node(&self, spans: &Spans<'_>, level: u32, index: usize, join: bool) -> Result<()> {
        /// Levels of nodes that are worth a thread.
        const FEW: u32 = 4;
        let first = index << level;
        if first >= self.total {
            return Ok(());
        }
        if self.run.is_settled() {
            self.advance(self.total.min((index + 1) << level) - first);
            return Ok(());
        }
        if level == 0 {
            let worker = self.computed(&self.run.tiling.tile_in_order(first))?;
            self.workers().push(worker);
            self.advance(1);
            return Ok(());
        }
        if let Some(tiles) = spans.submit(level, index) {
            self.advance(tiles);
            return Ok(());
        }
        let child = |side: usize| self.node(spans, level - 1, 2 * index + side, join);
        match join && level > FEW {
            true => {
                let (left, right) = rayon::join(|| child(0), || child(1));
                left.and(right)
            }
            false => child(0).and_then(|()| child(1)),
        }
    }

    /// Computes the tile at a place in the order of tiles, and keeps what is wanted of it in order.
    fn part(&self, at: usize) -> Result<Part> {
        let tile = self.run.tiling.tile_in_order(at);
        let mut worker = self.computed(&tile)?;
        let started = Instant::now();
        let part = worker.filtered(self.run, tile);
        Counters::add(&self.counters.combine_ns, started.elapsed());
        self.workers().push(worker);
        self.advance(1);
        part
    }

    /// Computes the tiles of one column along the axis of scans, at most `at_once` beside each
    /// other, and carries what is scanned from each to the next.
    fn column(&self, axis: usize, column: usize, at_once: usize) -> Result<()> {
        let tiling = &self.run.tiling;
        let steps = tiling.cells(axis);
        let mut carries = Carries::default();
        for first in (0..steps).step_by(at_once) {
            let batch = first..steps.min(first.saturating_add(at_once));
            let compute = |step: usize| {
                let tile = tiling.tile_in_column(axis, column, step);
                let worker = self.computed(&tile)?;
                Ok((tile, worker))
            };
            let computed: Vec<(Tile, Worker)> = match at_once {
                1 => batch.map(compute).collect::<Result<_>>()?,
                _ => batch.into_par_iter().map(compute).collect::<Result<_>>()?,
            };
            for (tile, mut worker) in computed {
                let started = Instant::now();
                let outcome = worker.carry(self.run, &mut carries, &tile);
                Counters::add(&self.counters.combine_ns, started.elapsed());
                self.workers().push(worker);
                outcome?;
                self.advance(1);
            }
        }
        Ok(())
    }

    /// Computes one tile with buffers of its own: no join happens while it holds them.
    fn computed(&self, tile: &Tile) -> Result<Worker> {
        if self.options.cancelled() {
            let message = "the evaluation was cancelled";
            return Err(Error::new(ErrorKind::Cancelled, Code::Cancelled, message));
        }
        let mut worker = self.workers().pop().unwrap_or_default();
        let outcome = worker.process(self.run, &self.cache, self.counters, tile);
        match outcome {
            Ok(()) => Ok(worker),
            // What another tile has decided does not depend on this one.
            Err(_) if self.run.is_settled() => Ok(worker),
            Err(error) => {
                self.workers().push(worker);
                Err(error)
            }
        }
    }

    fn advance(&self, tiles: usize) {
        let done = self.done.fetch_add(tiles, Ordering::Relaxed) + tiles;
        if let Some(progress) = &self.options.progress {
            progress.advance(self.index, done, self.total);
        }
    }

    fn workers(&self) -> std::sync::MutexGuard<'_, Vec<Worker>> {
        self.workers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn report(self) {
        if let Some(skips) = &self.run.skips {
            self.counters.add_compiled(skips.compiled());
        }
        let workers = self
            .workers
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        let mut held = self.cache.peak();
        for worker in &workers {
            self.counters.add_decoding(&worker.decode.counts);
            self.counters.add_skipped(worker.look.skipped);
            held += worker.capacity();
        }
        self.counters.scratch.fetch_max(held, Ordering::Relaxed);
    }
}
