//! In: the text of a program file. Out: the program, and for each of its operands what it is and where; and that text
//! back. Never: a meaning, or a path followed.

use std::fmt::Write;

use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{MAX_PROGRAM_FILE_BYTES, MAX_PROGRAM_OPERANDS};
use crate::types::{DType, Shape};

/// What a program file begins with; the number is the version of its layout.
pub(super) const MAGIC: &[u8] = b"fuseblock program ";

/// The version that is written, and the highest that is read.
const VERSION: &str = "1";

/// A program and its operands, as a file has them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProgramFile {
    /// In the order of the file.
    pub operands: Vec<ProgramOperand>,
    /// The dtype of its only output.
    pub dtype: DType,
    /// The shape of its only output.
    pub shape: Shape,
    /// The program.
    pub text: String,
}

/// An operand of a program.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProgramOperand {
    /// Its name in the program.
    pub name: String,
    /// What it has to be.
    pub dtype: DType,
    /// What it has to be.
    pub shape: Shape,
    /// Where it is: as operands of the command line, a path relative to the file's directory, perhaps with a member or
    /// dtype behind it.
    pub place: String,
}

impl ProgramFile {
    /// Reads the bytes of a file.
    ///
    /// # Errors
    /// When they are no such text; it says which line is wrong.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        if bytes.len() > MAX_PROGRAM_FILE_BYTES {
            return Err(bad(
                0,
                format!("it is longer than {MAX_PROGRAM_FILE_BYTES} bytes"),
            ));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| bad(0, "it is no text in UTF-8"))?;
        let mut lines = text.split_inclusive('\n').enumerate();
        let first = lines.next().map_or("", |(_, line)| line.trim_end());
        let version = first.as_bytes().strip_prefix(MAGIC);
        if version != Some(VERSION.as_bytes()) {
            let message = format!("`{}` is no version of program files", first.escape_debug());
            return Err(bad(1, message).with_help("this version of fuseblock knows version 1"));
        }
        let mut file = Self {
            operands: Vec::new(),
            dtype: DType::Bool,
            shape: Shape::scalar(),
            text: String::new(),
        };
        let mut result = None;
        for (number, line) in lines.by_ref() {
            let line = line.trim();
            if line.is_empty() && result.is_some() {
                break;
            }
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let at = number + 1;
            if let Some(rest) = line.strip_prefix("operand ") {
                file.operands.push(operand(rest, at)?);
            } else if let Some(rest) = line.strip_prefix("result:") {
                if result.replace(described(rest.trim(), at)?).is_some() {
                    return Err(bad(at, "there is a `result:` line already"));
                }
            } else {
                let message =
                    "here belongs `operand NAME: DTYPE(SHAPE) = PATH` or `result: DTYPE(SHAPE)`";
                return Err(bad(at, message));
            }
            if file.operands.len() > MAX_PROGRAM_OPERANDS {
                return Err(bad(
                    at,
                    format!("it has more than {MAX_PROGRAM_OPERANDS} operands"),
                ));
            }
        }
        (file.dtype, file.shape) =
            result.ok_or_else(|| bad(0, "it has no line `result: DTYPE(SHAPE)`"))?;
        file.text = lines.map(|(_, line)| line).collect();
        if file.text.trim().is_empty() {
            return Err(bad(
                0,
                "it has no program: that stands behind an empty line",
            ));
        }
        Ok(file)
    }

    /// The text of the file.
    ///
    /// # Errors
    /// When a place has a line break in it.
    pub fn print(&self) -> Result<String> {
        let mut out = format!("fuseblock program {VERSION}\n");
        out.push_str(
            "# An array that is computed when it is read: fuseblock eval 'sum(x)' x=THIS_FILE\n\n",
        );
        for ProgramOperand {
            name,
            dtype,
            shape,
            place,
        } in &self.operands
        {
            if place.contains(['\n', '\r']) || place.trim() != place {
                let message =
                    format!("the path of `{name}` cannot stand in a line of a text: {place:?}");
                return Err(Error::new(ErrorKind::Argument, Code::WriteFailed, message));
            }
            // OK to ignore, here and below: writing to a String does not fail.
            let _ = writeln!(out, "operand {name}: {dtype}{shape} = {place}");
        }
        let _ = writeln!(out, "result: {}{}\n", self.dtype, self.shape);
        out.push_str(self.text.trim());
        out.push('\n');
        Ok(out)
    }
}

