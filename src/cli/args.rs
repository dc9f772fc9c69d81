//! In: words. Out: verbs with their options, or clap's message and exit code 2.
//! Never: a file opened.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

use crate::array::{Array, OpenOptions, SaveOptions};
use crate::error::Error;
use crate::exec::{Engine, Options};
use crate::math::SimdLevel;
use crate::store::Verify;
use crate::store::write::{self, Extras, Filters, Split, WriteCodec};
use crate::types::Shape;

/// JIT-compiled array expressions over compressed, chunked n-d arrays.
#[derive(Debug, Parser)]
#[command(name = "fuseblock", version, about, max_term_width = 100)]
#[command(after_help = "Start with: fuseblock demo")]
pub(super) struct Args {
    #[command(subcommand)]
    pub(super) verb: Verb,
}

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Evaluate an expression over arrays in files
    Eval(Eval),
    /// Write an array in another format, with other chunks or another compression
    Convert(Convert),
    /// Append arrays to a compressed file or a dataset along the first axis
    Append(Append),
    /// Decode all of a compressed file, or read all of a dataset, and verify its checksums
    #[command(
        after_help = "Examples:\n  fuseblock verify data.b2nd\n  fuseblock verify run.fbd --json"
    )]
    Verify(Upkeep),
    /// Give a compressed file checksums of all it holds, as it is now
    Seal(Seal),
    /// Note what is known of each block, so that expressions need not decode all of them
    Index(Index),
    /// Write a compressed file anew, without what changes have left of earlier ones; of a dataset, small files as larger
    /// ones
    #[command(
        after_help = "Examples:\n  fuseblock compact log.b2nd\n  fuseblock compact run.fbd --json"
    )]
    Compact(Upkeep),
    /// Remove files and versions of a dataset that nobody needs any more
    Vacuum(Vacuum),
    /// Write what can still be read of a damaged file or dataset to a new one
    Repair(Repair),
    /// Say what a file holds
    Info(Info),
    /// Show the first elements of an array
    Head(Head),
    /// Show what an expression becomes, stage by stage
    Explain(Explain),
    /// Write a program and its operands to a file that opens like an array, computed when it is read
    View(View),
    /// Make compressed arrays, evaluate an expression over them and say what happened
    Demo(Demo),
    /// Read statements line by line
    Repl(Repl),
}

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  fuseblock eval 'mean(x)' x=data.b2nd\n  fuseblock eval 'd = x - y; mean(d), std(d)' x=a.b2nd y=b.npy --json\n  fuseblock eval 'x * 2' x=a.npy -o out.b2nd --codec zstd --level 3"
)]
pub(super) struct Eval {
    /// The expression, or a program: `d = x - y; mean(d), std(d)`
    #[arg(allow_hyphen_values = true)]
    pub(super) expr: String,
    /// Operands: NAME=PATH, or a path that goes by its file name without extension; PATH:MEMBER in
    /// a zip file, PATH:DTYPE for items of another dtype, DATASET@VERSION
    pub(super) operands: Vec<String>,
    /// Write each output to a file, .b2nd, .npy or .npz, or a dataset, .fbd (once per output, in order)
    #[arg(short, long = "output", value_name = "OUT")]
    pub(super) output: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) save: SaveArgs,
    /// Write a folder with a file a chunk, a sparse frame: it has no checksums
    #[arg(long)]
    pub(super) sparse: bool,
    #[command(flatten)]
    pub(super) run: RunArgs,
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
    /// Print where time and bytes went
    #[arg(long)]
    pub(super) stats: bool,
}

/// How to compress what is written.
#[derive(Clone, Debug, ClapArgs)]
#[command(next_help_heading = "Compressed files")]
pub(super) struct SaveArgs {
    /// Codec: lz4, lz4hc, zstd, zlib, blosclz
    #[arg(long, value_name = "NAME", default_value = "lz4", value_parser = text::<WriteCodec>)]
    pub(super) codec: WriteCodec,
    /// Compression level, 0 (none) to 9
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u8).range(0..=9))]
    pub(super) level: u8,
    /// Filters, in order: shuffle, bitshuffle, delta, bytedelta, trunc_prec:N, int_trunc:N, or none
    #[arg(long, value_name = "NAMES", default_value = "shuffle", value_parser = text::<Filters>)]
    pub(super) filters: Filters,
    /// Whether byte planes are compressed apart: auto, always, never
    #[arg(long, value_name = "MODE", default_value = "auto", value_parser = text::<Split>)]
    pub(super) split: Split,
    /// Extents of a chunk, `1000,500` say [default: an operand's, or about 4 MiB]
    #[arg(long, value_name = "EXTENTS", value_parser = extents)]
    pub(super) chunks: Option<Shape>,
    /// Extents of a block [default: an operand's, or 128 to 256 KiB]
    #[arg(long, value_name = "EXTENTS", value_parser = extents)]
    pub(super) blocks: Option<Shape>,
}

