//! Evaluates an expression over compressed files: `cargo run --release --example headline`.

#![allow(clippy::print_stdout, reason = "an example shows what it computed")]

use fuseblock::store::write::{Options, write_frame};
use fuseblock::types::{DType, Grid, Shape};
use fuseblock::{Array, Expr};

fn main() -> Result<(), fuseblock::Error> {
    let dir = std::env::temp_dir().join(format!("fuseblock-headline-{}", std::process::id()));
    std::fs::create_dir_all(&dir)
        .map_err(|error| fuseblock::Error::io("make the folder", &dir, error))?;

    // A 1000 x 1000 array in chunks of 250 rows and blocks of 25 rows.
    let shape = Shape::new(&[1000, 1000]);
    let grid = Grid {
        chunk: Shape::new(&[250, 1000]),
        block: Shape::new(&[25, 1000]),
    };
    let values: Vec<u8> = (0..1_000_000)
        .flat_map(|i| (f64::from(i) / 1e6).to_ne_bytes())
        .collect();
    let path = dir.join("a.b2nd");
    write_frame(
        &path,
        DType::Float64,
        &shape,
        &grid,
        Options::default(),
        &values,
    )?;

    // Files, memory and numbers mix freely; shapes broadcast as in NumPy.
    let a = Array::open(&path)?;
    let c = Array::from_vec((0..1000).map(|i| f64::from(i) / 1e3).collect(), &[1000])?;
    let expr = Expr::new("count = sum((a**3 + sin(a*2)) < c, axis=1); max(count), mean(count)")?;
    let result = expr.eval(&[("a", &a), ("c", &c)])?;
    for (name, array) in result.iter() {
        println!("{name}: {}{}", array.dtype(), array.shape());
    }
    println!(
        "max = {}",
        result.scalar().map_or(String::new(), |max| max.to_string())
    );
    println!(
        "{} blocks decoded in {:?}",
        result.stats().blocks_decoded,
        result.stats().total
    );
    std::fs::remove_dir_all(&dir)
        .map_err(|error| fuseblock::Error::io("remove the folder", &dir, error))?;
    Ok(())
}
