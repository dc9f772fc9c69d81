//! In: bodies. Out: whether their kernels equal `math::scalar`, element by element: every
//! operation, dtype and level, every fold, and random bodies. Never: a tolerance.

use super::*;
use crate::ir::{BodyInput, Elementwise, FoldOp, Reg, RegData, Sink};
use crate::limits::{LANES, MAX_CACHED_KERNELS, RUN_ELEMS};
use crate::math::{SimdLevel, scalar};
use crate::table::Id;
use crate::types::{BinaryOp, DType, Scalar, UnaryOp};

/// Around bundles (8, 16), runs (128), strips (512), and one element.
const COUNTS: [usize; 19] = [
    1, 2, 7, 8, 9, 15, 16, 17, 31, 64, 127, 128, 129, 511, 512, 513, 640, 1000, 1025,
];

/// Builds bodies.
#[derive(Default)]
struct Build(Body);

impl Build {
    fn input(&mut self, dtype: DType, uniform: bool) -> Reg {
        let input = self.0.inputs.push(BodyInput { dtype, uniform });
        self.reg(BodyInst::Input(input), dtype)
    }

    fn constant(&mut self, scalar: Scalar) -> Reg {
        self.reg(BodyInst::Const(scalar), scalar.dtype())
    }

    fn unary(&mut self, op: UnaryOp, a: Reg) -> Reg {
        let dtype = op.result(self.0.regs[a].dtype).unwrap();
        self.reg(BodyInst::Map(Elementwise::Unary(op, a)), dtype)
    }

    fn binary(&mut self, op: BinaryOp, a: Reg, b: Reg) -> Reg {
        let dtype = op.result(self.0.regs[a].dtype).unwrap();
        self.reg(BodyInst::Map(Elementwise::Binary(op, a, b)), dtype)
    }

    fn select(&mut self, condition: Reg, then: Reg, otherwise: Reg) -> Reg {
        let dtype = self.0.regs[then].dtype;
        let map = Elementwise::Select {
            condition,
            then,
            otherwise,
        };
        self.reg(BodyInst::Map(map), dtype)
    }

    fn cast(&mut self, a: Reg, to: DType) -> Reg {
        self.reg(BodyInst::Map(Elementwise::Cast(a)), to)
    }

    fn reg(&mut self, inst: BodyInst, dtype: DType) -> Reg {
        self.0.regs.push(RegData { inst, dtype })
    }

    fn store(&mut self, reg: Reg) -> &mut Self {
        self.0.sinks.push(Sink::Store(reg));
        self
    }

    fn fold(&mut self, op: FoldOp, reg: Reg) -> &mut Self {
        self.0.sinks.push(Sink::Fold(op, reg));
        self
    }
}

/// A small generator of bits; the numbers are Marsaglia's xorshift64.
struct Bits(u64);

impl Bits {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }
}

/// Values where operations change their minds.
fn edges(dtype: DType) -> Vec<u64> {
    let floats = [
        0.0,
        -0.0,
        1.0,
        -1.0,
        0.5,
        -0.5,
        1.5,
        2.5,
        -2.5,
        3.0,
        7.25,
        1e-310,
        1e-40,
        -1e-40,
        1e30,
        127.5,
        128.0,
        255.5,
        256.0,
        -129.0,
        32768.0,
        65536.0,
        2147483648.0,
        -2147483649.0,
        4294967296.0,
        9223372036854775808.0,
        18446744073709551616.0,
        16777217.0,
        f64::MAX,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
        0.1,
    ];
    match dtype {
        DType::Bool => vec![0, 1],
        DType::Float32 => floats
            .iter()
            .map(|&v| u64::from((v as f32).to_bits()))
            .collect(),
        DType::Float64 => floats.iter().map(|v| v.to_bits()).collect(),
        DType::Int8
        | DType::Int16
        | DType::Int32
        | DType::Int64
        | DType::UInt8
        | DType::UInt16
        | DType::UInt32
        | DType::UInt64 => {
            let top = 1u64 << (dtype.size() * 8 - 1);
            let near = [0, 1, 2, 3, 5, 7, 8, 15, 16, 31, 63, 64, 100];
            let mut all: Vec<u64> = near.to_vec();
            all.extend(near.iter().map(|v| v.wrapping_neg()));
            all.extend(near.iter().take(5).map(|v| top.wrapping_add(*v)));
            all.extend(near.iter().take(5).map(|v| (top - 1).wrapping_sub(*v)));
            // Halfway between neighbouring float32 and float64 values.
            all.extend([(1 << 24) + 1, (1 << 53) + 1, (1 << 63) | (1 << 39) | 1]);
            all
        }
    }
}

