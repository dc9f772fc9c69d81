//! In: the bytes of an item of any dtype. Out: a text for people.
//! Never: a computation with it.

use crate::types::Scalar;

/// The text of an item of the dtype that a file spells `dtype`: strings in quotes, dates as ISO
/// 8601 has them, complex numbers as Python writes them, float16 with as few digits as tell it from
/// others, everything else in hexadecimal digits.
///
/// ```
/// use fuseblock::store::item_text;
///
/// assert_eq!(item_text("|S3", b"ab\0"), "'ab'");
/// assert_eq!(item_text("<M8[s]", &0i64.to_le_bytes()), "1970-01-01T00:00:00");
/// assert_eq!(item_text("|V2", &[0xAB, 0x01]), "ab01");
/// ```
pub fn item_text(dtype: &str, item: &[u8]) -> String {
    let big = dtype.starts_with('>');
    let spelled = dtype.trim_start_matches(['<', '>', '|', '=']);
    let unit = spelled
        .split_once('[')
        .and_then(|(_, rest)| rest.strip_suffix(']'));
    let known = match spelled.as_bytes().first() {
        Some(b'S' | b'a') => Some(bytes_text(item)),
        Some(b'U') => Some(wide_text(item, big)),
        Some(b'M') => word(item, big).map(|value| date_text(value, unit)),
        Some(b'm') => word(item, big).map(|value| span_text(value, unit)),
        Some(b'c') => complex_text(item, big),
        Some(b'f') => half_text(item, big),
        _ => None,
    };
    known.unwrap_or_else(|| item.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Bytes up to the padding zeros at the end.
fn bytes_text(item: &[u8]) -> String {
    let end = item
        .iter()
        .rposition(|&byte| byte != 0)
        .map_or(0, |at| at + 1);
    format!("'{}'", item[..end].escape_ascii())
}

/// UTF-32 up to the padding zeros at the end.
fn wide_text(item: &[u8], big: bool) -> String {
    let (units, _) = item.as_chunks::<4>();
    let codes = units.iter().map(|unit| match big {
        true => u32::from_be_bytes(*unit),
        false => u32::from_le_bytes(*unit),
    });
    let text: String = codes
        .map(|code| char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect();
    format!("'{}'", text.trim_end_matches('\0').escape_debug())
}

fn word(item: &[u8], big: bool) -> Option<i64> {
    let bytes: [u8; 8] = item.try_into().ok()?;
    Some(match big {
        true => i64::from_be_bytes(bytes),
        false => i64::from_le_bytes(bytes),
    })
}

/// The value that stands for no time at all.
const NAT: i64 = i64::MIN;

fn span_text(value: i64, unit: Option<&str>) -> String {
    match (value, unit) {
        (NAT, _) => "NaT".to_string(),
        (_, Some(unit)) => format!("{value} {unit}"),
        (_, None) => value.to_string(),
    }
}

/// A count of `unit` since 1970, as ISO 8601 has it; other units as the count.
fn date_text(count: i64, unit: Option<&str>) -> String {
    if count == NAT {
        return "NaT".to_string();
    }
    // A unit may be a multiple: `[25s]`.
    let digits = |unit: &str| unit.bytes().take_while(u8::is_ascii_digit).count();
    let (times, unit) = match unit.map(|unit| unit.split_at(digits(unit))) {
        Some((times, unit)) => (times.parse::<u32>().unwrap_or(1), Some(unit)),
        None => (1, None),
    };
    let value = i128::from(count) * i128::from(times);
    let (per_day, digits) = match unit {
        Some("Y") => return (1970 + value).to_string(),
        Some("M") => {
            let (year, month) = (1970 + value.div_euclid(12), value.rem_euclid(12) + 1);
            return format!("{year:04}-{month:02}");
        }
        Some("W") => return day_text(value * 7),
        Some("D") => return day_text(value),
        Some("h") => (24, 0),
        Some("m") => (1_440, 0),
        Some("s") => (86_400, 0),
        Some("ms") => (86_400_000, 3),
        Some("us") => (86_400_000_000, 6),
        Some("ns") => (86_400_000_000_000, 9),
        Some("ps") => (86_400_000_000_000_000, 12),
        Some("fs") => (86_400_000_000_000_000_000, 15),
        Some("as") => (86_400_000_000_000_000_000_000, 18),
        Some(_) | None => return span_text(count, unit),
    };
    let (day, rest) = (value.div_euclid(per_day), value.rem_euclid(per_day));
    let scale = 10i128.pow(digits);
    // Seconds of the day: hours and minutes are coarser, the rest finer.
    let seconds = match unit {
        Some("h") => rest * 3_600,
        Some("m") => rest * 60,
        _ => rest / scale,
    };
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    let clock = match (unit, digits) {
        (Some("h"), _) => format!("{hour:02}"),
        (Some("m"), _) => format!("{hour:02}:{minute:02}"),
        (_, 0) => format!("{hour:02}:{minute:02}:{second:02}"),
        (_, _) => format!(
            "{hour:02}:{minute:02}:{second:02}.{:0width$}",
            rest % scale,
            width = digits as usize
        ),
    };
    format!("{}T{clock}", day_text(day))
}

/// The civil date of a day counted from 1970-01-01, after Howard Hinnant's `civil_from_days`.
fn day_text(day: i128) -> String {
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let date = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year + era * 400 + i128::from(month <= 2);
    format!("{year:04}-{month:02}-{date:02}")
}

fn complex_text(item: &[u8], big: bool) -> Option<String> {
    let part = |bytes: &[u8]| -> Option<String> {
        let single = |bytes: [u8; 4]| match big {
            true => f32::from_be_bytes(bytes),
            false => f32::from_le_bytes(bytes),
        };
        let double = |bytes: [u8; 8]| match big {
            true => f64::from_be_bytes(bytes),
            false => f64::from_le_bytes(bytes),
        };
        match bytes.len() {
            4 => Some(format!("{:+}", single(bytes.try_into().ok()?))),
            8 => Some(format!("{:+}", double(bytes.try_into().ok()?))),
            _ => None,
        }
    };
    let (real, imaginary) = item.split_at(item.len() / 2);
    let (real, imaginary) = (part(real)?, part(imaginary)?);
    Some(format!("{}{imaginary}j", real.trim_start_matches('+')))
}

/// The shortest decimal number that no other float16 is as near to.
fn half_text(item: &[u8], big: bool) -> Option<String> {
    let bytes: [u8; 2] = item.try_into().ok()?;
    let bits = match big {
        true => u16::from_be_bytes(bytes),
        false => u16::from_le_bytes(bytes),
    };
    let magnitude = bits & 0x7FFF;
    let shortest = match magnitude {
        0 | 0x7C00.. => half(magnitude),
        _ => shortest(magnitude),
    };
    let sign = if bits >= 0x8000 { -1.0 } else { 1.0 };
    Some(Scalar::Float64(shortest * sign).to_string())
}

/// The value of a float16 that is not negative.
fn half(bits: u16) -> f64 {
    let (exponent, fraction) = (bits >> 10, f64::from(bits & 0x3FF));
    match exponent {
        0 => fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1024.0 + fraction) * 2f64.powi(i32::from(exponent) - 25),
    }
}

/// The number of [`half_text`], for a positive finite one. Half way to its neighbours on both sides
/// are numbers that are as near to them; those belong to it if its last bit is 0.
fn shortest(bits: u16) -> f64 {
    let value = half(bits);
    let above = match half(bits + 1) {
        f64::INFINITY => 65_536.0,
        above => above,
    };
    let (low, high) = ((half(bits - 1) + value) / 2.0, (value + above) / 2.0);
    let even = bits.is_multiple_of(2);
    let inside = |number: &f64| {
        let tie = *number == low || *number == high;
        low < *number && *number < high || tie && even
    };
    // Below a power of two neighbours are nearer than above, so rounding may have to go up.
    let mut numbers = (0..5).flat_map(|digits| {
        let rounded = [value, (value + high) / 2.0].map(|near| format!("{near:.digits$e}"));
        rounded.into_iter().filter_map(|text| text.parse().ok())
    });
    numbers.find(inside).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Recorded from NumPy 2.4: the number, not how many digits it writes before an exponent.
    const HALVES: [(u16, &str); 16] = [
        (0x0000, "0.0"),
        (0x8000, "-0.0"),
        (0x0001, "6e-8"),
        (0x8001, "-6e-8"),
        (0x03FF, "6.1e-5"),
        (0x0400, "6.104e-5"),
        (0x1419, "0.001"),
        (0x2400, "0.01563"),
        (0x2E66, "0.1"),
        (0x3555, "0.3333"),
        (0xC000, "-2.0"),
        (0x6C04, "4110.0"),
        (0x7BFF, "65500.0"),
        (0x7C00, "inf"),
        (0xFC00, "-inf"),
        (0xFE01, "nan"),
    ];

    #[test]
    fn texts_are_numpys() {
        let wide: Vec<u8> = "añ\0"
            .chars()
            .flat_map(|c| (c as u32).to_le_bytes())
            .collect();
        assert_eq!(item_text("<U3", &wide), "'añ'");
        assert_eq!(item_text("|S4", b"a\0b\0"), "'a\\x00b'");
        let date =
            |unit: &str, value: i64| item_text(&format!("<M8[{unit}]"), &value.to_le_bytes());
        // Recorded from NumPy 2.4.
        for (unit, value, text) in [
            ("D", 19_000, "2022-01-08"),
            ("D", -1, "1969-12-31"),
            ("D", 11_016, "2000-02-29"),
            ("W", 100, "1971-12-02"),
            ("M", -5, "1969-08"),
            ("Y", 54, "2024"),
            ("h", 5, "1970-01-01T05"),
            ("m", 61, "1970-01-01T01:01"),
            ("s", -1, "1969-12-31T23:59:59"),
            ("ms", 1_700_000_000_123, "2023-11-14T22:13:20.123"),
            ("ns", -1, "1969-12-31T23:59:59.999999999"),
            ("ns", i64::MIN, "NaT"),
            ("25s", -1, "1969-12-31T23:59:35"),
            ("10D", 5, "1970-02-20"),
            ("ps", 885, "1970-01-01T00:00:00.000000000885"),
        ] {
            assert_eq!(date(unit, value), text, "{value} {unit}");
        }
        assert_eq!(item_text(">m8[s]", &7i64.to_be_bytes()), "7 s");
        let complex = [1.5f64.to_le_bytes(), (-2f64).to_le_bytes()].concat();
        assert_eq!(item_text("<c16", &complex), "1.5-2j");
        assert_eq!(item_text("<c16", &complex[..3]), "000000");
        assert_eq!(item_text("<M8[D]", &[1]), "01");
        // Recorded from NumPy 2.4.
        for (bits, text) in HALVES {
            assert_eq!(item_text("<f2", &bits.to_le_bytes()), text, "{bits:#06x}");
            assert_eq!(item_text(">f2", &bits.to_be_bytes()), text, "{bits:#06x}");
        }
    }
}
