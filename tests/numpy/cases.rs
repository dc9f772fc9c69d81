//! In: the lines of numpy_cases.jsonl. Out: operands and cases.
//! Never: arithmetic on values, except the formula that long operands are made by.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use fuseblock::{Array, DType, Scalar, Shape};
use serde_json::Value;

/// Everything recorded.
pub(crate) struct Recorded {
    pub(crate) operands: HashMap<String, Operand>,
    pub(crate) cases: Vec<Case>,
}

/// A named operand of the pool.
pub(crate) struct Operand {
    pub(crate) elems: Vec<Scalar>,
    pub(crate) array: Array<'static>,
}

/// An expression and what it must give.
pub(crate) struct Case {
    pub(crate) family: String,
    pub(crate) expr: String,
    /// Name in the expression, name in the pool; in the order of names.
    pub(crate) operands: Vec<(String, String)>,
    /// Outputs, or the code of the error.
    pub(crate) expected: Result<Vec<Expected>, String>,
}

/// One output.
pub(crate) struct Expected {
    pub(crate) dtype: DType,
    pub(crate) shape: Shape,
    /// All elements, or the first few if there is a digest.
    pub(crate) elems: Vec<Scalar>,
    pub(crate) digest: Option<u64>,
    pub(crate) allowed: Allowed,
}

/// How far an element may be off.
pub(crate) enum Allowed {
    /// The same bits; all NaNs are one.
    Exact,
    /// This many floats of the dtype further.
    Ulps(u64),
    /// An absolute error: one for all, or one an element.
    Within(Vec<f64>),
}

impl Recorded {
    /// Reads the file of this repository, or the one that `NUMPY_CASES` names.
    pub(crate) fn load() -> Recorded {
        let path = match std::env::var_os("NUMPY_CASES") {
            Some(path) => PathBuf::from(path),
            None => Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/numpy_cases.jsonl"),
        };
        let text = std::fs::read_to_string(path).expect("the cases can be read");
        let mut recorded = Recorded {
            operands: HashMap::new(),
            cases: Vec::new(),
        };
        for line in text.lines() {
            let line: Value = serde_json::from_str(line).expect("a line is one JSON object");
            match line.get("name") {
                Some(name) => {
                    let operand = read_operand(&line);
                    recorded.operands.insert(text_of(name), operand);
                }
                None => recorded.cases.push(read_case(&line)),
            }
        }
        recorded
    }
}

impl Operand {
    /// The elements in C order and native byte order.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.elems.iter().for_each(|elem| elem.write(&mut bytes));
        bytes
    }

    /// Dtype, shape, and the elements if they are few.
    pub(crate) fn describe(&self) -> String {
        let elems: Vec<String> = self.elems.iter().take(64).map(Scalar::to_string).collect();
        let more = if self.elems.len() > 64 { " ..." } else { "" };
        let (dtype, shape) = (self.array.dtype(), self.array.shape());
        format!("{dtype}{shape} = {}{more}", elems.join(" "))
    }
}

fn text_of(value: &Value) -> String {
    value.as_str().expect("a string").to_string()
}

fn read_operand(line: &Value) -> Operand {
    let (dtype, shape) = read_type(line);
    let elems = match line.get("seed") {
        Some(seed) => {
            let seed = seed.as_u64().expect("an integer");
            words(seed)
                .take(shape.elems())
                .map(|word| formula(dtype, word))
                .collect()
        }
        None => read_elems(dtype, line),
    };
    let mut bytes = Vec::new();
    elems.iter().for_each(|elem| elem.write(&mut bytes));
    let array = Array::from_bytes(dtype, &shape, bytes).expect("elements match the shape");
    Operand { elems, array }
}

fn read_case(line: &Value) -> Case {
    let operands = line.get("u").and_then(Value::as_object);
    let pairs = operands.into_iter().flatten();
    Case {
        family: text_of(&line["f"]),
        expr: text_of(&line["e"]),
        operands: pairs
            .map(|(name, operand)| (name.clone(), text_of(operand)))
            .collect(),
        expected: match line.get("x") {
            Some(code) => Err(text_of(code)),
            None => {
                let outputs = line["o"].as_array().expect("outputs");
                Ok(outputs.iter().map(read_expected).collect())
            }
        },
    }
}

fn read_expected(line: &Value) -> Expected {
    let (dtype, shape) = read_type(line);
    let digest = line.get("h").and_then(Value::as_str);
    Expected {
        dtype,
        shape,
        elems: read_elems(dtype, line),
        digest: digest.map(|text| u64::from_str_radix(text, 16).expect("a digest")),
        allowed: match (line.get("ulp"), line.get("tol").and_then(Value::as_str)) {
            (Some(ulps), _) => Allowed::Ulps(ulps.as_u64().expect("an integer")),
            (None, Some(text)) => Allowed::Within(
                text.split(' ')
                    .map(|bound| bound.parse().expect("a float"))
                    .collect(),
            ),
            (None, None) => Allowed::Exact,
        },
    }
}

fn read_type(line: &Value) -> (DType, Shape) {
    let dtype = match line["t"].as_str().expect("a dtype") {
        "b1" => DType::Bool,
        "i1" => DType::Int8,
        "i2" => DType::Int16,
        "i4" => DType::Int32,
        "i8" => DType::Int64,
        "u1" => DType::UInt8,
        "u2" => DType::UInt16,
        "u4" => DType::UInt32,
        "u8" => DType::UInt64,
        "f4" => DType::Float32,
        "f8" => DType::Float64,
        other => panic!("no dtype {other}"),
    };
    let extents = line["s"].as_array().expect("a shape");
    let extents: Vec<usize> = extents
        .iter()
        .map(|extent| extent.as_u64().expect("an extent") as usize)
        .collect();
    (dtype, Shape::new(&extents))
}

fn read_elems(dtype: DType, line: &Value) -> Vec<Scalar> {
    let text = line["d"].as_str().expect("elements");
    text.split_whitespace()
        .map(|item| read_scalar(dtype, item))
        .collect()
}

/// Rust's float parser rounds correctly and knows `nan`, `inf` and `-0`.
fn read_scalar(dtype: DType, text: &str) -> Scalar {
    if dtype == DType::Float32 {
        return Scalar::Float32(text.parse().expect("a float32"));
    }
    if dtype == DType::Float64 {
        return Scalar::Float64(text.parse().expect("a float64"));
    }
    let value = text.parse().expect("an integer");
    Scalar::from_i128(dtype, value).expect("an integer of the dtype")
}

/// splitmix64 from `seed`; `pool.py` has the same.
pub(crate) fn words(seed: u64) -> impl Iterator<Item = u64> {
    (1u64..).map(move |index| mix(seed.wrapping_add(index.wrapping_mul(0x9E37_79B9_7F4A_7C15))))
}

/// splitmix64's finaliser.
pub(crate) fn mix(word: u64) -> u64 {
    let word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    word ^ (word >> 31)
}

/// Ints and bool: the low bits. Floats: uniform in [-4, 4).
fn formula(dtype: DType, word: u64) -> Scalar {
    let unit = (word >> 11) as f64 * 2f64.powi(-53);
    let float = unit * 8.0 - 4.0;
    if dtype == DType::Float32 {
        Scalar::Float32(float as f32)
    } else if dtype == DType::Float64 {
        Scalar::Float64(float)
    } else if dtype.is_bool() {
        Scalar::Bool(word & 1 == 1)
    } else {
        Scalar::from_bits(dtype, word)
    }
}