fn stream(dtype: DType, n: usize, bits: &mut Bits) -> Vec<Scalar> {
    let edges = edges(dtype);
    (0..n)
        .map(|_| match bits.below(4) {
            0 if dtype.is_float() => {
                let value = (bits.next() as i64 >> 32) as f64 / 65536.0;
                scalar::cast(Scalar::Float64(value), dtype)
            }
            0 if !dtype.is_bool() => Scalar::from_bits(dtype, bits.next()),
            _ => Scalar::from_bits(dtype, edges[bits.below(edges.len())]),
        })
        .collect()
}

/// Bytes at an address that is aligned to 64, or one element past it.
struct Buffer {
    words: Vec<[u64; 8]>,
    skip: usize,
    len: usize,
}

impl Buffer {
    fn new(len: usize, skip: usize) -> Buffer {
        let words = vec![[0xa5a5_a5a5_a5a5_a5a5; 8]; (len + skip).div_ceil(64) + 2];
        Buffer { words, skip, len }
    }

    #[expect(unsafe_code, reason = "buffers at chosen alignments, as bytes")]
    fn all(&mut self) -> &mut [u8] {
        let bytes = self.words.len() * 64;
        let start = self.words.as_ptr().addr().next_multiple_of(64) - self.words.as_ptr().addr();
        // SAFETY: words are plain bytes.
        let all =
            unsafe { std::slice::from_raw_parts_mut(self.words.as_mut_ptr().cast::<u8>(), bytes) };
        &mut all[start + self.skip..]
    }

    fn bytes(&mut self) -> &mut [u8] {
        let len = self.len;
        &mut self.all()[..len]
    }

    /// Whether the 16 bytes after the end are as they were.
    fn is_untouched_after(&mut self) -> bool {
        let len = self.len;
        self.all()[len..].iter().take(16).all(|&byte| byte == 0xa5)
    }
}

fn buffer_of(values: &[Scalar], skip: usize) -> Buffer {
    let mut bytes = Vec::new();
    values.iter().for_each(|value| value.write(&mut bytes));
    let mut buffer = Buffer::new(bytes.len(), skip);
    buffer.bytes().copy_from_slice(&bytes);
    buffer
}

/// What each register is for every element, by `math::scalar`.
fn reference(body: &Body, inputs: &[Vec<Scalar>], n: usize) -> Vec<Vec<Scalar>> {
    let mut regs: Vec<Vec<Scalar>> = Vec::new();
    for data in body.regs.rows() {
        let of = |reg: Reg, at: usize| regs[reg.index()][at];
        let column = (0..n)
            .map(|at| match &data.inst {
                BodyInst::Const(scalar) => *scalar,
                BodyInst::Input(input) => {
                    let at = if body.inputs[*input].uniform { 0 } else { at };
                    inputs[input.index()][at]
                }
                BodyInst::Map(Elementwise::Unary(op, a)) => scalar::unary(*op, of(*a, at)).unwrap(),
                BodyInst::Map(Elementwise::Binary(op, a, b)) => {
                    scalar::binary(*op, of(*a, at), of(*b, at)).unwrap()
                }
                BodyInst::Map(Elementwise::Select {
                    condition,
                    then,
                    otherwise,
                }) => {
                    let taken = of(*condition, at) == Scalar::Bool(true);
                    of(if taken { *then } else { *otherwise }, at)
                }
                BodyInst::Map(Elementwise::Cast(a)) => scalar::cast(of(*a, at), data.dtype),
            })
            .collect();
        regs.push(column);
    }
    regs
}

