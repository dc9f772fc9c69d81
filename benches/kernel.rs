//! What does an element cost in a kernel, with its data in the L2 cache? Times are per element
//! (Criterion's throughput), at the widest level of the machine and at SSE4.2.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use fuseblock::ir::{Body, BodyInput, BodyInst, Elementwise, FoldOp, Reg, RegData, Sink};
use fuseblock::jit::{self, Host};
use fuseblock::math::{SimdLevel, scalar};
use fuseblock::types::{BinaryOp, DType, Scalar, UnaryOp};

/// Three float64 streams of this length are 384 KiB.
const N: usize = 16_384;

#[derive(Default)]
struct Build(Body);

impl Build {
    fn input(&mut self, dtype: DType) -> Reg {
        let uniform = false;
        let input = self.0.inputs.push(BodyInput { dtype, uniform });
        let inst = BodyInst::Input(input);
        self.0.regs.push(RegData { inst, dtype })
    }

    fn constant(&mut self, value: f64) -> Reg {
        let inst = BodyInst::Const(Scalar::Float64(value));
        let dtype = DType::Float64;
        self.0.regs.push(RegData { inst, dtype })
    }

    fn unary(&mut self, op: UnaryOp, a: Reg) -> Reg {
        let inst = BodyInst::Map(Elementwise::Unary(op, a));
        let dtype = op.result(self.0.regs[a].dtype).expect("op takes dtype");
        self.0.regs.push(RegData { inst, dtype })
    }

    fn binary(&mut self, op: BinaryOp, a: Reg, b: Reg) -> Reg {
        let inst = BodyInst::Map(Elementwise::Binary(op, a, b));
        let dtype = op.result(self.0.regs[a].dtype).expect("op takes dtype");
        self.0.regs.push(RegData { inst, dtype })
    }

    fn sink(mut self, sink: Sink) -> Body {
        self.0.sinks.push(sink);
        self.0
    }
}

/// `count_nonzero(((a**3 + sin(a * 2)) < c) & (b > 0))`
fn headline() -> Body {
    let mut build = Build::default();
    let [a, b, c] = [0; 3].map(|_| build.input(DType::Float64));
    let [two, zero] = [2.0, 0.0].map(|value| build.constant(value));
    let square = build.binary(BinaryOp::Mul, a, a);
    let cube = build.binary(BinaryOp::Mul, square, a);
    let twice = build.binary(BinaryOp::Mul, a, two);
    let sine = build.unary(UnaryOp::Sin, twice);
    let sum = build.binary(BinaryOp::Add, cube, sine);
    let below = build.binary(BinaryOp::Lt, sum, c);
    let above = build.binary(BinaryOp::Gt, b, zero);
    let both = build.binary(BinaryOp::And, below, above);
    build.sink(Sink::Fold(FoldOp::CountNonzero, both))
}

/// `a**3 + 2 a**2 + 3 a + 4`
fn polynomial() -> Body {
    let mut build = Build::default();
    let a = build.input(DType::Float64);
    let mut sum = build.constant(1.0);
    for coefficient in [2.0, 3.0, 4.0] {
        let coefficient = build.constant(coefficient);
        let product = build.binary(BinaryOp::Mul, sum, a);
        sum = build.binary(BinaryOp::Add, product, coefficient);
    }
    build.sink(Sink::Store(sum))
}

fn dot(dtype: DType) -> Body {
    let mut build = Build::default();
    let [a, b] = [0; 2].map(|_| build.input(dtype));
    let product = build.binary(BinaryOp::Mul, a, b);
    build.sink(Sink::Fold(FoldOp::SumFloat, product))
}

fn count(dtype: DType) -> Body {
    let mut build = Build::default();
    let [a, b] = [0; 2].map(|_| build.input(dtype));
    let below = build.binary(BinaryOp::Lt, a, b);
    build.sink(Sink::Fold(FoldOp::CountNonzero, below))
}

fn minimum() -> Body {
    let mut build = Build::default();
    let a = build.input(DType::Float64);
    build.sink(Sink::Fold(FoldOp::Min, a))
}

fn mask() -> Body {
    let mut build = Build::default();
    let [a, b] = [0; 2].map(|_| build.input(DType::Float64));
    let below = build.binary(BinaryOp::Lt, a, b);
    build.sink(Sink::Store(below))
}

/// Values around zero, none subnormal, as bytes of the input's dtype.
fn stream((k, input): (usize, &BodyInput)) -> Vec<u8> {
    let mut bytes = Vec::new();
    for at in 0..N {
        let value = ((at * (k + 7)) % 1000) as f64 * 0.01 - 4.0;
        scalar::cast(Scalar::Float64(value), input.dtype).write(&mut bytes);
    }
    bytes
}

fn run(c: &mut Criterion, name: &str, body: &Body) {
    let mut levels = vec![SimdLevel::Sse42, SimdLevel::detect()];
    levels.dedup();
    let mut group = c.benchmark_group(name);
    group.throughput(Throughput::Elements(N as u64));
    let bytes: Vec<Vec<u8>> = body.inputs.rows().iter().enumerate().map(stream).collect();
    let inputs: Vec<&[u8]> = bytes.iter().map(Vec::as_slice).collect();
    for level in levels {
        let host = Host::new(level).expect("a level of this machine");
        let kernel = jit::compile(body, &host).expect("a kernel");
        let mut output = vec![0u8; kernel.output_bytes(0, N)];
        let mut scratch = vec![0u8; kernel.scratch_bytes() + jit::SCRATCH_ALIGN];
        let skip = scratch.as_ptr().align_offset(jit::SCRATCH_ALIGN);
        group.bench_function(level.name(), |bencher| {
            bencher.iter(|| {
                let outputs = &mut [output.as_mut_slice()];
                let done = kernel.call(N, black_box(&inputs), outputs, &mut scratch[skip..]);
                done.expect("the slices fit");
            });
        });
    }
    group.finish();
}

fn kernels(c: &mut Criterion) {
    run(c, "headline", &headline());
    run(c, "polynomial", &polynomial());
    run(c, "dot_float64", &dot(DType::Float64));
    run(c, "dot_float32", &dot(DType::Float32));
    run(c, "count_float64", &count(DType::Float64));
    run(c, "count_int8", &count(DType::Int8));
    run(c, "min_float64", &minimum());
    run(c, "mask_float64", &mask());
}

fn compile(c: &mut Criterion) {
    let host = Host::detect().expect("this machine");
    for (name, body) in [("headline", headline()), ("dot", dot(DType::Float64))] {
        c.bench_function(&format!("compile/{name}"), |bencher| {
            bencher.iter(|| jit::compile(black_box(&body), &host).expect("a kernel"));
        });
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(std::time::Duration::from_millis(200))
        .measurement_time(std::time::Duration::from_millis(800))
        .sample_size(20);
    targets = kernels, compile
}
criterion_main!(benches);
