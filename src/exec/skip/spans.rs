//! In: a reduction over everything, and what is known at once of many tiles. Out: the partials of all tiles below a node
//! of its tree. Never: a node of which one tile is not known, or is smaller than the others.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::{Skips, TileKey, has_spans};
use crate::exec::combine::Combiner;
use crate::exec::pass::{PassRun, SinkRun};
use crate::exec::tiling::Place;
use crate::limits::MAX_KNOWN_TILES;
use crate::math::fold::{FoldKind, Partials};
use crate::opt::passes::Kind;

/// A pass whose tiles stand one after the other along the first axis, and all of whose sinks reduce everything.
#[derive(Debug)]
pub(crate) struct Spans<'s> {
    run: &'s PassRun<'s>,
    skips: &'s Skips,
    combiners: Vec<&'s Combiner>,
    /// Extents of all tiles but perhaps the last.
    tile: Vec<usize>,
    /// How many tiles have these.
    full: usize,
    /// All tiles.
    tiles: usize,
    /// The partials of so many levels of tiles of a key.
    merged: Mutex<HashMap<TileKey, Vec<Vec<Partials>>>>,
}

impl<'s> Spans<'s> {
    /// The spans of a pass; none where it is of another kind, or nothing is known of many tiles at once.
    pub(crate) fn of(run: &'s PassRun<'_>) -> Option<Self> {
        let skips = run.skips.as_ref()?;
        let ndim = run.domain.ndim();
        let combiners = run.sinks.iter().map(SinkRun::combiner);
        let combiners: Vec<&Combiner> = combiners.collect::<Option<_>>()?;
        // Where an extreme stands differs from tile to tile.
        let sums = |combiner: &&Combiner| {
            let places = matches!(combiner.kind(), FoldKind::ArgMin | FoldKind::ArgMax);
            combiner.axes().len() == ndim && !places
        };
        let tiles = run.tiling.n_tiles();
        let along_first = ndim > 0 && run.tiling.cells(0) == tiles && run.tiling.is_even(0);
        if run.kind != Kind::Once
            || !along_first
            || tiles < 2
            || !run.leaves.iter().any(has_spans)
            || !combiners.iter().all(sums)
        {
            return None;
        }
        let tile = run.tiling.tile_in_order(0).extent;
        let last = run.tiling.tile_in_order(tiles - 1).extent;
        Some(Self {
            full: tiles - usize::from(last != tile),
            run,
            skips,
            combiners,
            tile,
            tiles,
            merged: Mutex::default(),
        })
    }

    /// Submits the partials of all tiles below a node, if these are known; how many tiles that are.
    pub(crate) fn submit(&self, level: u32, index: usize) -> Option<usize> {
        let (first, count) = (index << level, 1usize << level);
        if first + count > self.full {
            return None;
        }
        let tile = self.run.tiling.tile_in_order(first);
        let mut over = tile.clone();
        over.extent[0] = count * self.tile[0];
        let key = self.skips.known_over(self.run, &over, &self.tile)?;
        let partials = self.merged(&key, level)?;
        let place = Place {
            index,
            count: self.tiles.div_ceil(count),
        };
        for (combiner, partials) in self.combiners.iter().zip(partials) {
            combiner.submit_node(&self.run.tiling, &tile, level, place, partials);
        }
        Some(count)
    }

    /// The partials of `2 ** level` tiles of a key; none before one of them was computed.
    fn merged(&self, key: &TileKey, level: u32) -> Option<Vec<Partials>> {
        let mut merged = self.merged.lock().unwrap_or_else(PoisonError::into_inner);
        if !merged.contains_key(key) {
            let one = self
                .skips
                .recall(key)?
                .into_iter()
                .collect::<Option<Vec<_>>>()?;
            if merged.len() >= MAX_KNOWN_TILES {
                merged.clear();
            }
            merged.insert(key.clone(), vec![one]);
        }
        let levels = merged.get_mut(key)?;
        while levels.len() <= level as usize {
            let mut twice = levels.last()?.clone();
            for partials in &mut twice {
                let later = partials.clone();
                partials.merge(later);
            }
            levels.push(twice);
        }
        levels.get(level as usize).cloned()
    }
}