impl SaveArgs {
    /// As the library takes them, for a folder with a file a chunk if `sparse`.
    pub(super) fn options(&self, sparse: bool) -> SaveOptions {
        SaveOptions {
            compression: write::Options {
                codec: self.codec,
                level: self.level,
                filters: self.filters,
                split: self.split,
            },
            chunk: self.chunks.clone(),
            block: self.blocks.clone(),
            extras: Extras {
                sparse,
                ..Extras::default()
            },
        }
    }
}

/// A value that the library reads from text.
fn text<T: FromStr<Err = Error>>(text: &str) -> Result<T, String> {
    // OK because clap adds the option and the text.
    text.parse().map_err(|error: Error| match error.help() {
        Some(help) => format!("{}; {help}", error.message()),
        None => error.message().to_string(),
    })
}

/// Extents, one an axis.
fn extents(text: &str) -> Result<Shape, String> {
    let each = text.split(',').map(|extent| extent.trim().parse::<usize>());
    let extents = each.collect::<Result<Vec<_>, _>>();
    extents
        .map(Shape::from)
        .map_err(|_| "extents are integers with commas between them, as in `1000,500`".to_string())
}

/// How to run.
#[derive(Clone, Debug, Default, ClapArgs)]
pub(super) struct RunArgs {
    /// Worker threads [default: all cores]
    #[arg(long, value_name = "N", value_parser = threads)]
    pub(super) threads: Option<usize>,
    /// Widest SIMD level to use
    #[arg(long, value_enum, default_value_t = Simd::Auto)]
    pub(super) simd: Simd,
    /// What computes
    #[arg(long, value_enum, default_value_t = EngineArg::Auto)]
    pub(super) engine: EngineArg,
    /// Most memory that results may take, `2GiB` say [default: half of what is free]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(super) max_memory: Option<usize>,
    /// Which blocks of sealed files are verified: each time they are read, the first time, or never
    #[arg(long, value_enum, default_value_t = VerifyArg::Always)]
    pub(super) verify: VerifyArg,
    /// Leave damaged chunks out of reductions, and say how many elements these have
    #[arg(long)]
    pub(super) skip_damaged: bool,
    /// Decode also what zone maps and chunks of one value say is not needed
    #[arg(long)]
    pub(super) no_zone_maps: bool,
    /// Let programs (.fbe) name files outside of their directory
    #[arg(long)]
    pub(super) allow_outside: bool,
}

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  fuseblock convert data.npy data.b2nd --codec zstd\n  fuseblock convert year.npz:temp temp.b2nd --chunks 1000,500"
)]
pub(super) struct Convert {
    /// The array: PATH, PATH:MEMBER in a zip file, PATH:DTYPE for items of another dtype
    #[arg(value_name = "IN")]
    pub(super) input: String,
    /// The file to write, .b2nd, .npy or .npz, or the dataset, .fbd
    #[arg(value_name = "OUT")]
    pub(super) output: PathBuf,
    #[command(flatten)]
    pub(super) save: SaveArgs,
    /// Write a folder with a file a chunk, a sparse frame: it has no checksums
    #[arg(long)]
    pub(super) sparse: bool,
    #[command(flatten)]
    pub(super) run: RunArgs,
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  fuseblock seal data.b2nd\n  fuseblock seal data.b2nd --json")]
pub(super) struct Seal {
    /// The file
    pub(super) path: PathBuf,
    /// Take chunks for right that are not what was sealed
    #[arg(long)]
    pub(super) accept: bool,
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  fuseblock index data.b2nd\n  fuseblock index shared.b2nd --sidecar"
)]
pub(super) struct Index {
    /// The file, or the directory of a sparse frame
    pub(super) path: PathBuf,
    /// Leave the file as it is, and write to PATH.fbz beside it
    #[arg(long)]
    pub(super) sidecar: bool,
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, ClapArgs)]
pub(super) struct Upkeep {
    /// The file
    pub(super) path: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  fuseblock vacuum run.fbd\n  fuseblock vacuum run.fbd --keep 10 --grace 7d"
)]
pub(super) struct Vacuum {
    /// The dataset
    #[arg(value_name = "DIR")]
    pub(super) path: PathBuf,
    /// Remove nothing that is younger, nor a version that was the newest one since: `90s`, `30m`, `1h`, `7d`
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = duration)]
    pub(super) grace: Duration,
    /// Keep this many of the newest versions
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(super) keep: usize,
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  fuseblock repair torn.b2nd whole.b2nd\n  fuseblock repair torn.b2nd whole.b2nd --json\n  fuseblock repair run.fbd@7 whole.fbd"
)]
pub(super) struct Repair {
    /// The damaged file, or the directory of a sparse frame or a dataset, DATASET@VERSION for an older version; it is not
    /// changed
    #[arg(value_name = "FILE")]
    pub(super) path: PathBuf,
    /// The new file, or a new dataset
    #[arg(value_name = "OUT")]
    pub(super) output: PathBuf,
    /// Where neither seal nor index says which chunk is which, believe what else the file has: older indexes, parts of
    /// seals, and the order of the chunks
    #[arg(long)]
    pub(super) guess: bool,
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  fuseblock append log.b2nd today.npy\n  ls day-*.npy | fuseblock append log.b2nd -\n  fuseblock append run.fbd part.b2nd"
)]
pub(super) struct Append {
    /// The file or dataset (.fbd) that grows, which is made if there is none: only then the options below count, and chunks
    /// of a file have 512 KiB unless they say otherwise
    #[arg(value_name = "DEST")]
    pub(super) dest: PathBuf,
    /// The array to append, or - for paths on standard input, each of which is committed on its own; the first that
    /// cannot be appended ends it
    #[arg(value_name = "SOURCE")]
    pub(super) source: String,
    #[command(flatten)]
    pub(super) save: SaveArgs,
    /// Print one JSON object for each commit
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  fuseblock info data.b2nd\n  fuseblock info --chunks data.b2nd --json\n  fuseblock info --history run.fbd"
)]
pub(super) struct Info {
    /// The file or directory
    pub(super) path: PathBuf,
    /// List every chunk: where it stands, its sizes, how it is stored
    #[arg(long)]
    pub(super) chunks: bool,
    /// List the versions of a dataset
    #[arg(long, conflicts_with = "chunks")]
    pub(super) history: bool,
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  fuseblock head data.b2nd\n  fuseblock head -n 3,20 data.npy --json"
)]
pub(super) struct Head {
    /// The array's file or directory, or PATH:MEMBER for a member of a zip file
    pub(super) path: String,
    /// How many elements of the first axis, and of the last one
    #[arg(short, default_value = "10,8", value_name = "ROWS[,COLUMNS]", value_parser = corner)]
    pub(super) n: Corner,
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  fuseblock explain 'sum(x * y)' x=a.b2nd y=b.b2nd\n  fuseblock explain --stage asm 'x**3 + 1' x=a.npy"
)]
pub(super) struct Explain {
    /// The expression or program
    #[arg(allow_hyphen_values = true)]
    pub(super) expr: String,
    /// Operands: NAME=PATH, or a path that goes by its file name without extension; PATH:MEMBER in
    /// a zip file, PATH:DTYPE for items of another dtype, DATASET@VERSION
    pub(super) operands: Vec<String>,
    /// Which stage
    #[arg(long, value_enum, default_value_t = StageArg::Plan)]
    pub(super) stage: StageArg,
    #[command(flatten)]
    pub(super) run: RunArgs,
}

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  fuseblock view 'sqrt(u**2 + v**2)' u.b2nd v.b2nd -o speed.fbe\n  fuseblock eval 'max(speed)' speed.fbe"
)]
pub(super) struct View {
    /// The expression or program; of several statements the last one is the array
    #[arg(allow_hyphen_values = true)]
    pub(super) expr: String,
    /// Operands: NAME=PATH, or a path that goes by its file name without extension; PATH:MEMBER in
    /// a zip file, PATH:DTYPE for items of another dtype
    pub(super) operands: Vec<String>,
    /// The file to write: a text
    #[arg(short, long, value_name = "OUT.fbe")]
    pub(super) output: PathBuf,
    /// Name operands outside of the directory of the file, too
    #[arg(long)]
    pub(super) allow_outside: bool,
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  fuseblock demo\n  fuseblock demo --n 8000 --codec zstd --dir /tmp/slides"
)]
pub(super) struct Demo {
    /// Rows and columns of the two matrices
    #[arg(long, default_value_t = 4000, value_name = "N", value_parser = clap::value_parser!(u32).range(8..=60_000))]
    pub(super) n: u32,
    /// Folder for the arrays; made if it is not there
    #[arg(long, default_value = "fuseblock-demo", value_name = "DIR")]
    pub(super) dir: PathBuf,
    /// Codec of the arrays
    #[arg(long, value_enum, default_value_t = CodecArg::Lz4)]
    pub(super) codec: CodecArg,
    #[command(flatten)]
    pub(super) run: RunArgs,
}

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  fuseblock repl x=data.b2nd\n  echo 'mean(x)' | fuseblock repl --json x=data.b2nd"
)]
pub(super) struct Repl {
    /// Operands: NAME=PATH, or a path that goes by its file name without extension; PATH:MEMBER in
    /// a zip file, PATH:DTYPE for items of another dtype, DATASET@VERSION
    pub(super) operands: Vec<String>,
    #[command(flatten)]
    pub(super) run: RunArgs,
    /// Batch mode: one request a line, one JSON reply a line
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(super) enum Simd {
    /// Scalar kernels
    Off,
    /// SSE4.2
    #[value(name = "sse4.2")]
    Sse42,
    /// AVX2 and FMA
    Avx2,
    /// AVX-512
    Avx512,
    /// The widest this machine has
    #[default]
    Auto,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(super) enum VerifyArg {
    /// Each time
    #[default]
    Always,
    /// The first time
    First,
    /// Not at all, even where a file contradicts its seal
    Never,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(super) enum EngineArg {
    /// Machine code, except where compiling would take longer than the work
    #[default]
    Auto,
    /// Machine code always
    Jit,
    /// The reference semantics, one element at a time
    Interpreter,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum StageArg {
    /// The lexer's tokens
    Tokens,
    /// The syntax tree
    Ast,
    /// The typed IR
    Ir,
    /// The optimised IR
    Opt,
    /// The passes over the data
    Passes,
    /// Cranelift's IR of each kernel
    Clif,
    /// The machine code of each kernel
    Asm,
    /// What will be read and computed, and what it costs
    Plan,
    /// All of them
    All,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum CodecArg {
    /// LZ4: fastest to read
    Lz4,
    /// zstd: smaller
    Zstd,
}

impl Args {
    /// Whether the reply is one JSON object.
    pub(super) fn json(&self) -> bool {
        match &self.verb {
            Verb::Eval(eval) => eval.json,
            Verb::Convert(convert) => convert.json,
            Verb::Append(append) => append.json,
            Verb::Verify(args) | Verb::Compact(args) => args.json,
            Verb::Seal(args) => args.json,
            Verb::Vacuum(args) => args.json,
            Verb::Index(args) => args.json,
            Verb::Repair(repair) => repair.json,
            Verb::Info(info) => info.json,
            Verb::Head(head) => head.json,
            Verb::Repl(repl) => repl.json,
            Verb::View(args) => args.json,
            Verb::Explain(_) | Verb::Demo(_) => false,
        }
    }
}

impl RunArgs {
    /// As the library takes them.
    pub(super) fn options(&self) -> Options {
        Options {
            threads: self.threads,
            simd: match self.simd {
                Simd::Off => Some(SimdLevel::Off),
                Simd::Sse42 => Some(SimdLevel::Sse42),
                Simd::Avx2 => Some(SimdLevel::Avx2),
                Simd::Avx512 => Some(SimdLevel::Avx512),
                Simd::Auto => None,
            },
            engine: match self.engine {
                EngineArg::Auto => Engine::Auto,
                EngineArg::Jit => Engine::Jit,
                EngineArg::Interpreter => Engine::Interpreter,
            },
            max_memory: self.max_memory,
            zone_maps: !self.no_zone_maps,
            ..Options::default()
        }
    }

    /// How operands are opened.
    pub(super) fn opening(&self) -> OpenOptions {
        let verify = match self.verify {
            VerifyArg::Always => Verify::Always,
            VerifyArg::First => Verify::First,
            VerifyArg::Never => Verify::Never,
        };
        Array::options()
            .verify(verify)
            .skip_damaged(self.skip_damaged)
            .allow_outside(self.allow_outside)
    }
}

/// How much `head` shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Corner {
    /// Elements of the first axis.
    pub(super) rows: usize,
    /// Elements of the last axis, where it is not the first.
    pub(super) columns: usize,
}

fn corner(text: &str) -> Result<Corner, String> {
    let (rows, columns) = text.split_once(',').unwrap_or((text, "8"));
    match (rows.trim().parse(), columns.trim().parse()) {
        (Ok(rows), Ok(columns)) => Ok(Corner { rows, columns }),
        (Err(_), _) | (_, Err(_)) => Err("give numbers: ROWS, or ROWS,COLUMNS".into()),
    }
}

/// A number of threads: at least 1, at most 1,024.
fn threads(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(n @ 1..=1024) => Ok(n),
        _ => Err("give a number from 1 to 1024".into()),
    }
}

/// A size in bytes: `1000000`, `512MiB`, `2GB`.
fn size(text: &str) -> Result<usize, String> {
    const UNITS: [(&str, f64); 9] = [
        ("KiB", 1024.0),
        ("MiB", 1048576.0),
        ("GiB", 1073741824.0),
        ("TiB", 1099511627776.0),
        ("kB", 1e3),
        ("MB", 1e6),
        ("GB", 1e9),
        ("TB", 1e12),
        ("B", 1.0),
    ];
    let unit = UNITS.iter().find(|(unit, _)| text.ends_with(unit));
    let (number, scale) = unit.map_or((text, 1.0), |(unit, scale)| {
        (text[..text.len() - unit.len()].trim_end(), *scale)
    });
    match number.parse::<f64>() {
        Ok(value) if value >= 0.0 && value * scale < 9e18 => Ok((value * scale) as usize),
        _ => Err("give a size such as 512MiB or 2GB".into()),
    }
}

/// A time: `0`, `90s`, `30m`, `1h`, `7d`.
fn duration(text: &str) -> Result<Duration, String> {
    const UNITS: [(&str, u64); 4] = [("s", 1), ("m", 60), ("h", 3_600), ("d", 86_400)];
    let unit = UNITS
        .iter()
        .find_map(|(unit, scale)| Some((text.strip_suffix(unit)?, *scale)));
    let (number, scale) = unit.unwrap_or((text, 1));
    match number
        .trim_end()
        .parse::<u64>()
        .ok()
        .and_then(|value| value.checked_mul(scale))
    {
        Some(seconds) if unit.is_some() || seconds == 0 => Ok(Duration::from_secs(seconds)),
        Some(_) | None => Err("give a time such as 90s, 30m, 1h or 7d".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Args::command().debug_assert();
    }

    #[test]
    fn corners_have_one_or_two_numbers() {
        let shown = |text| corner(text).map(|corner| (corner.rows, corner.columns));
        assert_eq!(shown("3"), Ok((3, 8)));
        assert_eq!(shown("3,20"), Ok((3, 20)));
        assert_eq!(shown("0, 1"), Ok((0, 1)));
        for text in ["", ",", "3,", ",3", "1,2,3", "-1", "1.5"] {
            assert!(shown(text).is_err(), "{text}");
        }
    }

    #[test]
    fn times_have_units() {
        for (text, seconds) in [
            ("0", 0),
            ("90s", 90),
            ("30m", 1_800),
            ("1 h", 3_600),
            ("7d", 604_800),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "h", "5", "-1h", "1.5h", "1w", "99999999999999999999d"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_have_units() {
        for (text, bytes) in [
            ("1000", 1000),
            ("1.5KiB", 1536),
            ("2 GB", 2_000_000_000),
            ("7B", 7),
        ] {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for text in ["", "GiB", "-1", "1e30", "nan", "2Gi"] {
            assert!(size(text).is_err(), "{text}");
        }
    }
}