/// What a sink delivers, from the values of its register.
fn delivered(sink: &Sink, values: &[Scalar]) -> Vec<Scalar> {
    let truths = || values.iter().map(|value| *value == Scalar::Bool(true));
    let fold = |op: BinaryOp| {
        let all = values.iter().copied();
        vec![
            all.reduce(|a, b| scalar::binary(op, a, b).unwrap())
                .unwrap(),
        ]
    };
    match sink {
        Sink::Store(_) => values.to_vec(),
        Sink::Fold(FoldOp::SumFloat, _) => runs(values),
        Sink::Fold(FoldOp::SumInt | FoldOp::CountNonzero, _) => {
            let wrap = |sum: i64, value: &Scalar| sum.wrapping_add(value.as_i128().unwrap() as i64);
            vec![Scalar::Int64(values.iter().fold(0, wrap))]
        }
        Sink::Fold(FoldOp::Any, _) => vec![Scalar::Bool(truths().any(|v| v))],
        Sink::Fold(FoldOp::All, _) => vec![Scalar::Bool(truths().all(|v| v))],
        Sink::Fold(FoldOp::Min, _) => fold(BinaryOp::Min),
        Sink::Fold(FoldOp::Max, _) => fold(BinaryOp::Max),
    }
}

fn runs(values: &[Scalar]) -> Vec<Scalar> {
    values
        .chunks(RUN_ELEMS)
        .flat_map(|run| {
            let mut lanes = [-0.0f64; LANES];
            for (at, value) in run.iter().enumerate() {
                lanes[at % LANES] += value.as_f64();
            }
            lanes.map(Scalar::Float64)
        })
        .collect()
}

/// The levels this machine has.
fn hosts() -> Vec<Host> {
    SimdLevel::ALL
        .into_iter()
        .filter(|level| level.is_available())
        .map(|level| Host::new(level).unwrap())
        .collect()
}

/// Compiles `body` for every host and compares every sink for some counts of elements.
fn check(body: &Body, hosts: &[Host], counts: &[usize], seed: u64) {
    let n = counts.iter().copied().max().unwrap();
    let mut bits = Bits(seed | 1);
    let inputs: Vec<Vec<Scalar>> = body
        .inputs
        .rows()
        .iter()
        .map(|input| stream(input.dtype, n, &mut bits))
        .collect();
    let regs = reference(body, &inputs, n);
    for host in hosts {
        let kernel = compile(body, host).unwrap_or_else(|error| panic!("{error}\n{body:?}"));
        for &n in counts {
            check_call(body, &kernel, host, &inputs, &regs, n);
        }
    }
}

