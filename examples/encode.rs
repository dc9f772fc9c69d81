//! Encodes an array again and again, once for each line of standard input: `benches/peers/encode.py`
//! times it beside python-blosc2.
//!
//! `encode IN.npy OUT.b2nd --codec NAME --level N --chunks N,N --blocks N,N --threads N` prints, for each
//! line, the bytes of the array, the seconds that writing took, and the bytes of the file.
#![allow(clippy::print_stdout, reason = "an example prints")]

use std::io::{BufRead, stdin};
use std::time::Instant;

use fuseblock::store::write::{Options, write_frame};
use fuseblock::types::{Grid, Shape};
use fuseblock::{Array, Error};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words = std::env::args().skip(1);
    let (input, output) = (
        words.next().ok_or("IN.npy")?,
        words.next().ok_or("OUT.b2nd")?,
    );
    let mut options = Options::default();
    let (mut chunk, mut block, mut threads) = (Vec::new(), Vec::new(), 1);
    while let (Some(name), Some(value)) = (words.next(), words.next()) {
        let extents = || {
            value
                .split(',')
                .map(str::parse)
                .collect::<Result<Vec<usize>, _>>()
        };
        match name.as_str() {
            "--codec" => options.codec = value.parse()?,
            "--level" => options.level = value.parse()?,
            "--chunks" => chunk = extents()?,
            "--blocks" => block = extents()?,
            "--threads" => threads = value.parse()?,
            _ => return Err(format!("unknown option {name}").into()),
        }
    }
    let grid = Grid {
        chunk: Shape::from(chunk),
        block: Shape::from(block),
    };
    let array = Array::open(&input)?;
    let bytes = array.to_bytes()?;
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()?;
    for line in stdin().lock().lines() {
        line?;
        let started = Instant::now();
        let write = || {
            write_frame(
                &output,
                array.dtype(),
                array.shape(),
                &grid,
                options,
                &bytes,
            )
        };
        pool.install(write).map_err(Box::<Error>::new)?;
        let seconds = started.elapsed().as_secs_f64();
        println!(
            "{} {seconds} {}",
            bytes.len(),
            std::fs::metadata(&output)?.len()
        );
    }
    Ok(())
}
