//! In: a file's content, whoever wrote it, or an array opened from it. Out: whether its elements
//! could be read; if so, that their sum agrees with them.
//! Never: an error that does not say what the file did wrong, more memory than it justifies.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "a module of several test binaries, each of which uses some of it"
)]

use std::sync::LazyLock;

use fuseblock::{Array, Engine, Error, ErrorKind, Expr, Scalar};

use crate::noting::LARGEST;
use crate::read::read_all;

/// No file here is longer than a few KiB, and none stands for more than a few of them.
pub const LARGEST_ALLOWED: usize = 1 << 20;

/// Bytes of elements that are read and compared one by one.
pub const MOST_BYTES: usize = 64 << 10;

/// Decodes and sums `array`, which was opened since [`LARGEST`] was set to 0.
pub fn survive(array: Result<Array<'static>, Error>, what: &dyn Fn() -> String) -> bool {
    let read = array.and_then(|array| {
        let total = array.shape().elems() * array.dtype().size();
        assert!(total <= MOST_BYTES, "{}: shape {}", what(), array.shape());
        let summed = sum(&array);
        clear(summed.as_ref().err(), what);
        let elements = read_all(&array)?;
        assert_eq!(elements.len(), total, "{}", what());
        if array.dtype().is_bool() {
            assert!(elements.iter().all(|&byte| byte < 2), "{}", what());
        }
        check_sum(&array, elements, summed?, what);
        Ok(())
    });
    clear(read.as_ref().err(), what);
    frugal(what);
    read.is_ok()
}

/// Checks that no large piece of memory was asked for since [`LARGEST`] was set to 0.
pub fn frugal(what: &dyn Fn() -> String) {
    let largest = LARGEST.get();
    assert!(largest <= LARGEST_ALLOWED, "{}: {largest} bytes", what());
}

/// Checks that an error says what the file did wrong.
pub fn clear(error: Option<&Error>, what: &dyn Fn() -> String) {
    if let Some(error) = error {
        let expected = [ErrorKind::Corrupt, ErrorKind::Unsupported, ErrorKind::Limit];
        assert!(expected.contains(&error.kind()), "{}: {error:?}", what());
        assert!(error.message().len() > 10, "{}: {error:?}", what());
    }
}

/// Evaluates on this thread, whose requests for memory are noted.
fn sum(array: &Array<'_>) -> Result<Scalar, Error> {
    static SUM: LazyLock<Expr> = LazyLock::new(|| Expr::new("sum(x)").unwrap());
    thread_local! {
        static HERE: rayon::ThreadPool = rayon::ThreadPoolBuilder::new()
            .num_threads(1)
            .use_current_thread()
            .build()
            .unwrap();
    }
    // Kernels have tests of their own.
    let sums = SUM.bind(&[("x", array)])?.engine(Engine::Interpreter);
    let sums = HERE.with(|pool| pool.install(|| sums.run()))?;
    Ok(sums.scalar().unwrap())
}

/// Sums of floats depend on the grid, all others on the elements alone.
fn check_sum(array: &Array<'_>, elements: Vec<u8>, summed: Scalar, what: &dyn Fn() -> String) {
    if !array.dtype().is_float() {
        let resident = Array::from_bytes(array.dtype(), array.shape(), elements).unwrap();
        assert_eq!(sum(&resident).unwrap(), summed, "{}", what());
    }
}
