//! In: text from anywhere. Out: the function it spells, or the line at fault.
//! Never: a panic, or a judgement that is `verify`'s.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use crate::ir::{
    Border, Concat, Cut, DimCut, Elementwise, Filter, Func, Generator, Inst, Operand, OperandId,
    Output, Raise, RaiseKind, Rank, Reduce, ReduceOp, Rounded, Scan, ScanOp, SourceAxis, Step,
    Tally, Value, ValueData, View,
};
use crate::source::Span;
use crate::table::Id;
use crate::types::{BinaryOp, DType, Grid, Scalar, Shape, UnaryOp};

/// Text that is no function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// The line at fault, counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub message: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

impl std::error::Error for ParseError {}

/// Reads the text of a function back. Empty lines are skipped. What the text says of types is
/// kept as it is: [`Verified::new`](crate::ir::Verified::new) judges it.
///
/// ```
/// let text = "v0: int64 = const 3\noutput \"three\" = v0\n";
/// let func = fuseblock::ir::parse(text)?;
/// assert_eq!(func.to_string(), text);
/// # Ok::<(), fuseblock::ir::ParseError>(())
/// ```
pub fn parse(text: &str) -> Result<Func, ParseError> {
    let mut reader = Reader::default();
    for (index, line) in text.lines().enumerate() {
        let at = |message| ParseError {
            line: index + 1,
            message,
        };
        reader.line(line).map_err(at)?;
    }
    Ok(reader.func)
}

/// What has been read so far.
#[derive(Default)]
struct Reader {
    func: Func,
    operands: HashMap<String, OperandId>,
}

type Read<T> = Result<T, String>;

impl Reader {
    fn line(&mut self, line: &str) -> Read<()> {
        let mut tokens = Tokens::new(line)?;
        match tokens.peek() {
            None => return Ok(()),
            Some("operand") => self.operand(&mut tokens)?,
            Some("raise") => self.raise(&mut tokens)?,
            Some("output") => self.output(&mut tokens)?,
            Some(_) => self.value(&mut tokens)?,
        }
        match tokens.peek() {
            None => Ok(()),
            Some(rest) => Err(format!("`{rest}` is too much")),
        }
    }

    fn operand(&mut self, tokens: &mut Tokens) -> Read<()> {
        tokens.expect("operand")?;
        let name = tokens.name()?;
        tokens.expect(":")?;
        let (dtype, shape) = tokens.typed()?;
        let grid = match tokens.eat("chunk") {
            true => {
                let chunk = Shape::from(tokens.list(Tokens::number)?);
                tokens.expect("block")?;
                let block = Shape::from(tokens.list(Tokens::number)?);
                Some(Grid { chunk, block })
            }
            false => None,
        };
        let id = self.func.operands.push(Operand {
            name: name.clone(),
            dtype,
            shape,
            grid,
            damaged: false,
        });
        match self.operands.insert(name, id) {
            None => Ok(()),
            Some(_) => Err("an operand of this name exists already".into()),
        }
    }

    fn raise(&mut self, tokens: &mut Tokens) -> Read<()> {
        tokens.expect("raise")?;
        let condition = tokens.value()?;
        let named = RaiseKind::ALL
            .into_iter()
            .find(|kind| tokens.eat(kind.name()));
        let span = match tokens.eat("at") {
            true => Some(tokens.span()?),
            false => None,
        };
        self.func.raises.push(Raise {
            condition,
            kind: named.unwrap_or(RaiseKind::NegativePower),
            span,
        });
        Ok(())
    }

    fn output(&mut self, tokens: &mut Tokens) -> Read<()> {
        tokens.expect("output")?;
        let name = tokens.name()?;
        tokens.expect("=")?;
        let value = tokens.value()?;
        let filter = match tokens.eat("where") {
            true => {
                let mask = tokens.value()?;
                tokens.expect("axes")?;
                let axes = tokens.number()?;
                Some(Filter { mask, axes })
            }
            false => None,
        };
        self.func.outputs.push(Output {
            name,
            value,
            filter,
        });
        Ok(())
    }

    fn value(&mut self, tokens: &mut Tokens) -> Read<()> {
        let id = tokens.value()?;
        let next = Value::new(self.func.values.len());
        if id != next {
            return Err(format!("`{id}` where {next} is due"));
        }
        tokens.expect(":")?;
        let (dtype, shape) = tokens.typed()?;
        tokens.expect("=")?;
        let inst = self.inst(tokens, dtype)?;
        self.func.values.push(ValueData {
            inst,
            dtype,
            shape,
            span: None,
        });
        Ok(())
    }

