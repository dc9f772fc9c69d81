//! In: a size. Out: memory aligned for every kernel, reused from tile to tile.
//! Never: a shrinking buffer.

#![expect(unsafe_code, reason = "bytes of an aligned buffer")]

/// One cache line; the unit of [`Buffer`].
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
struct Line([u8; 64]);

/// Grow-only bytes whose start is aligned to 64.
#[derive(Debug, Default)]
pub(crate) struct Buffer {
    lines: Vec<Line>,
}

impl Buffer {
    /// The first `len` bytes, growing if needed; what they hold is left over from earlier use.
    pub(crate) fn bytes(&mut self, len: usize) -> &mut [u8] {
        let lines = len.div_ceil(64);
        if lines > self.lines.len() {
            self.lines.resize(lines, Line([0; 64]));
        }
        let start = self.lines.as_mut_ptr().cast::<u8>();
        // SAFETY: the vector owns `lines.len() * 64 >= len` initialised bytes; the borrow of
        // `self` keeps them from moving.
        unsafe { std::slice::from_raw_parts_mut(start, len) }
    }

    /// Bytes held.
    pub(crate) fn capacity(&self) -> usize {
        self.lines.len() * 64
    }
}
