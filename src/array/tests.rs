//! Arrays in memory and in `.npy` files.

use super::npy::NpyWriter;
use super::*;

/// The elements of a resident array in C order.
pub(super) fn elements<T: Element + PartialEq>(array: &Array<'_>) -> Vec<T> {
    let Layout::Resident {
        bytes,
        offset,
        strides,
    } = array.layout()
    else {
        panic!("not resident: {array:?}");
    };
    let mut out: Vec<T> = Vec::new();
    let shape = array.shape();
    for nth in 0..shape.elems() {
        let mut at = offset as isize;
        for ((index, &stride), &extent) in shape.strides().iter().zip(strides).zip(shape.iter()) {
            at += (nth / index % extent) as isize * stride;
        }
        let at = at as usize;
        let item = &bytes[at..at + size_of::<T>()];
        let value = Scalar::read(T::DTYPE, item).unwrap();
        out.push(from_scalar(value));
    }
    out
}

fn from_scalar<T: Element>(value: Scalar) -> T {
    let any: Box<dyn std::any::Any> = match value {
        Scalar::Bool(v) => Box::new(v),
        Scalar::Int8(v) => Box::new(v),
        Scalar::Int16(v) => Box::new(v),
        Scalar::Int32(v) => Box::new(v),
        Scalar::Int64(v) => Box::new(v),
        Scalar::UInt8(v) => Box::new(v),
        Scalar::UInt16(v) => Box::new(v),
        Scalar::UInt32(v) => Box::new(v),
        Scalar::UInt64(v) => Box::new(v),
        Scalar::Float32(v) => Box::new(v),
        Scalar::Float64(v) => Box::new(v),
    };
    *any.downcast::<T>().unwrap()
}

#[test]
fn slices_vectors_bytes_and_scalars_are_arrays() {
    let data = [1i16, 2, 3, 4, 5, 6];
    let borrowed = Array::from_slice(&data, &[2, 3]).unwrap();
    assert_eq!(elements::<i16>(&borrowed), data);
    let owned = Array::from_vec(data.to_vec(), &[6]).unwrap();
    assert_eq!(elements::<i16>(&owned.clone()), data);
    let bytes = [1.5f32, -2.0].map(f32::to_ne_bytes).concat();
    let raw = Array::from_bytes(DType::Float32, &[2], bytes).unwrap();
    assert_eq!(elements::<f32>(&raw), [1.5, -2.0]);
    let scalar = Array::scalar(Scalar::UInt64(7));
    assert_eq!(scalar.shape().ndim(), 0);
    assert_eq!(elements::<u64>(&scalar), [7]);
    let empty = Array::from_slice::<f64>(&[], &[3, 0, usize::MAX]).unwrap();
    assert!(elements::<f64>(&empty).is_empty());
}

#[test]
fn shapes_that_do_not_fit_are_refused() {
    let data = [0u8; 6];
    let code = |shape: &[usize]| Array::from_slice(&data, shape).unwrap_err().code();
    assert_eq!(code(&[7]), Code::WrongBuffer);
    assert_eq!(code(&[usize::MAX, usize::MAX]), Code::WrongBuffer);
    assert_eq!(code(&[]), Code::WrongBuffer);
    assert_eq!(code(&[1; 17]), Code::TooManyAxes);
    let odd = Array::from_bytes(DType::Int32, &[1], vec![0; 5]);
    assert_eq!(odd.unwrap_err().code(), Code::WrongBuffer);
}

#[test]
fn strided_views_stay_inside_their_memory() {
    let bytes = [10u8, 11, 12, 13, 14, 15];
    let view = |shape: &[usize], offset, strides: &[isize]| {
        Array::from_strided(DType::UInt8, &bytes, shape, offset, strides)
    };
    let reversed = view(&[3], 5, &[-2]).unwrap();
    assert_eq!(elements::<u8>(&reversed), [15, 13, 11]);
    let transposed = view(&[2, 3], 0, &[1, 2]).unwrap();
    assert_eq!(elements::<u8>(&transposed), [10, 12, 14, 11, 13, 15]);
    let repeated = view(&[4], 2, &[0]).unwrap();
    assert_eq!(elements::<u8>(&repeated), [12; 4]);
    assert!(view(&[0], 99, &[1]).is_ok());
    assert!(view(&[3], 5, &[-3]).is_err());
    assert!(view(&[3], 2, &[2]).is_err());
    assert!(view(&[], 6, &[]).is_err());
    assert!(view(&[2], 0, &[]).is_err());
    assert!(view(&[2], 0, &[isize::MIN]).is_err());
    assert!(view(&[usize::MAX / 2], 0, &[isize::MAX]).is_err());
}

#[test]
fn npy_files_are_written_from_threads_and_read_by_position() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.npy");
    let shape = Shape::new(&[10, 100]);
    let writer = NpyWriter::create(&path, DType::UInt32, &shape).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4usize {
            let writer = &writer;
            scope.spawn(move || {
                for row in (thread..10).step_by(4) {
                    let first = row * 100;
                    let values: Vec<u8> = (first..first + 100)
                        .flat_map(|value| u32::try_from(value).unwrap().to_ne_bytes())
                        .collect();
                    writer.write_at(first, &values).unwrap();
                }
            });
        }
    });
    assert!(writer.write_at(1000, &[0; 4]).is_err());
    assert!(writer.write_at(usize::MAX, &[0; 4]).is_err());
    writer.finish().unwrap();

    let array = Array::open(&path).unwrap();
    assert_eq!((array.dtype(), array.shape()), (DType::UInt32, &shape));
    assert!(array.grid().is_none());
    let Layout::Runs(runs) = array.layout() else {
        panic!("a .npy file is read by position");
    };
    let mut scratch = DecodeScratch::default();
    let mut bytes = [0; 12];
    runs.read(997, &mut scratch, &mut bytes).unwrap();
    assert_eq!(bytes.as_chunks::<4>().0[2], 999u32.to_ne_bytes());
    assert_eq!(scratch.counts.bytes_read, 12);
    assert!(runs.read(998, &mut scratch, &mut bytes).is_err());
}

#[test]
fn files_of_other_kinds_are_named() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("text.b2nd");
    std::fs::write(&path, "hello").unwrap();
    assert_eq!(Array::open(&path).unwrap_err().code(), Code::NotAnArray);
    std::fs::write(&path, "").unwrap();
    assert_eq!(Array::open(&path).unwrap_err().code(), Code::NotAnArray);
    let error = Array::open(directory.path()).unwrap_err();
    assert_eq!(error.code(), Code::NotAnArray);
    let error = Array::open(directory.path().join("absent")).unwrap_err();
    assert_eq!(error.code(), Code::FileIo);
}