    fn inst(&self, tokens: &mut Tokens, dtype: DType) -> Read<Inst> {
        let name = tokens.word()?;
        let map = match name.as_str() {
            "const" => return Ok(Inst::Const(tokens.scalar(dtype)?)),
            "elem" => return self.elem(tokens),
            "arange" => return Ok(Inst::Generate(arange(tokens, dtype)?)),
            "random" => {
                let seed = tokens.parsed("seed")?;
                return Ok(Inst::Generate(Generator::Random { seed }));
            }
            "linspace" => return Ok(Inst::Generate(linspace(tokens)?)),
            "reduce" => return Ok(Inst::Reduce(reduce(tokens)?)),
            "view" => return Ok(Inst::View(view(tokens)?)),
            "reshape" => return Ok(Inst::Reshape(tokens.value()?)),
            "concat" => {
                let parts = tokens.list(Tokens::value)?;
                tokens.expect("axis")?;
                let axis = tokens.number()?;
                return Ok(Inst::Concat(Concat { parts, axis }));
            }
            "scan" => return Ok(Inst::Scan(scan(tokens)?)),
            "tally" => return Ok(Inst::Tally(tally(tokens)?)),
            "select" => Elementwise::Select {
                condition: tokens.value()?,
                then: tokens.value()?,
                otherwise: tokens.value()?,
            },
            "cast" => Elementwise::Cast(tokens.value()?),
            other => operation(other, tokens)?,
        };
        Ok(Inst::Map(map))
    }

    fn elem(&self, tokens: &mut Tokens) -> Read<Inst> {
        let name = tokens.name()?;
        match self.operands.get(&name) {
            Some(id) => Ok(Inst::Elem(*id)),
            None => Err(format!("no operand is called `{name}`")),
        }
    }
}

/// A unary or binary operation of this name.
fn operation(name: &str, tokens: &mut Tokens) -> Read<Elementwise<Value>> {
    if let Some(op) = UnaryOp::ALL.into_iter().find(|op| op.name() == name) {
        return Ok(Elementwise::Unary(op, tokens.value()?));
    }
    match BinaryOp::ALL.into_iter().find(|op| op.name() == name) {
        Some(op) => Ok(Elementwise::Binary(op, tokens.value()?, tokens.value()?)),
        None => Err(format!("no instruction is called `{name}`")),
    }
}

fn arange(tokens: &mut Tokens, dtype: DType) -> Read<Generator> {
    Ok(Generator::Arange {
        start: tokens.scalar(dtype)?,
        step: tokens.scalar(dtype)?,
    })
}

fn linspace(tokens: &mut Tokens) -> Read<Generator> {
    let float = |tokens: &mut Tokens| tokens.scalar(DType::Float64);
    Ok(Generator::Linspace {
        start: float(tokens)?,
        step: float(tokens)?,
        stop: match tokens.eat("stop") {
            true => Some(float(tokens)?),
            false => None,
        },
        tiny: match tokens.eat("tiny") {
            true => Some((float(tokens)?, float(tokens)?)),
            false => None,
        },
    })
}

fn reduce(tokens: &mut Tokens) -> Read<Reduce> {
    let name = tokens.word()?;
    let arg = tokens.value()?;
    tokens.expect("axes")?;
    let axes = tokens.list(Tokens::number)?;
    tokens.expect("cut")?;
    let dims = tokens.list(|tokens| {
        let outer = tokens.number()?;
        tokens.expect(":")?;
        let inner = tokens.number()?;
        Ok(DimCut { outer, inner })
    })?;
    let ddof = match tokens.eat("ddof") {
        true => Some(tokens.scalar(DType::Float64)?.bits()),
        false => None,
    };
    let rank = match tokens.eat("rank") {
        true => Some(
            match tokens.peek().is_some_and(|next| next.starts_with('v')) {
                true => Rank::Found(tokens.value()?),
                false => Rank::Known(tokens.number()? as u64),
            },
        ),
        false => None,
    };
    let bins = match name == "bins" {
        true => {
            tokens.expect("count")?;
            Some(tokens.number()?)
        }
        false => None,
    };
    let op = match (name.as_str(), rank) {
        ("bins", None) => ReduceOp::Bins {
            bins: bins.unwrap_or(0),
        },
        ("nth", Some(rank)) => ReduceOp::Nth { rank },
        ("nth", None) => return Err("nth needs its rank".into()),
        (_, Some(_)) => return Err(format!("`{name}` takes no rank")),
        (_, None) => reduce_op(&name, ddof)?,
    };
    Ok(Reduce {
        op,
        arg,
        axes,
        keepdims: tokens.eat("keepdims"),
        cut: Cut { dims },
    })
}

fn view(tokens: &mut Tokens) -> Read<View> {
    let arg = tokens.value()?;
    let axes = tokens.list(source_axis)?;
    Ok(View { arg, axes })
}

