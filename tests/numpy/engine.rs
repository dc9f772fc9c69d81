//! In: a case. Out: what Fuseblock gives for it, by each way there is.
//! Never: any other call into the library.

use fuseblock::check::{self, Scope};
use fuseblock::ir::{Verified, eval};
use fuseblock::source::Source;
use fuseblock::{Bound, DType, Engine, Error, Evaluated, Expr, Scalar, Shape, SimdLevel, syntax};

use crate::RECORDED;
use crate::cases::{Case, Operand};

/// How a case is run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Machine {
    pub(crate) engine: Engine,
    /// `None` is the widest.
    pub(crate) simd: Option<SimdLevel>,
    pub(crate) threads: usize,
}

/// One output; scalars are equal by bits, NaNs to each other.
#[derive(Debug, PartialEq)]
pub(crate) struct Output {
    pub(crate) dtype: DType,
    pub(crate) shape: Shape,
    pub(crate) elems: Vec<Scalar>,
}

/// The outputs, or the code and message of the error.
pub(crate) type Answer = Result<Vec<Output>, (String, String)>;

fn failure(error: &Error) -> (String, String) {
    (error.code().to_string(), error.to_string())
}

fn operands(case: &Case) -> impl Iterator<Item = (&str, &Operand)> {
    let pairs = case.operands.iter();
    pairs.map(|(name, operand)| (name.as_str(), &RECORDED.operands[operand]))
}

/// The checked function over whole arrays, element by element: no optimiser, passes or tiles.
pub(crate) fn reference(case: &Case) -> Answer {
    let func = checked(case).map_err(|error| failure(&error))?;
    let bytes: Vec<Vec<u8>> = func
        .operands
        .rows()
        .iter()
        .filter_map(|declared| operands(case).find(|(name, _)| *name == declared.name))
        .map(|(_, operand)| operand.bytes())
        .collect();
    let outputs = eval::eval(&func, &bytes).map_err(|error| {
        let raised = matches!(error, eval::EvalError::Raise { .. });
        let code = if raised { "E0503" } else { "E0599" };
        (code.to_string(), error.to_string())
    })?;
    let outputs = outputs.iter().map(|output| Output {
        dtype: output.dtype,
        shape: output.shape.clone(),
        elems: output.elems(),
    });
    Ok(outputs.collect())
}

fn checked(case: &Case) -> Result<Verified, Error> {
    let source = Source::expr(case.expr.as_str());
    let parsed = syntax::parse(&source);
    if !parsed.diagnostics.is_empty() {
        return Err(Error::expression(&source, parsed.diagnostics));
    }
    let mut scope = Scope::new();
    for (name, operand) in operands(case) {
        let (dtype, shape) = (operand.array.dtype(), operand.array.shape());
        scope.operand(name, dtype, shape.clone(), None);
    }
    let checked = check::check(&source, &parsed.ast, &scope);
    Ok(checked
        .map_err(|list| Error::expression(&source, list))?
        .func)
}

/// The case's expression with its operands, ready for any machine.
pub(crate) fn bind(case: &Case) -> Result<Bound<'static>, (String, String)> {
    let arrays: Vec<_> = operands(case)
        .map(|(name, operand)| (name, &operand.array))
        .collect();
    let bound = Expr::new(&case.expr).and_then(|expr| expr.bind(&arrays));
    bound.map_err(|error| failure(&error))
}

impl Machine {
    /// Evaluates.
    pub(crate) fn run(self, bound: &Bound<'static>) -> Answer {
        let mut bound = bound.clone().engine(self.engine).threads(self.threads);
        if let Some(level) = self.simd {
            bound = bound.simd(level);
        }
        let evaluated = bound.run().map_err(|error| failure(&error))?;
        let stats = evaluated.stats();
        if self.engine == Engine::Jit && stats.passes > 0 && stats.simd.is_none() {
            let message = "no kernel computed this: its body could not be compiled";
            return Err(("interpreted".to_string(), message.to_string()));
        }
        read(&evaluated).map_err(|error| failure(&error))
    }
}

fn read(evaluated: &Evaluated) -> Result<Vec<Output>, Error> {
    let arrays = evaluated.iter().map(|(_, array)| {
        let bytes = array.to_bytes()?;
        let dtype = array.dtype();
        let items = bytes.chunks_exact(dtype.size());
        Ok(Output {
            dtype,
            shape: array.shape().clone(),
            elems: items.filter_map(|item| Scalar::read(dtype, item)).collect(),
        })
    });
    arrays.collect()
}
