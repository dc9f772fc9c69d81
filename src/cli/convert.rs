//! In: an array in one format. Out: the same array in another. Never: the whole array in memory.

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::array::OutputFile;
use crate::cli::args::Convert as Args;
use crate::cli::eval::wrote;
use crate::cli::output::Output;
use crate::error::Result;
use crate::exec::{Progress, Stats};
use crate::expr::{Expr, OutputInfo, Saved};
use crate::store::write::{Extras, grid_for};

/// Writes an array to a file of another format, other chunks or another compression. Its metalayers go with it where
/// both are frames.
pub(super) fn convert(args: &Args, output: &mut Output) -> Result<()> {
    OutputFile::check_name(&args.output)?;
    let array = args.run.opening().open_operand(&args.input)?;
    let mut save = args.save.options(args.sparse);
    save.extras = Extras {
        sparse: args.sparse,
        ..array.extras()?
    };
    let mut options = args.run.options();
    if io::stderr().is_terminal() {
        options.progress = Some(Arc::new(Bar::default()));
    }
    let (chunk, block) = (save.chunk.as_ref(), save.block.as_ref());
    if chunk.is_some() || block.is_some() {
        let grid = grid_for(array.shape(), array.dtype().size(), chunk, block)?;
        let writer = match array.crosses(&grid) {
            true => {
                let (dtype, shape) = (array.dtype(), array.shape());
                Some(OutputFile::create(&args.output, dtype, shape, None, &save)?)
            }
            false => None,
        };
        if let Some(writer) = writer
            && let Some(grid) = writer.grid()
        {
            let advance = |done, total| {
                if let Some(bar) = &options.progress {
                    bar.advance(0, done, total);
                }
            };
            let write = |start: &[usize], extent: &[usize], bytes: &[u8]| {
                writer.write(start, extent, bytes)
            };
            array.rechunk_to(grid, &write, args.run.threads, &advance)?;
            writer.finish()?;
            let outputs = vec![OutputInfo {
                name: "x".to_string(),
                dtype: array.dtype(),
                shape: array.shape().clone(),
                filtered: false,
            }];
            let stats = Stats::default();
            return wrote(
                &Saved { outputs, stats },
                std::slice::from_ref(&args.output),
                output,
            );
        }
    }
    let bound = Expr::new("x")?.bind(&[("x", &array)])?.options(options);
    let paths = [args.output.clone()];
    let saved = bound.save(&paths, &save)?;
    wrote(&saved, &paths, output)
}

/// How far the work is, on standard error, when it takes longer than a second.
#[derive(Debug)]
struct Bar {
    started: Instant,
    shown: Mutex<Instant>,
}

impl Default for Bar {
    fn default() -> Self {
        let now = Instant::now();
        Self {
            started: now,
            shown: Mutex::new(now),
        }
    }
}

impl Progress for Bar {
    fn advance(&self, _: usize, done: usize, total: usize) {
        const FIRST: Duration = Duration::from_secs(1);
        const EACH: Duration = Duration::from_millis(100);
        let Ok(mut shown) = self.shown.try_lock() else {
            return;
        };
        let now = Instant::now();
        let last = done == total && *shown > self.started;
        if now - self.started < FIRST || (now - *shown < EACH && !last) {
            return;
        }
        *shown = now;
        // Nothing is lost where this cannot be shown.
        let _ = match last {
            true => write!(io::stderr(), "\r\x1b[K"),
            false => {
                let percent = done * 100 / total.max(1);
                let left =
                    (now - self.started).as_secs_f64() * (total - done) as f64 / done.max(1) as f64;
                write!(io::stderr(), "\r\x1b[K{percent:3} %, {left:.0} s left")
            }
        };
    }
}