fn check_call(
    body: &Body,
    kernel: &Kernel,
    host: &Host,
    inputs: &[Vec<Scalar>],
    regs: &[Vec<Scalar>],
    n: usize,
) {
    let mut sources: Vec<Buffer> = inputs
        .iter()
        .zip(body.inputs.rows())
        .map(|(values, input)| {
            let n = if input.uniform { 1 } else { n };
            buffer_of(&values[..n], input.dtype.size())
        })
        .collect();
    let sources: Vec<&[u8]> = sources.iter_mut().map(|buffer| &*buffer.bytes()).collect();
    let mut outputs: Vec<Buffer> = (0..body.sinks.len())
        .map(|at| Buffer::new(kernel.output_bytes(at, n), 8))
        .collect();
    let mut slices: Vec<&mut [u8]> = outputs.iter_mut().map(Buffer::bytes).collect();
    let mut scratch = Buffer::new(kernel.scratch_bytes(), 0);
    kernel
        .call(n, &sources, &mut slices, scratch.bytes())
        .unwrap();
    assert!(
        scratch.is_untouched_after(),
        "scratch overrun, {} n {n}\n{body:?}",
        host.level()
    );
    for (sink, output) in body.sinks.iter().zip(&mut outputs) {
        let expected = delivered(sink, &regs[sink.reg().index()][..n]);
        let size = expected[0].dtype().size();
        for (at, (item, expected)) in output.bytes().chunks(size).zip(&expected).enumerate() {
            let found = Scalar::read(expected.dtype(), item).unwrap();
            let raw_bool = expected.dtype().is_bool() && item[0] > 1;
            assert!(
                found == *expected && !raw_bool,
                "{} n {n} element {at}: {found} instead of {expected}\n{sink:?} of {body:?}\n{}",
                host.level(),
                source_values(body, inputs, at),
            );
        }
        assert!(
            output.is_untouched_after(),
            "overrun, {} n {n}\n{body:?}",
            host.level()
        );
    }
}

fn source_values(body: &Body, inputs: &[Vec<Scalar>], at: usize) -> String {
    let one = |(values, input): (&Vec<Scalar>, &BodyInput)| {
        format!(
            "{} ",
            values[if input.uniform {
                0
            } else {
                at.min(values.len() - 1)
            }]
        )
    };
    inputs.iter().zip(body.inputs.rows()).map(one).collect()
}

#[test]
fn every_unary_operation_equals_its_scalar_meaning() {
    let hosts = hosts();
    for op in UnaryOp::ALL {
        for dtype in DType::ALL {
            if op.result(dtype).is_none() {
                continue;
            }
            for uniform in [false, true] {
                let mut build = Build::default();
                let a = build.input(dtype, uniform);
                let value = build.unary(op, a);
                build.store(value);
                check(&build.0, &hosts, &COUNTS, 1 + op as u64);
            }
        }
    }
}

#[test]
fn every_binary_operation_equals_its_scalar_meaning() {
    let hosts = hosts();
    for op in BinaryOp::ALL {
        for dtype in DType::ALL {
            if op.result(dtype).is_none() {
                continue;
            }
            for (left, right) in [(false, false), (false, true), (true, false), (true, true)] {
                let mut build = Build::default();
                let a = build.input(dtype, left);
                let b = build.input(dtype, right);
                let value = build.binary(op, a, b);
                build.store(value);
                let (hosts, counts) = if left || right {
                    (&hosts[hosts.len() - 1..], &COUNTS[8..14])
                } else {
                    (&hosts[..], &COUNTS[..])
                };
                check(&build.0, hosts, counts, 77 + op as u64);
            }
        }
    }
}

#[test]
fn every_shift_by_a_constant_equals_its_scalar_meaning() {
    let hosts = hosts();
    for op in [BinaryOp::Shl, BinaryOp::Shr] {
        for dtype in DType::ALL.into_iter().filter(|dtype| dtype.is_int()) {
            for by in [0u64, 1, 7, 8, 15, 31, 63, 64, u64::MAX] {
                let mut build = Build::default();
                let a = build.input(dtype, false);
                let by = build.constant(Scalar::from_bits(dtype, by));
                let value = build.binary(op, a, by);
                build.store(value);
                check(&build.0, &hosts, &[37], 5);
            }
        }
    }
}

#[test]
fn every_cast_equals_its_scalar_meaning() {
    let hosts = hosts();
    for from in DType::ALL {
        for to in DType::ALL {
            for uniform in [false, true] {
                let mut build = Build::default();
                let a = build.input(from, uniform);
                let value = build.cast(a, to);
                build.store(value);
                let counts = if uniform { &COUNTS[8..9] } else { &COUNTS[..] };
                check(&build.0, &hosts, counts, 3);
                // Eight elements a turn: bytes are half vectors.
                let wide = build.input(DType::Float64, false);
                build.store(wide);
                check(&build.0, &hosts, &[8, 25], 4);
            }
        }
    }
}

