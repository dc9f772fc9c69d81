//! In: nothing. Out: every bound the engine has, with its reason.
//! Never: a bound that is not here.

/// Axes of an array: Blosc2's own limit (`BLOSC2_MAX_DIM`).
pub const MAX_NDIM: usize = 16;

/// Bytes of program text: far above anything typed, far below what spans (u32) can count.
pub const MAX_SOURCE_BYTES: usize = 1 << 20;

/// Nesting depth of an expression: keeps every recursive walk well inside a 2 MiB thread stack.
pub const MAX_DEPTH: usize = 200;

/// Nodes of a syntax tree: bounds the work that any text can ask of the checker.
pub const MAX_NODES: usize = 20_000;

/// Values of an IR function: bounds compile time (about 10 us a value) and ids (u32).
pub const MAX_VALUES: usize = 50_000;

/// Outputs and reductions of one pass; more are split over several passes.
pub const MAX_SINKS: usize = 32;

/// Elements below which neighbouring blocks are grouped into one tile: one block of float64 of
/// 256 KiB, the size measured fastest.
pub const TILE_MIN_ELEMS: usize = 32_768;

/// Elements above which a block is split into several tiles: bounds the scratch of a worker.
pub const TILE_MAX_ELEMS: usize = 262_144;

/// Elements of a strip, the unit of work between two calls of a kernel: temporaries of a strip
/// stay in the L1 cache.
pub const STRIP_ELEMS: usize = 512;

/// Values a lane adds up before it is set aside: bounds the error of a sum (see `ir`).
pub const RUN_PER_LANE: usize = 16;

/// Virtual lanes of a float reduction: 64 bytes of float64.
pub const LANES: usize = 8;

/// Elements of one run of lanes.
pub const RUN_ELEMS: usize = LANES * RUN_PER_LANE;

/// Kernels kept compiled: at a few KiB each, under 10 MiB.
pub const MAX_CACHED_KERNELS: usize = 1_024;

/// Decoded blocks that all workers of one evaluation share, in bytes.
pub const BLOCK_CACHE_BYTES: usize = 64 << 20;

/// Uncompressed bytes of one chunk: `BLOSC2_MAX_BUFFERSIZE`, 2^31 - 1 - 32.
pub const MAX_CHUNK_BYTES: usize = 2_147_483_615;

/// Bytes of one block: `BLOSC2_MAXBLOCKSIZE`.
pub const MAX_BLOCK_BYTES: usize = 536_866_816;

/// Item size of a frame: `BLOSC_MAX_TYPESIZE` counts to 255 in a chunk, this is the frame's bound.
pub const MAX_ITEM_BYTES: usize = MAX_BLOCK_BYTES;

/// Chunks of one frame: its index is itself one chunk of 8-byte offsets.
pub const MAX_CHUNKS: usize = MAX_CHUNK_BYTES / 8;

/// Metalayers in a frame header.
pub const MAX_METALAYERS: usize = 16;

/// Variable-length metalayers in a frame trailer.
pub const MAX_VLMETALAYERS: usize = 8_192;

/// Bytes of a compression dictionary.
pub const MAX_DICT_BYTES: usize = 32_768;

/// Bytes of a frame header: 16 metalayers with long structured dtypes stay far below.
pub const MAX_FRAME_HEADER_BYTES: usize = 1 << 20;

/// Bytes of a `.npy` header: NumPy's own default bound is 10,000; structured dtypes need more.
pub const MAX_NPY_HEADER_BYTES: usize = 1 << 20;

/// Metadata of chunks (block starts) that one open array keeps, in bytes: those of some 50,000
/// chunks of 16 blocks.
pub const CHUNK_CACHE_BYTES: usize = 16 << 20;

/// Bytes of one decoded block of a frame's index: the reference library writes 16 KiB. Longer
/// ones have to be justified by their compressed size (see [`MAX_INDEX_RATIO`]).
pub const MAX_INDEX_BLOCK_BYTES: usize = 4 << 20;

/// How many times larger than its compressed bytes a long index block may be.
pub const MAX_INDEX_RATIO: usize = 64;

/// Chunk headers that `info` reads to count special chunks: a second of reading or so.
pub const MAX_INFO_CHUNKS: usize = 1 << 20;
