//! In: what the stages counted. Out: where the time and the bytes of an evaluation went.
//! Never: an influence on the work.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use crate::array::DecodeCounts;
use crate::exec::skip::Skipped;
use crate::math::SimdLevel;

/// Where the time and the bytes of an evaluation went. Times of stages are summed over threads.
#[derive(Clone, Debug, Default)]
pub struct Stats {
    /// Turning text into a tree.
    pub parse: Duration,
    /// Names, types, shapes and optimisation.
    pub check: Duration,
    /// Machine code.
    pub compile: Duration,
    /// Reading files.
    pub read: Duration,
    /// Checksums, reading what they are of included.
    pub verify: Duration,
    /// Codecs.
    pub decode: Duration,
    /// Filters.
    pub unshuffle: Duration,
    /// Kernels, folds included.
    pub kernel: Duration,
    /// Merging partials.
    pub combine: Duration,
    /// Writing results to files.
    pub write: Duration,
    /// Wall time of the evaluation.
    pub total: Duration,
    /// Bytes read from files.
    pub bytes_read: u64,
    /// Bytes that decoding produced.
    pub bytes_decoded: u64,
    /// Blocks decoded.
    pub blocks_decoded: u64,
    /// Kernels compiled for this evaluation; cached ones do not count.
    pub kernels_compiled: usize,
    /// Passes over data; arithmetic on results alone is none.
    pub passes: usize,
    /// Threads of the pool.
    pub threads: usize,
    /// SIMD level of the kernels; `None` where the interpreter computed.
    pub simd: Option<SimdLevel>,
    /// Largest scratch memory the workers held together, the shared block cache included.
    pub peak_scratch_bytes: usize,
    /// Blocks that were not decoded because of what was known of them. Blocks that several tiles need count for each.
    pub skipped: Skipped,
    /// Zone maps beside the files of operands that do not count: why.
    pub zone_maps_ignored: Vec<String>,
    /// Elements of operands that were left out because they are damaged.
    pub elements_left_out: usize,
}

/// The counters that workers share.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) read_ns: AtomicU64,
    pub(super) verify_ns: AtomicU64,
    pub(super) decode_ns: AtomicU64,
    pub(super) unshuffle_ns: AtomicU64,
    pub(super) kernel_ns: AtomicU64,
    pub(super) combine_ns: AtomicU64,
    pub(super) write_ns: AtomicU64,
    pub(super) bytes_read: AtomicU64,
    pub(super) bytes_decoded: AtomicU64,
    pub(super) blocks: AtomicU64,
    pub(super) scratch: AtomicUsize,
    pub(super) known: AtomicU64,
    pub(super) unneeded: AtomicU64,
    pub(super) masked: AtomicU64,
    pub(super) settled: AtomicU64,
    pub(super) compiled: AtomicUsize,
    pub(super) compile_ns: AtomicU64,
}

impl Counters {
    /// Adds a span of time to one of the counters.
    pub(super) fn add(counter: &AtomicU64, time: Duration) {
        // OK to saturate: 584 years of nanoseconds.
        let ns = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        counter.fetch_add(ns, Ordering::Relaxed);
    }

    /// Adds what a worker's decoding did.
    pub(super) fn add_decoding(&self, counts: &DecodeCounts) {
        Self::add(&self.read_ns, counts.read);
        Self::add(&self.verify_ns, counts.verify);
        Self::add(&self.decode_ns, counts.decode);
        Self::add(&self.unshuffle_ns, counts.unshuffle);
        self.bytes_read
            .fetch_add(counts.bytes_read, Ordering::Relaxed);
        self.bytes_decoded
            .fetch_add(counts.bytes_decoded, Ordering::Relaxed);
        self.blocks.fetch_add(counts.blocks, Ordering::Relaxed);
    }

    /// Adds kernels that were compiled while a pass ran, and how long that took, in nanoseconds.
    pub(super) fn add_compiled(&self, (count, ns): (usize, u64)) {
        self.compiled.fetch_add(count, Ordering::Relaxed);
        self.compile_ns.fetch_add(ns, Ordering::Relaxed);
    }

    /// Adds what a worker did not decode.
    pub(super) fn add_skipped(&self, skipped: Skipped) {
        self.known.fetch_add(skipped.known, Ordering::Relaxed);
        self.unneeded.fetch_add(skipped.unneeded, Ordering::Relaxed);
        self.masked.fetch_add(skipped.masked, Ordering::Relaxed);
    }

    /// Writes the totals into `stats`.
    pub(super) fn report(&self, stats: &mut Stats) {
        let time = |counter: &AtomicU64| Duration::from_nanos(counter.load(Ordering::Relaxed));
        stats.read = time(&self.read_ns);
        stats.verify = time(&self.verify_ns);
        stats.decode = time(&self.decode_ns);
        stats.unshuffle = time(&self.unshuffle_ns);
        stats.kernel = time(&self.kernel_ns);
        stats.combine = time(&self.combine_ns);
        stats.write = time(&self.write_ns);
        stats.bytes_read = self.bytes_read.load(Ordering::Relaxed);
        stats.bytes_decoded = self.bytes_decoded.load(Ordering::Relaxed);
        stats.blocks_decoded = self.blocks.load(Ordering::Relaxed);
        stats.kernels_compiled += self.compiled.load(Ordering::Relaxed);
        stats.compile += time(&self.compile_ns);
        stats.skipped = Skipped {
            known: self.known.load(Ordering::Relaxed),
            unneeded: self.unneeded.load(Ordering::Relaxed),
            masked: self.masked.load(Ordering::Relaxed),
            settled: self.settled.load(Ordering::Relaxed),
        };
        stats.peak_scratch_bytes = self.scratch.load(Ordering::Relaxed);
    }
}
