//! In: the elements of a tile that a scan is of, tiles in order along its axis. Out: the scanned
//! elements where they go. Never: a tile before the one in front of it.

use crate::error::Result;
use crate::exec::buffer::Buffer;
use crate::exec::pass::{PassRun, SinkRun};
use crate::exec::sink::Output;
use crate::exec::tiling::Tile;
use crate::ir::Scan;
use crate::math::scan::scan;

/// A scan, and where its results go.
#[derive(Debug)]
pub(crate) struct ScanRun<'a> {
    pub(crate) scan: Scan,
    pub(crate) output: Output<'a>,
}

/// What the scans of a pass carry along one column of tiles: per sink, the last result of each
/// lane. A box across the axis, no larger than a tile.
#[derive(Debug, Default)]
pub(crate) struct Carries(Vec<Vec<u8>>);

impl Carries {
    /// Scans what the kernel stored for a tile, and delivers it.
    pub(crate) fn carry(
        &mut self,
        run: &PassRun<'_>,
        tile: &Tile,
        stored: &mut [Buffer],
    ) -> Result<()> {
        self.0.resize_with(run.sinks.len(), Vec::new);
        let sinks = run.sinks.iter().zip(stored).zip(&mut self.0);
        for ((sink, buffer), carry) in sinks {
            if let SinkRun::Scan(scan) = sink {
                let bytes = buffer.bytes(tile.elems() * scan.output.dtype.size());
                scan.tile(tile, bytes, carry)?;
            }
        }
        Ok(())
    }
}

impl ScanRun<'_> {
    fn tile(&self, tile: &Tile, elems: &mut [u8], carry: &mut Vec<u8>) -> Result<()> {
        let Scan {
            op, axis, initial, ..
        } = self.scan;
        let dtype = self.output.dtype;
        let outer = tile.extent[..axis].iter().product();
        let inner = tile.extent[axis + 1..].iter().product();
        let extents = [outer, tile.extent[axis], inner];
        scan(op.step(dtype), dtype, elems, extents, carry);
        if !initial {
            return self.output.deliver(tile, elems);
        }
        if tile.start[axis] == 0 {
            self.deliver_initial(tile)?;
        }
        let mut moved = tile.clone();
        moved.start[axis] += 1;
        self.output.deliver(&moved, elems)
    }

    /// What stands in front of the first elements.
    fn deliver_initial(&self, first: &Tile) -> Result<()> {
        let dtype = self.output.dtype;
        let mut front = first.clone();
        front.extent[self.scan.axis] = 1;
        let mut one = Vec::new();
        if let Some(nothing) = self.scan.op.initial(dtype) {
            nothing.write(&mut one);
        }
        self.output.deliver(&front, &one.repeat(front.elems()))
    }
}