fn source_axis(tokens: &mut Tokens) -> Read<SourceAxis> {
    if tokens.eat("at") {
        return Ok(SourceAxis::At(tokens.number()?));
    }
    tokens.expect("axis")?;
    let axis = tokens.number()?;
    let mut steps = Vec::new();
    while let Some(step) = step(tokens)? {
        steps.push(step);
    }
    Ok(SourceAxis::Along { axis, steps })
}

fn step(tokens: &mut Tokens) -> Read<Option<Step>> {
    if tokens.eat("from") {
        let start = tokens.number()?;
        tokens.expect("by")?;
        let step = tokens.parsed("step")?;
        return Ok(Some(Step::Affine { start, step }));
    }
    if tokens.eat("repeat") {
        return Ok(Some(Step::Repeat(tokens.number()?)));
    }
    if tokens.eat("pick") {
        return Ok(Some(Step::Pick(tokens.list(Tokens::number)?.into())));
    }
    if tokens.eat("look") {
        let list = tokens.value()?;
        tokens.expect("count")?;
        let count = tokens.number()?;
        tokens.expect("of")?;
        let extent = tokens.number()?;
        return Ok(Some(Step::Look {
            list,
            count,
            extent,
        }));
    }
    let rule = Border::ALL.into_iter().find(|rule| tokens.eat(rule.name()));
    let Some(rule) = rule else { return Ok(None) };
    let offset = tokens.parsed("offset")?;
    tokens.expect("of")?;
    let extent = tokens.number()?;
    Ok(Some(Step::Bounded {
        offset,
        extent,
        rule,
    }))
}

fn scan(tokens: &mut Tokens) -> Read<Scan> {
    let name = tokens.word()?;
    let op = ScanOp::ALL.into_iter().find(|op| op.name() == name);
    let op = op.ok_or(format!("no scan is called `{name}`"))?;
    let arg = tokens.value()?;
    tokens.expect("axis")?;
    Ok(Scan {
        op,
        arg,
        axis: tokens.number()?,
        initial: tokens.eat("initial"),
    })
}

fn tally(tokens: &mut Tokens) -> Read<Tally> {
    let number = tokens.value()?;
    tokens.expect("weights")?;
    let weight = tokens.value()?;
    tokens.expect("count")?;
    let bins = tokens.number()?;
    let rounded = match tokens.eat("blocks") {
        true => Some(Rounded {
            block: tokens.number()?,
            dtype: tokens.dtype()?,
        }),
        false => None,
    };
    Ok(Tally {
        number,
        weight,
        bins,
        rounded,
    })
}

fn reduce_op(name: &str, ddof: Option<u64>) -> Read<ReduceOp> {
    Ok(match (name, ddof) {
        ("sum", None) => ReduceOp::Sum,
        ("prod", None) => ReduceOp::Prod,
        ("mean", None) => ReduceOp::Mean,
        ("min", None) => ReduceOp::Min,
        ("max", None) => ReduceOp::Max,
        ("argmin", None) => ReduceOp::ArgMin,
        ("argmax", None) => ReduceOp::ArgMax,
        ("any", None) => ReduceOp::Any,
        ("all", None) => ReduceOp::All,
        ("count_nonzero", None) => ReduceOp::CountNonzero,
        ("var", Some(ddof)) => ReduceOp::Var { ddof },
        ("std", Some(ddof)) => ReduceOp::Std { ddof },
        ("var" | "std", None) => return Err(format!("{name} needs its ddof")),
        (_, Some(_)) => return Err(format!("`{name}` takes no ddof")),
        (_, None) => return Err(format!("no reduction is called `{name}`")),
    })
}

/// The tokens of one line: quoted strings (kept with their opening quote, unescaped),
/// punctuation, and runs of everything else.
struct Tokens {
    tokens: std::iter::Peekable<std::vec::IntoIter<String>>,
}

const PUNCTUATION: [char; 5] = [':', '[', ']', ',', '='];

impl Tokens {
    fn new(line: &str) -> Read<Tokens> {
        let mut tokens = Vec::new();
        let mut rest = line.trim_start();
        while let Some(first) = rest.chars().next() {
            let (token, len) = match first {
                '"' => quoted(rest)?,
                c if PUNCTUATION.contains(&c) => (c.to_string(), 1),
                _ => {
                    let ends = |c: char| c.is_whitespace() || c == '"' || PUNCTUATION.contains(&c);
                    let len = rest.find(ends).unwrap_or(rest.len());
                    (rest[..len].to_string(), len)
                }
            };
            tokens.push(token);
            rest = rest[len..].trim_start();
        }
        Ok(Tokens {
            tokens: tokens.into_iter().peekable(),
        })
    }

