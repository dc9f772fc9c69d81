//! In: numbers. Out: a small picture of them in braille dots. Never: more lines than asked for.

/// Dots of a character cell: 2 across, 4 down.
const ACROSS: usize = 2;
const DOWN: usize = 4;

/// A line plot of finite `values`, `columns` characters wide and `rows` high, with the range of
/// the values on the left.
pub(super) fn line(values: &[f64], columns: usize, rows: usize) -> String {
    let finite = || values.iter().copied().filter(|value| value.is_finite());
    let low = finite().fold(f64::INFINITY, f64::min);
    let high = finite().fold(f64::NEG_INFINITY, f64::max);
    if low > high || columns == 0 || rows == 0 {
        return String::new();
    }
    let (width, height) = (columns * ACROSS, rows * DOWN);
    let mut cells = vec![0u8; columns * rows];
    let span = if high > low { high - low } else { 1.0 };
    for x in 0..width {
        let index = x * values.len() / width;
        let Some(value) = values.get(index).filter(|value| value.is_finite()) else {
            continue;
        };
        let part = (value - low) / span;
        let y = height - 1 - ((part * (height - 1) as f64).round() as usize).min(height - 1);
        cells[(y / DOWN) * columns + x / ACROSS] |= dot(x % ACROSS, y % DOWN);
    }
    let labels = [format!("{high:.6}"), format!("{low:.6}")];
    let pad = labels.iter().map(String::len).max().unwrap_or(0);
    let mut out = String::new();
    for (row, line) in cells.chunks(columns).enumerate() {
        let label = match row {
            0 => labels[0].as_str(),
            _ if row + 1 == rows => labels[1].as_str(),
            _ => "",
        };
        out.push_str(&format!("{label:>pad$} |"));
        out.extend(line.iter().map(|&dots| braille(dots)));
        out.push('\n');
    }
    out
}

/// The bit of a dot in Unicode's braille patterns.
fn dot(x: usize, y: usize) -> u8 {
    const BITS: [[u8; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];
    BITS[x][y]
}

fn braille(dots: u8) -> char {
    // OK because U+2800 ..= U+28FF are all assigned.
    char::from_u32(0x2800 + u32::from(dots)).unwrap_or(' ')
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    #[test]
    fn a_rising_line_rises() {
        let values: Vec<f64> = (0..16).map(f64::from).collect();
        expect![[r#"
            15.000000 |⠀⠀⠀⠀⣀⠤⠒⠉
             0.000000 |⣀⠤⠒⠉⠀⠀⠀⠀
        "#]]
        .assert_eq(&line(&values, 8, 2));
    }

    #[test]
    fn nothing_finite_is_no_plot() {
        assert_eq!(line(&[f64::NAN], 8, 2), "");
        assert_eq!(line(&[], 8, 2), "");
    }
}
