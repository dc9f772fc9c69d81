//! What does encoding cost, a block of 256 KiB at a time, as a writer does it: shuffled, a stream a
//! byte plane? Times are per byte (Criterion's throughput). `filter` is what is applied before.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use fuseblock::codec::filter::{Pipeline, Position, SLOTS, Setting, shuffle};
use fuseblock::codec::{self, Contexts, id};

const BLOCK_BYTES: usize = 256 << 10;

/// Elements of 8 bytes.
const WIDTH: usize = 8;

fn block(value: impl Fn(u32) -> [u8; WIDTH]) -> Vec<u8> {
    let count = u32::try_from(BLOCK_BYTES / WIDTH).expect("it fits");
    (0..count).flat_map(value).collect()
}

/// Bits that look random.
fn noise(at: u32) -> u32 {
    let mixed = (at ^ at >> 15).wrapping_mul(0x2C1B_3C6D);
    (mixed ^ mixed >> 12).wrapping_mul(0x297A_2D39)
}

fn blocks() -> [(&'static str, Vec<u8>); 3] {
    [
        ("linspace", block(|at| (f64::from(at) * 1e-5).to_le_bytes())),
        (
            "noisy",
            block(|at| {
                let wave = (f64::from(at) / 500.0).sin() * 100.0;
                (wave + f64::from(noise(at)) * 1e-11).to_le_bytes()
            }),
        ),
        (
            "counter",
            block(|at| (5_000_000 + u64::from(at)).to_le_bytes()),
        ),
    ]
}

fn codecs(c: &mut Criterion) {
    for (data, block) in blocks() {
        let mut planes = vec![0; block.len()];
        shuffle::shuffle(WIDTH, &block, &mut planes);
        let mut group = c.benchmark_group(format!("encode/{data}"));
        group.throughput(Throughput::Bytes(BLOCK_BYTES as u64));
        for compcode in [id::BLOSCLZ, id::LZ4, id::LZ4HC, id::ZLIB, id::ZSTD] {
            let codec = codec::by_id(compcode).and_then(|row| row.codec);
            let codec = codec.expect("this version writes it");
            for level in [1, 5, 9] {
                let mut contexts = Contexts::default();
                let mut stream = vec![0; BLOCK_BYTES / WIDTH];
                let name = format!("{}/{level}", codec::name(compcode));
                group.bench_function(name, |bencher| {
                    bencher.iter(|| {
                        for plane in planes.chunks_exact(BLOCK_BYTES / WIDTH) {
                            let plane = black_box(plane);
                            black_box(codec.encode(&mut contexts, level, plane, &mut stream));
                        }
                    });
                });
            }
        }
        group.finish();
    }
}

fn filters(c: &mut Criterion) {
    let [(_, mut block), ..] = blocks();
    let (mut spare, mut out) = (Vec::new(), vec![0; BLOCK_BYTES]);
    let mut group = c.benchmark_group("filter");
    group.throughput(Throughput::Bytes(BLOCK_BYTES as u64));
    for (id, meta, width) in [
        (1, 0, 4),
        (1, 0, 8),
        (2, 0, 8),
        (3, 0, 8),
        (35, 8, 8),
        (4, 10, 8),
    ] {
        let setting = Setting {
            typesize: width,
            itemsize: width,
            blosc1: false,
            block_shape: None,
        };
        let mut slots = [0; SLOTS];
        slots[0] = id;
        let pipeline = Pipeline::to_apply(slots, [meta; SLOTS], setting).expect("it applies");
        let name = format!("{}/{width}", codec::filter::name(id));
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                pipeline.apply(Position::First, &mut block, &mut spare, &mut out);
                black_box(&out);
            });
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(std::time::Duration::from_millis(200))
        .measurement_time(std::time::Duration::from_millis(800))
        .sample_size(20);
    targets = codecs, filters
}
criterion_main!(benches);