#[test]
fn every_select_equals_its_scalar_meaning() {
    let hosts = hosts();
    for dtype in DType::ALL {
        for compared in [DType::Int8, DType::Float32, DType::Float64] {
            for uniform in [false, true] {
                let mut build = Build::default();
                let [a, b] = [0; 2].map(|_| build.input(compared, false));
                let [x, y] = [false, uniform].map(|uniform| build.input(dtype, uniform));
                let flag = build.input(DType::Bool, uniform);
                let below = build.binary(BinaryOp::Lt, a, b);
                let value = build.select(below, x, y);
                let value = build.select(flag, value, x);
                build.store(value);
                check(&build.0, &hosts, &[1, 8, 16, 61, 513], 9);
            }
        }
    }
}

fn folds_of(dtype: DType) -> Vec<FoldOp> {
    let mut folds = vec![FoldOp::Min, FoldOp::Max];
    if dtype.is_float() {
        folds.push(FoldOp::SumFloat);
    } else {
        folds.push(FoldOp::SumInt);
    }
    if dtype.is_bool() {
        folds.extend([FoldOp::CountNonzero, FoldOp::Any, FoldOp::All]);
    }
    folds
}

#[test]
fn every_fold_alone_and_together() {
    let hosts = hosts();
    for dtype in DType::ALL {
        let mut together = Build::default();
        let x = together.input(dtype, false);
        for op in folds_of(dtype) {
            let mut build = Build::default();
            let a = build.input(dtype, false);
            build.fold(op, a);
            check(&build.0, &hosts, &COUNTS, 11);
            let wide = build.input(DType::Int64, false);
            build.store(wide);
            check(&build.0, &hosts, &COUNTS, 12);
            together.fold(op, x);
        }
        check(&together.0, &hosts, &COUNTS, 13);
    }
}

#[test]
fn folds_of_masks_of_every_width() {
    let hosts = hosts();
    for dtype in DType::ALL {
        for op in folds_of(DType::Bool) {
            for other in [None, Some(DType::Float64)] {
                let mut build = Build::default();
                let [a, b] = [0; 2].map(|_| build.input(dtype, false));
                let mut value = build.binary(BinaryOp::Le, a, b);
                if let Some(other) = other {
                    let wide = build.input(other, false);
                    let finite = build.unary(UnaryOp::IsFinite, wide);
                    value = build.binary(BinaryOp::And, value, finite);
                }
                build.fold(op, value);
                check(&build.0, &hosts, &[1, 7, 8, 16, 40, 127, 513, 1025], 15);
            }
        }
    }
}

#[test]
fn random_bodies_equal_their_scalar_meaning() {
    let hosts = hosts();
    arbtest::arbtest(|u| {
        let body = crate::ir::arbitrary::body(u)?;
        let counts = [u.int_in_range(1..=40)?, u.int_in_range(41..=1100)?];
        let seed = u.arbitrary()?;
        check(&body, &hosts, &counts, seed);
        Ok(())
    })
    .budget_ms(if cfg!(debug_assertions) {
        4_000
    } else {
        30_000
    });
}

/// `((a**3 + sin(a * 2)) < c) & (b > 0)`
fn headline() -> (Build, Reg) {
    let mut build = Build::default();
    let [a, b, c] = [0; 3].map(|_| build.input(DType::Float64, false));
    let [two, zero] = [2.0, 0.0].map(|v| build.constant(Scalar::Float64(v)));
    let square = build.binary(BinaryOp::Mul, a, a);
    let cube = build.binary(BinaryOp::Mul, square, a);
    let twice = build.binary(BinaryOp::Mul, a, two);
    let sine = build.unary(UnaryOp::Sin, twice);
    let sum = build.binary(BinaryOp::Add, cube, sine);
    let below = build.binary(BinaryOp::Lt, sum, c);
    let above = build.binary(BinaryOp::Gt, b, zero);
    let both = build.binary(BinaryOp::And, below, above);
    (build, both)
}

