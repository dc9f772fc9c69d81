//! In: a name. Out: the function it names: parameters, meaning, a line of help.
//! Never: a second list of functions; the checker, the completer and the docs read this one.

mod later;
mod table;

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::types::{BinaryOp, DType, UnaryOp};

/// A function of the language.
#[derive(Debug)]
pub struct Function {
    /// The name used in messages and docs.
    pub name: &'static str,
    /// Other names: NumPy's where ours is the array API's, and the reverse.
    pub aliases: &'static [&'static str],
    /// The parameters, in positional order.
    pub params: &'static [Param],
    /// What it computes.
    pub rule: Rule,
    /// What it does, in one line.
    pub help: &'static str,
}

/// A parameter of a function.
#[derive(Debug)]
pub struct Param {
    /// The keyword.
    pub name: &'static str,
    /// Other spellings of the keyword.
    pub aliases: &'static [&'static str],
    /// What it is if it is not given, as text; `None` if it must be given.
    pub default: Option<&'static str>,
    /// Whether only a keyword can give it.
    pub keyword_only: bool,
}

/// What a function computes. Where it names an operation, the promotion table of that operation
/// gives the dtypes (see [`crate::types::promote`]).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rule {
    /// An operation of one array.
    Unary(UnaryOp),
    /// The array itself, if it is a number.
    Positive,
    /// The array times itself.
    Square,
    /// An operation of two arrays.
    Binary(BinaryOp),
    /// A few operations that together are NumPy's function.
    Composed(Composed),
    /// Arguments as truth values: `And`, `Or`, `Xor`.
    Logical(BinaryOp),
    /// The argument as a truth value, turned around.
    LogicalNot,
    /// `where(condition, x, y)`
    Where,
    /// `clip(x, min, max)`
    Clip,
    /// `round(x, decimals)`
    Round,
    /// Conversion to this dtype.
    Cast(DType),
    /// Conversion to the dtype that an argument names.
    AsType,
    /// A reduction over axes.
    Reduce(Reduction),
    /// `histogram(x, bins, range, density, weights)`: counts and edges.
    Histogram,
    /// `bincount(x, weights, minlength)`, as long as the largest element asks for.
    BinCount,
    /// A running reduction along an axis; without one an array of several axes is flattened, or
    /// refused.
    Scan {
        /// What it computes.
        scanned: Scanned,
        /// Whether it flattens.
        flattens: bool,
    },
    /// `linspace`
    Linspace,
    /// `arange`
    Arange,
    /// `full`
    Full,
    /// `zeros`, `ones`: an array of this value.
    Fill(i8),
    /// `index`
    Index,
    /// `random`
    Random,
    /// Elements elsewhere, unchanged.
    Structure(Structure),
    /// Part of the language, but not of this version.
    NotYet,
}

/// How elements are moved.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "NumPy's names")]
pub enum Structure {
    Reshape,
    Ravel,
    Permute,
    Squeeze,
    ExpandDims,
    BroadcastTo,
    Flip,
    Roll,
    Take,
    Repeat,
    Tile,
    Concat,
    Stack,
    Diff,
    Shift,
}

/// A function that other operations make up, to the bit of NumPy's or within the same bounds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "NumPy's names")]
pub enum Composed {
    Reciprocal,
    Fabs,
    SignBit,
    Deg2Rad,
    Rad2Deg,
    Fmax,
    Fmin,
    Heaviside,
    Sinc,
    Angle,
    NanToNum,
    Real,
    Imag,
    Conj,
}

/// What a reduction computes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "NumPy's names")]
pub enum Reduction {
    Sum,
    Prod,
    Mean,
    Min,
    Max,
    ArgMin,
    ArgMax,
    Ptp,
    Median,
    Quantile,
    Percentile,
    Any,
    All,
    CountNonzero,
    Var,
    Std,
    NanSum,
    NanMean,
    NanVar,
    NanStd,
    NanMin,
    NanMax,
    NanCount,
}

