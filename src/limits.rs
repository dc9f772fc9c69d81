//! In: nothing. Out: every bound the engine has, with its reason.
//! Never: a bound that is not here.

/// Axes of an array: Blosc2's own limit (`BLOSC2_MAX_DIM`).
pub const MAX_NDIM: usize = 16;

/// Bytes of program text: far above anything typed, far below what spans (u32) can count.
pub const MAX_SOURCE_BYTES: usize = 1 << 20;

/// Tokens of a program: four for each node of the tree, brackets and separators included.
pub const MAX_TOKENS: usize = 4 * MAX_NODES;

/// Brackets within brackets, and operators that wait for their right side (`-`, `not`, `**`,
/// `else`): bounds the stack of the parser, and with it the time a hostile text can take.
pub const MAX_NESTING: usize = 200;

/// Tokens in a row that add nothing to the tree, after which the parser gives up: a valid program
/// has little more than [`MAX_NESTING`], and each that fits nowhere costs a search of the stack.
pub const MAX_IDLE_TOKENS: usize = 512;

/// Depth of a syntax tree: a sum of a thousand terms leans that far to the left. Keeps every
/// recursive walk inside a 2 MiB thread stack.
pub const MAX_DEPTH: usize = 1_000;

/// Nodes of a syntax tree: bounds the work that any text can ask of the checker.
pub const MAX_NODES: usize = 20_000;

/// Calls of a program's own functions within each other: each is checked within the check of the
/// call that leads to it, on the thread's stack.
pub const MAX_CALL_DEPTH: usize = 64;

/// Nodes that the bodies of a program's own functions are checked for, every call counted: a
/// function that calls another twice, which calls another twice, and so on, doubles its text each
/// time. Far more than [`MAX_VALUES`] allows.
pub const MAX_BODY_NODES: usize = 200_000;

/// Diagnostics of one program: nobody reads more, each costs a search of the parser's stack, and
/// perhaps a trial of its edits.
pub const MAX_DIAGNOSTICS: usize = 20;

/// Bytes of program text up to which edits are tried before they are suggested: a trial parses
/// the whole program again.
pub const MAX_SUGGEST_BYTES: usize = 16 << 10;

/// Values of an IR function: bounds compile time (about 10 us a value) and ids (u32).
pub const MAX_VALUES: usize = 50_000;

/// Outputs and reductions of one pass; more are split over several passes.
pub const MAX_SINKS: usize = 32;

/// Elements up to which a value that needs no data is computed apart, by the interpreter: that
/// costs less than compiling a kernel.
pub const MAX_EPILOGUE_ELEMS: usize = 4_096;

/// Elements up to which an elementwise value that is seen [`MAX_REPEATED`] times over is kept in
/// memory instead of being computed again for each.
pub const MAX_KEPT_ELEMS: usize = 1 << 20;

/// How many times the elements of an elementwise value are computed rather than kept.
pub const MAX_REPEATED: usize = 4;

/// Values that moving views to what they read may add: a stencil of a long expression computes it
/// once for each neighbour. What is beyond is kept in memory.
pub const MAX_SUNK_VALUES: usize = MAX_VALUES / 4;

/// Parts up to which arrays that were put together before become parts themselves.
pub const MAX_SPLICED_PARTS: usize = 1_024;

/// How deep arrays that are put together may be inside of each other, beyond that.
pub const MAX_NESTED_CONCATS: u32 = 64;

/// Leaves up to which arrays that are put together are each computed everywhere, and one is chosen,
/// where some of them are computed; beyond, those are kept in memory.
pub const MAX_CHOSEN_LEAVES: u32 = 16;

/// Indices of a list that a view picks elements by, which the program keeps in memory.
pub const MAX_PICKED: usize = 1 << 20;

/// Elements of the box that is read at once for a view that takes some of them.
pub const MAX_VIEW_BOX_ELEMS: usize = TILE_MAX_ELEMS;

/// Elements of a value that the reference interpreter computes: it keeps every value whole, at 16
/// bytes an element.
pub const MAX_EVAL_ELEMS: usize = 1 << 24;

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

/// Elements along reduced axes that are sorted in memory, for medians and quantiles, and elements
/// of a tile of such: 32 MiB of float64, four times that a thread for a median.
pub const MAX_SELECT_ELEMS: usize = 1 << 22;

/// Elements whose weights a histogram adds up before it rounds: NumPy's, whose bits depend on it.
pub const HISTOGRAM_BLOCK: usize = 65_536;

/// Bins of a histogram or a count: 128 MiB of counts.
pub const MAX_BINS: usize = 1 << 24;

/// Bins for counting integers of 32 and 64 bits, unless more are asked for, and for numbers of bins that
/// the data decides: 2 MiB of counts, and some
/// milliseconds however few are counted.
pub const DEFAULT_BINS: usize = 1 << 18;

