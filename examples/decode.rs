//! Decodes every block of an array and tells how long it took:
//! `cargo run --release --example decode -- FILE [--threads T] [--rounds N] [--memory]`.
//!
//! Prints decoded bytes and seconds, a line a round. Without `--rounds` there is a round for each
//! line on standard input, so that another program can take turns with this one
//! (benches/peers/decode.py does). With `--memory` the file is read before.

#![allow(clippy::print_stdout, reason = "an example shows what it measured")]

use std::io::BufRead;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use fuseblock::array::{Blocks, DecodeScratch, Layout};
use fuseblock::types::Grid;
use fuseblock::{Array, Error};

type AnyError = Box<dyn std::error::Error>;

#[derive(Default)]
struct Arguments {
    path: PathBuf,
    threads: usize,
    rounds: Option<usize>,
    memory: bool,
}

fn arguments() -> Result<Arguments, AnyError> {
    let mut given = Arguments {
        threads: 1,
        ..Arguments::default()
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut number = || -> Result<usize, AnyError> {
            let digits = words.next().ok_or("a number is missing")?;
            Ok(digits.parse()?)
        };
        match word.as_str() {
            "--threads" => given.threads = number()?.max(1),
            "--rounds" => given.rounds = Some(number()?),
            "--memory" => given.memory = true,
            _ => given.path = word.into(),
        }
    }
    Ok(given)
}

/// What a thread keeps from round to round, so that it only asks for memory once.
#[derive(Default)]
struct Worker {
    scratch: DecodeScratch,
    block: Vec<u8>,
}

/// Decodes the blocks that no other thread has taken; returns how many bytes they had.
fn work(
    worker: &mut Worker,
    blocks: &dyn Blocks,
    blocks_per_chunk: usize,
    count: usize,
    next: &AtomicUsize,
) -> Result<usize, Error> {
    let mut bytes = 0;
    loop {
        let taken = next.fetch_add(1, Ordering::Relaxed);
        if taken >= count {
            return Ok(bytes);
        }
        let (chunk, block) = (taken / blocks_per_chunk, taken % blocks_per_chunk);
        blocks.decode(chunk, block, &mut worker.scratch, &mut worker.block)?;
        bytes += worker.block.len();
    }
}

/// Decodes everything once; returns the number of bytes.
fn round(
    workers: &mut [Worker],
    grid: &Grid,
    chunks: usize,
    blocks: &dyn Blocks,
) -> Result<usize, Error> {
    let blocks_per_chunk = grid.blocks_per_axis().iter().product();
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let threads: Vec<_> = workers
            .iter_mut()
            .map(|worker| {
                let next = &next;
                let count = chunks * blocks_per_chunk;
                scope.spawn(move || work(worker, blocks, blocks_per_chunk, count, next))
            })
            .collect();
        let decoded = threads.into_iter().map(|thread| match thread.join() {
            Ok(bytes) => bytes,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        decoded.sum()
    })
}

fn main() -> Result<(), AnyError> {
    let given = arguments()?;
    let array = match given.memory {
        true => Array::from_file_bytes(std::fs::read(&given.path)?)?,
        false => Array::open(&given.path)?,
    };
    let Layout::Blocks(grid, blocks) = array.layout() else {
        return Err("the file has no blocks".into());
    };
    let chunks = grid.chunks_per_axis(array.shape()).iter().product();
    let block_bytes = grid.block.elems() * array.dtype().size();
    let mut workers = Vec::new();
    workers.resize_with(given.threads, || Worker {
        block: vec![0; block_bytes],
        ..Worker::default()
    });
    let mut measure = || -> Result<(), AnyError> {
        let start = Instant::now();
        let bytes = round(&mut workers, grid, chunks, blocks)?;
        println!("{bytes} {:.9}", start.elapsed().as_secs_f64());
        Ok(())
    };
    match given.rounds {
        Some(rounds) => (0..rounds).try_for_each(|_| measure()),
        None => std::io::stdin().lock().lines().try_for_each(|line| {
            line?;
            measure()
        }),
    }
}
