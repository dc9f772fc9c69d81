//! Streams an elementwise result block by block, without ever holding it whole, and fills a
//! caller's buffer: `cargo run --release --example stream`.

#![allow(clippy::print_stdout, reason = "an example shows what it computed")]

use std::sync::atomic::{AtomicUsize, Ordering};

use fuseblock::{Array, Expr};

fn main() -> Result<(), fuseblock::Error> {
    let x = Array::from_vec((0..1 << 20).map(|i| i as f32).collect(), &[1024, 1024])?;
    let expr = Expr::new("sqrt(x) * 0.5")?;
    let bound = expr.bind(&[("x", &x)])?;

    // Pieces arrive from worker threads, in no fixed order; together they cover the output once.
    let elements = AtomicUsize::new(0);
    bound.stream(&|piece| {
        elements.fetch_add(piece.extent.iter().product(), Ordering::Relaxed);
        Ok(())
    })?;
    println!("{} elements streamed", elements.into_inner());

    // Into memory of our own, without allocating the result.
    let mut buffer = vec![0f32; 1 << 20];
    bound.run_into(&mut buffer)?;
    println!("the last is {}", buffer[(1 << 20) - 1]);
    Ok(())
}