/// Edges of bins that may be written out: each is compared with every element.
pub const MAX_BIN_EDGES: usize = 256;

/// Bits of an element that one round of counting finds where a whole array is too large to sort:
/// 512 KiB of counts, at most four rounds.
pub const SELECT_ROUND_BITS: u32 = 16;

/// Quantiles of one call: each is two reductions.
pub const MAX_QUANTILES: usize = 256;

/// Kernels kept compiled: at a few KiB each, under 10 MiB.
pub const MAX_CACHED_KERNELS: usize = 1_024;

/// Values of one kernel: bounds its compile time (about 50 us a value) and its stack frame;
/// larger bodies are interpreted.
pub const MAX_KERNEL_REGS: usize = 4_096;

/// Decoded blocks that all workers of one evaluation share, in bytes.
pub const BLOCK_CACHE_BYTES: usize = 64 << 20;

/// Uncompressed bytes of one chunk: `BLOSC2_MAX_BUFFERSIZE`, 2^31 - 1 - 32.
pub const MAX_CHUNK_BYTES: usize = 2_147_483_615;

/// Uncompressed bytes of one chunk of Blosc1, whose header is shorter: 2^31 - 1 - 16.
pub const MAX_BLOSC1_BYTES: usize = 2_147_483_631;

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

/// Bytes of a page of a file: a read of fewer costs about as much.
pub const PAGE_BYTES: usize = 4_096;

/// Bytes of the blocks that a file in Fortran order is read in: they stay in the L2 cache while
/// they are transposed.
pub const FORTRAN_BLOCK_BYTES: usize = 256 << 10;

/// Bytes of the metadata of a Bloscpack file, and of a JSON file in a BLZ or bcolz directory: those
/// of a structured dtype with thousands of fields stay below.
pub const MAX_LEGACY_META_BYTES: usize = 1 << 20;

/// Bytes that a deflated member of a zip file inflates to in memory, as a whole, unless the caller
/// allows more: as much as a machine with little memory still has.
pub const MAX_INFLATED_BYTES: u64 = 4 << 30;

/// What DEFLATE makes of a byte at most: 258 bytes of 2 bits.
pub const MAX_DEFLATE_RATIO: u64 = 1_032;

/// Members of a zip file that `info` looks into: each costs two reads or so.
pub const MAX_INFO_MEMBERS: usize = 10_000;

/// Brackets within brackets in the literals of headers and metadata: nested dtypes have a few.
pub const MAX_LITERAL_DEPTH: usize = 64;

/// Metadata of chunks (block starts) that one open array keeps, in bytes: those of some 50,000
/// chunks of 16 blocks.
pub const CHUNK_CACHE_BYTES: usize = 16 << 20;

/// Leaves of seals that one open array keeps, of some 4 KiB each: those of the chunks that as many threads are at.
pub const MAX_RECENT_LEAVES: usize = 64;

/// Bytes of these leaves: those of chunks with many blocks are longer.
pub const RECENT_LEAF_BYTES: usize = 2 << 20;

/// Bytes of a program file: more than a program may have.
pub const MAX_PROGRAM_FILE_BYTES: usize = 4 << 20;

/// Operands of a program file.
pub const MAX_PROGRAM_OPERANDS: usize = 256;

/// Program files that are operands of each other: one that is its own operand ends here.
pub const MAX_NESTED_PROGRAMS: usize = 8;

/// Tiles whose elements were known and whose partials are kept, of a pass: few are ever different.
pub const MAX_KNOWN_TILES: usize = 256;

/// States of output elements in the partials that are kept of such a tile: of more they cost what they save.
pub const MAX_KNOWN_STATES: usize = 64;

/// Registers of a kernel above which none of its masks is looked for to be computed first.
pub const MAX_PROBED_REGS: usize = 256;

/// Arrays that a program file and those that are its operands open together.
pub const MAX_PROGRAM_ARRAYS: usize = 1_024;

/// Zones of a leaf that are looked at for a tile: above that they cost as much as they can save.
pub const MAX_ZONES_A_TILE: usize = 256;

/// Decoded blocks that a thread keeps because the next request is likely to need one again: the
/// first blocks of chunks with the delta filter, and blocks that were needed in part.
pub const RECENT_BLOCKS: usize = 4;

/// Bytes of a row of an array in a container without blocks of its own, above which it is read in
/// runs instead of in blocks of whole rows.
pub const MAX_ROW_BYTES: usize = 4 << 20;

/// Bytes of the block starts that are read along with a chunk's header before it is known.
pub const MAX_EARLY_BYTES: usize = 64 << 10;