/// What a cumulative function computes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "NumPy's names")]
pub enum Scanned {
    Sum,
    Prod,
    Min,
    Max,
}

/// Every function, in the order of the docs: those that are available first.
pub fn all() -> impl Iterator<Item = &'static Function> {
    table::AVAILABLE.iter().chain(later::LATER)
}

/// The function of a name or an alias.
pub fn find(name: &str) -> Option<&'static Function> {
    static BY_NAME: LazyLock<HashMap<&'static str, &'static Function>> = LazyLock::new(|| {
        all()
            .flat_map(|function| function.names().map(move |name| (name, function)))
            .collect()
    });
    BY_NAME.get(name).copied()
}

impl Function {
    /// The name and the aliases.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        std::iter::once(self.name).chain(self.aliases.iter().copied())
    }

    /// Whether this version computes it.
    pub fn is_available(&self) -> bool {
        self.rule != Rule::NotYet
    }

    /// Whether it can be written as a method of its first argument.
    pub fn is_method(&self) -> bool {
        match self.rule {
            Rule::Unary(_)
            | Rule::Positive
            | Rule::Square
            | Rule::Binary(_)
            | Rule::Logical(_)
            | Rule::LogicalNot
            | Rule::Clip
            | Rule::Round
            | Rule::AsType
            | Rule::Reduce(_)
            | Rule::Scan { .. } => true,
            Rule::Composed(_) => !self.is_attribute(),
            Rule::Where
            | Rule::Cast(_)
            | Rule::Linspace
            | Rule::Arange
            | Rule::Full
            | Rule::Fill(_)
            | Rule::Histogram
            | Rule::BinCount
            | Rule::Index
            | Rule::Random
            | Rule::NotYet => false,
            Rule::Structure(what) => !matches!(what, Structure::Concat | Structure::Stack),
        }
    }

    /// Whether its method takes an integer or several by position: `x.reshape(2, 3)`.
    pub fn gathers(&self) -> bool {
        matches!(
            self.rule,
            Rule::Structure(Structure::Reshape | Structure::Permute)
        )
    }

    /// Whether an array has it as an attribute, and not as a method.
    pub fn is_attribute(&self) -> bool {
        let parts = [Composed::Real, Composed::Imag].map(Rule::Composed);
        parts.contains(&self.rule)
    }

    /// As it is called: `sum(x, axis=None, *, keepdims=False)`; just the name for a function that
    /// is not available yet.
    pub fn signature(&self) -> String {
        if !self.is_available() {
            return self.name.to_string();
        }
        let mut parts = Vec::new();
        let mut keywords = false;
        for param in self.params {
            if param.keyword_only && !keywords {
                parts.push("*".to_string());
                keywords = true;
            }
            parts.push(match param.default {
                Some(default) => format!("{}={default}", param.name),
                None => param.name.to_string(),
            });
        }
        format!("{}({})", self.name, parts.join(", "))
    }
}

impl Param {
    /// The keyword and its other spellings.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        std::iter::once(self.name).chain(self.aliases.iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_means_one_function() {
        let mut seen = std::collections::HashSet::new();
        for name in all().flat_map(Function::names) {
            assert!(seen.insert(name), "{name} is named twice");
        }
    }

    #[test]
    fn every_function_is_explained() {
        for function in all() {
            assert!(!function.help.is_empty(), "{}", function.name);
            let required = function.params.iter().map(|param| param.default.is_none());
            let required: Vec<bool> = required.collect();
            assert!(required.is_sorted_by(|a, b| a >= b), "{}", function.name);
            assert_eq!(function.is_available(), !function.params.is_empty());
        }
    }

    #[test]
    fn signatures_read_as_calls() {
        let signature = |name: &str| find(name).unwrap().signature();
        assert_eq!(signature("abs"), "abs(x)");
        assert_eq!(
            signature("amax"),
            "max(x, axis=None, *, keepdims=False, initial=None, where=True)"
        );
        assert_eq!(signature("where"), "where(condition, x, y)");
        assert_eq!(signature("matmul"), "matmul");
    }
}