#[test]
fn a_call_between_loops_and_several_folds() {
    let hosts = hosts();
    let (mut build, both) = headline();
    build.fold(FoldOp::CountNonzero, both);
    check(&build.0, &hosts, &COUNTS, 21);
    build.store(both);
    build.fold(FoldOp::Any, both);
    let last = Reg::new(build.0.regs.len() - 4);
    build
        .fold(FoldOp::SumFloat, last)
        .fold(FoldOp::Max, last)
        .store(last);
    check(&build.0, &hosts, &COUNTS, 22);
}

#[test]
fn a_value_that_only_a_later_loop_uses_is_computed_there() {
    let mut build = Build::default();
    let [a, b] = [0; 2].map(|_| build.input(DType::Float64, false));
    let sum = build.binary(BinaryOp::Add, a, b);
    let sine = build.unary(UnaryOp::Sin, a);
    let product = build.binary(BinaryOp::Mul, sum, sine);
    build.store(product);
    let plan = Plan::new(&build.0, SimdLevel::Sse42).unwrap();
    let maps: Vec<&[Reg]> = plan.regions.iter().map(|region| &*region.maps).collect();
    assert_eq!(maps, [&[][..], &[sum, product][..]]);
    // The argument and the result of the call share the one temporary.
    assert_eq!(plan.scratch_bytes, 512 * 8);
}

#[test]
fn temporaries_are_used_again() {
    let mut build = Build::default();
    let mut x = build.input(DType::Float64, false);
    for _ in 0..20 {
        x = build.unary(UnaryOp::Sin, x);
    }
    build.store(x);
    let plan = Plan::new(&build.0, SimdLevel::Sse42).unwrap();
    assert_eq!(plan.regions.len(), 21);
    assert_eq!(plan.scratch_bytes, 2 * 512 * 8);
    check(&build.0, &hosts(), &[1, 600], 31);
}

#[test]
fn a_body_without_calls_and_with_one_fold_needs_no_scratch() {
    let mut build = Build::default();
    let [a, b] = [0; 2].map(|_| build.input(DType::Float64, false));
    let product = build.binary(BinaryOp::Mul, a, b);
    build.fold(FoldOp::SumFloat, product).store(product);
    let plan = Plan::new(&build.0, SimdLevel::Sse42).unwrap();
    assert!(!plan.strips);
    assert_eq!(plan.scratch_bytes, 0);
}

#[test]
fn the_largest_body_compiles_and_one_value_more_is_refused() {
    let mut build = Build::default();
    let x = build.input(DType::Float64, false);
    let mut sum = x;
    while build.0.regs.len() < MAX_KERNEL_REGS {
        sum = build.binary(BinaryOp::Add, sum, x);
    }
    build.store(sum);
    check(&build.0, &hosts()[..1], &[9], 41);
    build.binary(BinaryOp::Add, sum, x);
    let error = compile(&build.0, &hosts()[0]).unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::Limit, Code::Compile)
    );
}

#[test]
fn slices_that_do_not_fit_are_refused() {
    let mut build = Build::default();
    let a = build.input(DType::Float64, false);
    build.store(a);
    let kernel = compile(&build.0, &hosts()[0]).unwrap();
    let refused = |n: usize, input: &[u8], len: usize| {
        let mut output = vec![0u8; len];
        kernel
            .call(n, &[input], &mut [&mut output], &mut [])
            .is_err()
    };
    let mut input = Buffer::new(80, 0);
    let input = &*input.bytes();
    assert!(!refused(10, input, 80));
    assert!(refused(0, input, 80), "no elements");
    assert!(refused(11, input, 88), "a short input");
    assert!(refused(10, input, 79), "a short output");
    assert!(refused(9, &input[4..], 80), "an unaligned input");
    assert!(refused(usize::MAX, input, 80), "a length that wraps");
    assert!(
        kernel.call(1, &[], &mut [], &mut []).is_err(),
        "missing slices"
    );
}