/// Chunks that `info` lists one by one.
pub const MAX_LISTED_CHUNKS: usize = 1 << 16;

/// Bytes of the elements that `head` shows.
pub const MAX_HEAD_BYTES: usize = 16 << 20;

/// Open chunk files that one sparse frame or directory of chunks keeps.
pub const MAX_OPEN_FILES: usize = 64;

/// Bytes of one decoded block of a frame's index: the reference library writes 16 KiB. Longer
/// ones have to be justified by their compressed size (see [`MAX_INDEX_RATIO`]).
pub const MAX_INDEX_BLOCK_BYTES: usize = 4 << 20;

/// How many times larger than its compressed bytes a long index block may be.
pub const MAX_INDEX_RATIO: usize = 64;

/// Chunk headers that `info` reads to count special chunks: a second of reading or so.
pub const MAX_INFO_CHUNKS: usize = 1 << 20;

/// Threads of a pool of ours: more than any machine this runs on has cores.
pub const MAX_THREADS: usize = 1_024;

/// Bytes counted for each block that the shared cache remembers, besides its own: what the tables
/// of the cache take.
pub const BLOCK_CACHE_ENTRY_BYTES: usize = 256;

/// Elements times values up to which a pass is interpreted: compiling takes some 300 us, the
/// interpreter some 30 ns for each value of an element.
pub const TINY_WORK: usize = 4_096;

/// Decoded bytes of a block in files of strangers: four times what the reference library chooses
/// at most, and little enough for every worker to hold some of each operand.
pub const UNTRUSTED_BLOCK_BYTES: usize = 16 << 20;

/// Decoded bytes of an array in a file of a stranger: half a minute of work for a few cores.
pub const UNTRUSTED_ARRAY_BYTES: u64 = 64 << 30;

/// Blocks of an array in a file of a stranger: [`UNTRUSTED_ARRAY_BYTES`] in blocks of 4 KiB.
pub const UNTRUSTED_BLOCKS: usize = 16 << 20;

/// Bytes that a deflated member of a stranger's zip file inflates to in memory.
pub const UNTRUSTED_INFLATED_BYTES: u64 = 256 << 20;

/// Decoded bytes of the blocks of new files, at least, where arrays have so many: with less, what each
/// block costs shows.
pub const MIN_BLOCK_BYTES: usize = 128 << 10;

/// Decoded bytes of the chunks of new files.
pub const CHUNK_BYTES: usize = 4 << 20;

/// The same where the array is to grow: a small append writes half of it on average, beside an index of all chunks.
pub const GROWING_CHUNK_BYTES: usize = 512 << 10;

/// Bytes of chunks that are complete before those in front of them, above which they are written out of
/// order.
pub const MAX_WAITING_BYTES: usize = 64 << 20;

/// Bytes that a disk writes whole or not at all: a sector.
pub const ATOMIC_BYTES: u64 = 512;

/// Decoded bytes of chunks that have changed and are not written yet.
pub const MAX_DIRTY_BYTES: usize = 64 << 20;

/// Chunks of an array that is changed in place: the index of so many, 128 MiB, is in memory and is written
/// at each commit.
pub const MAX_EDITED_CHUNKS: usize = 1 << 24;

/// Decoded bytes of an attribute.
pub const MAX_ATTRIBUTE_BYTES: usize = 64 << 20;

/// Bytes of a leaf of a seal that is looked for in a damaged file: those of a chunk of 100,000 blocks.
pub const MAX_SALVAGED_LEAF_BYTES: usize = 4 << 20;

/// How often a frame is read that changes while it is.
pub const MAX_READ_ATTEMPTS: usize = 20;

/// Bytes that a thread reads at once of an array that is written with other chunks.
pub const RECHUNK_BYTES: usize = 16 << 20;

/// Bytes of a file that is mostly dead, beside twice those of its elements.
pub const MAX_DEAD_BYTES: u64 = 64 << 20;

/// Uncompressed bytes of a slab of a dataset: a file that is worth its names, little enough for one task of many.
pub const SLAB_BYTES: usize = 256 << 20;

/// Versions of a dataset from one that is written as a whole to the next: what a reader has to put together.
pub const CHECKPOINT_EVERY: u64 = 100;

/// Versions that are read one upon the other before that is given up: ten times what any writer leaves.
pub const MAX_DELTAS: usize = 1_000;

/// Bytes of a manifest: ten million slabs have fewer.
pub const MAX_MANIFEST_BYTES: u64 = 1 << 30;

/// Bytes of the file that says what a dataset requires: some lines of names.
pub const MAX_FORMAT_BYTES: u64 = 4_096;

/// How often a commit is tried again that others were faster than.
pub const MAX_COMMIT_ATTEMPTS: usize = 10_000;