    fn peek(&mut self) -> Option<&str> {
        self.tokens.peek().map(String::as_str)
    }

    fn eat(&mut self, token: &str) -> bool {
        self.tokens.next_if(|next| next == token).is_some()
    }

    fn expect(&mut self, token: &str) -> Read<()> {
        match self.eat(token) {
            true => Ok(()),
            false => Err(format!(
                "expected `{token}`, found {}",
                self.peek()
                    .map_or("the end".into(), |next| format!("`{next}`"))
            )),
        }
    }

    fn word(&mut self) -> Read<String> {
        self.tokens.next().ok_or("the line ends too early".into())
    }

    /// A bare or quoted name.
    fn name(&mut self) -> Read<String> {
        let word = self.word()?;
        match word.strip_prefix('"') {
            Some(name) => Ok(name.to_string()),
            None if word.starts_with(PUNCTUATION) => Err(format!("`{word}` is no name")),
            None => Ok(word),
        }
    }

    fn parsed<T: FromStr>(&mut self, what: &str) -> Read<T> {
        let word = self.word()?;
        word.parse().map_err(|_| format!("`{word}` is no {what}"))
    }

    fn number(&mut self) -> Read<usize> {
        self.parsed("extent")
    }

    fn value(&mut self) -> Read<Value> {
        let word = self.word()?;
        let index = word.strip_prefix('v').and_then(|n| n.parse::<u32>().ok());
        match index {
            Some(index) => Ok(Value::new(index as usize)),
            None => Err(format!("`{word}` is no value")),
        }
    }

    fn span(&mut self) -> Read<Span> {
        let word = self.word()?;
        let ends = word.split_once("..").and_then(|(start, end)| {
            let (start, end) = (start.parse().ok()?, end.parse().ok()?);
            Some(Span { start, end })
        });
        ends.ok_or(format!("`{word}` is no span"))
    }

    /// `[a, b, c]`
    fn list<T>(&mut self, item: impl Fn(&mut Tokens) -> Read<T>) -> Read<Vec<T>> {
        self.expect("[")?;
        let mut items = Vec::new();
        while !self.eat("]") {
            if !items.is_empty() {
                self.expect(",")?;
            }
            items.push(item(self)?);
        }
        Ok(items)
    }

    fn dtype(&mut self) -> Read<DType> {
        let word = self.word()?;
        DType::from_name(&word).ok_or(format!("`{word}` is no dtype"))
    }

    /// `float64[3, 4]`
    fn typed(&mut self) -> Read<(DType, Shape)> {
        let dtype = self.dtype()?;
        let shape = match self.peek() {
            Some("[") => Shape::from(self.list(Tokens::number)?),
            _ => Shape::scalar(),
        };
        Ok((dtype, shape))
    }

    fn scalar(&mut self, dtype: DType) -> Read<Scalar> {
        let word = self.word()?;
        let scalar = match dtype {
            DType::Float32 => word.parse().ok().map(Scalar::Float32),
            DType::Float64 => word.parse().ok().map(Scalar::Float64),
            DType::Bool => ["False", "True"]
                .into_iter()
                .zip([false, true])
                .find_map(|(name, value)| (name == word).then_some(Scalar::Bool(value))),
            DType::Int8
            | DType::Int16
            | DType::Int32
            | DType::Int64
            | DType::UInt8
            | DType::UInt16
            | DType::UInt32
            | DType::UInt64 => word
                .parse()
                .ok()
                .and_then(|value| Scalar::from_i128(dtype, value)),
        };
        scalar.ok_or(format!("`{word}` is no {dtype}"))
    }
}

/// The string that `text` starts with, unescaped, behind its opening quote; and its length.
fn quoted(text: &str) -> Read<(String, usize)> {
    let mut out = String::from('"');
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Ok((out, at + 1)),
            '\\' => match chars.next() {
                Some((_, c @ ('"' | '\\'))) => out.push(c),
                Some((at, 'u')) => {
                    let digits = text[at..]
                        .strip_prefix("u{")
                        .and_then(|rest| rest.split_once('}'))
                        .ok_or("an escape is `\\u{...}`")?
                        .0;
                    let code = u32::from_str_radix(digits, 16).ok();
                    out.push(
                        code.and_then(char::from_u32)
                            .ok_or(format!("`{digits}` is no character"))?,
                    );
                    // The escape's braces and digits, which are ASCII.
                    chars.by_ref().take(digits.len() + 2).for_each(drop);
                }
                _ => return Err("`\\` escapes `\"`, `\\` and `u{...}`".into()),
            },
            c => out.push(c),
        }
    }
    Err("a string without its closing quote".into())
}
