//! In: an array in memory. Out: its text as NumPy prints it: aligned, long axes elided.
//! Never: all elements of a large array.

use crate::array::Array;
use crate::error::Result;
use crate::types::{DType, Scalar, Shape};

/// Arrays with more elements than this are elided, as NumPy does.
const THRESHOLD: usize = 1000;
/// Elements shown at each end of an elided axis.
const EDGE: usize = 3;
/// Characters of a line.
const WIDTH: usize = 80;

/// The text of an array; a 0-d array is its element alone.
pub(super) fn text(array: &Array<'_>) -> Result<String> {
    let bytes = array.to_bytes()?;
    let dtype = array.dtype();
    if array.shape().elems() == 0 {
        return Ok(format!("[]  (shape {}, {dtype})", array.shape()));
    }
    let elide = array.shape().elems() > THRESHOLD;
    Ok(layout(array.shape(), elide, &|index| {
        element(dtype, &bytes, index)
    }))
}

/// The text of element `index` of native elements.
pub(super) fn element(dtype: DType, bytes: &[u8], index: usize) -> String {
    let item = bytes.get(index * dtype.size()..);
    let value = item.and_then(|item| Scalar::read(dtype, item));
    value.map_or(String::new(), |value| value.to_string())
}

/// The elements of an array of `shape`, of which there is at least one, in brackets and columns.
pub(super) fn layout(shape: &Shape, elide: bool, element: &dyn Fn(usize) -> String) -> String {
    let strides = shape.strides();
    let shown: Vec<Vec<Option<usize>>> = shape.iter().map(|&n| axis(n, elide)).collect();
    let mut width = 0;
    each(&shown, &strides, 0, 0, &mut |index| {
        width = width.max(element(index).chars().count())
    });
    let printer = Printer {
        shown: &shown,
        strides: &strides,
        width,
        element,
    };
    let mut out = String::new();
    printer.axis(0, 0, &mut out);
    out
}

/// The indices of an axis that are shown; `None` stands for those left out.
fn axis(extent: usize, elide: bool) -> Vec<Option<usize>> {
    if !elide || extent <= 2 * EDGE {
        return (0..extent).map(Some).collect();
    }
    let head = (0..EDGE).map(Some);
    let tail = (extent - EDGE..extent).map(Some);
    head.chain([None]).chain(tail).collect()
}

/// Calls `visit` with the flat index of every element shown.
fn each(
    shown: &[Vec<Option<usize>>],
    strides: &[usize],
    depth: usize,
    at: usize,
    visit: &mut impl FnMut(usize),
) {
    match shown.get(depth) {
        None => visit(at),
        Some(axis) => axis
            .iter()
            .flatten()
            .for_each(|i| each(shown, strides, depth + 1, at + i * strides[depth], visit)),
    }
}

struct Printer<'p> {
    shown: &'p [Vec<Option<usize>>],
    strides: &'p [usize],
    width: usize,
    element: &'p dyn Fn(usize) -> String,
}

impl Printer<'_> {
    fn axis(&self, depth: usize, at: usize, out: &mut String) {
        let Some(axis) = self.shown.get(depth) else {
            out.push_str(&(self.element)(at));
            return;
        };
        out.push('[');
        if depth + 1 == self.shown.len() {
            self.row(depth, at, out);
        } else {
            let blank = "\n".repeat(self.shown.len() - depth - 1);
            for (number, index) in axis.iter().enumerate() {
                if number > 0 {
                    out.push_str(&blank);
                    out.push_str(&" ".repeat(depth + 1));
                }
                match index {
                    Some(i) => self.axis(depth + 1, at + i * self.strides[depth], out),
                    None => out.push_str("..."),
                }
            }
        }
        out.push(']');
    }

    fn row(&self, depth: usize, at: usize, out: &mut String) {
        let mut column = depth + 1;
        for (number, index) in self.shown[depth].iter().enumerate() {
            let piece = match index {
                Some(i) => {
                    let text = (self.element)(at + i * self.strides[depth]);
                    format!("{text:>width$}", width = self.width)
                }
                None => "...".to_string(),
            };
            if number > 0 {
                let wraps = column + 1 + piece.len() >= WIDTH;
                let gap = if wraps {
                    format!("\n{}", " ".repeat(depth + 1))
                } else {
                    " ".to_string()
                };
                column = if wraps { depth + 1 } else { column + 1 };
                out.push_str(&gap);
            }
            column += piece.len();
            out.push_str(&piece);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn check(shape: &[usize], expected: &Expect) {
        let n = shape.iter().product::<usize>() as i64;
        let array = Array::from_vec((0..n).collect(), shape).unwrap();
        expected.assert_eq(&text(&array).unwrap());
    }

    #[test]
    fn small_arrays_are_whole_and_aligned() {
        check(&[], &expect!["0"]);
        check(&[3], &expect!["[0 1 2]"]);
        check(
            &[2, 6],
            &expect![[r#"
                [[ 0  1  2  3  4  5]
                 [ 6  7  8  9 10 11]]"#]],
        );
        check(&[0, 3], &expect!["[]  (shape (0, 3), int64)"]);
    }

    #[test]
    fn large_arrays_are_elided_on_each_axis() {
        check(&[5000], &expect!["[   0    1    2 ... 4997 4998 4999]"]);
        check(
            &[100, 20],
            &expect![[r#"
                [[   0    1    2 ...   17   18   19]
                 [  20   21   22 ...   37   38   39]
                 [  40   41   42 ...   57   58   59]
                 ...
                 [1940 1941 1942 ... 1957 1958 1959]
                 [1960 1961 1962 ... 1977 1978 1979]
                 [1980 1981 1982 ... 1997 1998 1999]]"#]],
        );
    }

    #[test]
    fn long_rows_wrap() {
        check(
            &[40],
            &expect![[r#"
                [ 0  1  2  3  4  5  6  7  8  9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25
                 26 27 28 29 30 31 32 33 34 35 36 37 38 39]"#]],
        );
    }
}