fn operand(rest: &str, at: usize) -> Result<ProgramOperand> {
    let wrong = || {
        bad(
            at,
            "an operand is written `operand NAME: DTYPE(SHAPE) = PATH`",
        )
    };
    let (name, rest) = rest.split_once(':').ok_or_else(wrong)?;
    let (what, place) = rest.split_once('=').ok_or_else(wrong)?;
    let (dtype, shape) = described(what.trim(), at)?;
    let (name, place) = (name.trim().to_string(), place.trim().to_string());
    let is_name = name.chars().all(|c| c.is_alphanumeric() || c == '_');
    if name.is_empty() || !is_name || place.is_empty() {
        return Err(wrong());
    }
    Ok(ProgramOperand {
        name,
        dtype,
        shape,
        place,
    })
}

/// A dtype and a shape, written as `float64(2, 3)`.
fn described(text: &str, at: usize) -> Result<(DType, Shape)> {
    let wrong = || {
        let message = format!(
            "`{}` is no dtype and shape, such as float64(2, 3)",
            text.escape_debug()
        );
        bad(at, message)
    };
    let (dtype, rest) = text.split_once('(').ok_or_else(wrong)?;
    let dtype = DType::from_name(dtype.trim()).ok_or_else(wrong)?;
    let inside = rest.strip_suffix(')').ok_or_else(wrong)?;
    let inside = inside.trim().trim_end_matches(',');
    let extents = match inside.is_empty() {
        true => Vec::new(),
        false => inside
            .split(',')
            .map(|extent| extent.trim().parse().ok())
            .collect::<Option<Vec<usize>>>()
            .ok_or_else(wrong)?,
    };
    let shape = Shape::from(extents);
    let fits = shape.ndim_allowed() && shape.checked_elems().is_some();
    fits.then_some((dtype, shape)).ok_or_else(wrong)
}

#[cold]
fn bad(line: usize, message: impl Into<String>) -> Error {
    let message = message.into();
    let message = match line {
        0 => format!("the program file cannot be read: {message}"),
        _ => format!("line {line} of the program file: {message}"),
    };
    Error::new(ErrorKind::Corrupt, Code::BadProgram, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "fuseblock program 1\n# a comment\n\noperand x: float64(2, 3) = data/x.b2nd\n\
                        operand k: uint8(3,) = k.npz:k\nresult: float64(2, 3)\n\ny = x * 2\n\ny + k\n";

    #[test]
    fn a_file_comes_back() {
        let file = ProgramFile::parse(TEXT.as_bytes()).unwrap();
        assert_eq!(file.operands.len(), 2);
        assert_eq!(file.operands[1].place, "k.npz:k");
        assert_eq!(file.text, "y = x * 2\n\ny + k\n");
        let again = ProgramFile::parse(file.print().unwrap().as_bytes()).unwrap();
        assert_eq!(again, file);
        let scalar = "fuseblock program 1\nresult: int64()\n\n1";
        assert_eq!(
            ProgramFile::parse(scalar.as_bytes()).unwrap().shape,
            Shape::scalar()
        );
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let message = |text: &str| {
            ProgramFile::parse(text.as_bytes())
                .unwrap_err()
                .message()
                .to_string()
        };
        assert!(message("fuseblock program 2\n").contains("no version"));
        assert!(message(&TEXT.replace("float64(2, 3) =", "float63(2, 3) =")).starts_with("line 4"));
        assert!(message(&TEXT.replace("(3,)", "(3")).starts_with("line 5"));
        assert!(message(&TEXT.replace("operand k", "operator k")).contains("here belongs"));
        assert!(message(&TEXT.replace("result", "#result")).contains("here belongs"));
        assert!(message("fuseblock program 1\nresult: int8()\n\n  \n").contains("no program"));
        for cut in 0..TEXT.len() {
            // OK to ignore: that it does not panic is what counts.
            let _ = ProgramFile::parse(&TEXT.as_bytes()[..cut]);
        }
    }
}