#[test]
fn a_kernel_is_compiled_once_a_level() {
    let (cache, (mut build, both)) = (Cache::new(), headline());
    build.store(both);
    for (at, host) in hosts().iter().enumerate() {
        let (first, compiled) = cache.get(&build.0, host).unwrap();
        assert!(compiled);
        let (second, compiled) = cache.get(&build.0, host).unwrap();
        assert!(!compiled && std::sync::Arc::ptr_eq(&first, &second));
        assert_eq!((cache.compiled(), cache.len()), (at as u64 + 1, at + 1));
    }
}

#[test]
fn the_cache_drops_the_least_recently_used() {
    let (cache, host) = (Cache::new(), &hosts()[0]);
    let body = |value: usize| {
        let mut build = Build::default();
        let x = build.constant(Scalar::Int64(value as i64));
        build.store(x);
        build.0
    };
    for value in 0..=MAX_CACHED_KERNELS {
        cache.get(&body(value), host).unwrap();
        cache.get(&body(0), host).unwrap();
    }
    assert_eq!(cache.len(), MAX_CACHED_KERNELS);
    let compiled = |value: usize| cache.get(&body(value), host).unwrap().1;
    assert!(!compiled(0), "used all the time");
    assert!(compiled(1), "used once, long ago");
}

/// Kernels give their pages back. Bytes are counted, not mappings: the system merges neighbours.
#[cfg(target_os = "linux")]
#[test]
fn dropped_kernels_free_their_pages() {
    const KERNELS: usize = 3_000;
    let (mut build, both) = headline();
    build.store(both);
    let host = &hosts()[0];
    let before = executable_bytes();
    for _ in 0..KERNELS {
        compile(&build.0, host).unwrap();
    }
    // Other tests hold at most the cache's 1,024 kernels of one page meanwhile.
    assert!(executable_bytes() < before + KERNELS * 4096 / 2);
}

/// Bytes of anonymous executable memory of this process.
#[cfg(target_os = "linux")]
fn executable_bytes() -> usize {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let bytes = |line: &str| {
        let mut fields = line.split_whitespace();
        let (from, to) = fields.next()?.split_once('-')?;
        let anonymous =
            fields.next()? == "r-xp" && fields.nth(2)? == "0" && fields.next().is_none();
        let at = |text| usize::from_str_radix(text, 16).ok();
        anonymous.then_some(at(to)? - at(from)?)
    };
    maps.lines().filter_map(bytes).sum()
}

#[test]
fn text_names_routines_instead_of_addresses() {
    let (mut build, both) = headline();
    build.store(both);
    for host in hosts() {
        let clif = clif_text(&build.0, &host).unwrap();
        assert!(
            clif.contains("sin.float64") && clif.contains("call_indirect"),
            "{clif}"
        );
        assert!(asm_text(&build.0, &host).unwrap().contains("sin.float64"));
    }
}

/// Bounds the instructions of the vector loop, so that spills and rebuilt constants show up.
#[test]
fn the_dot_product_loop_is_short() {
    let mut build = Build::default();
    let [a, b] = [0; 2].map(|_| build.input(DType::Float64, false));
    let product = build.binary(BinaryOp::Mul, a, b);
    build.fold(FoldOp::SumFloat, product);
    let host = Host::detect().unwrap();
    let text = asm_text(&build.0, &host).unwrap();
    if host.level() >= SimdLevel::Avx2 {
        assert_eq!(text.matches("mulpd").count(), 4, "{text}");
        assert_eq!(text.matches("addpd").count(), 4, "{text}");
        let spilled = |line: &str| line.contains("%xmm") && line.contains("%rsp");
        assert!(!text.lines().any(spilled), "{text}");
    }
}
