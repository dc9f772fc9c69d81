//! In: a case. Out: what Fuseblock gives for it. Never: any other call into the library.

use fuseblock::{DType, Error};
use fuseblock::{Engine, Expr, Scalar, Shape, SimdLevel};

use crate::RECORDED;
use crate::cases::Case;

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

impl Machine {
    /// Evaluates the case.
    pub(crate) fn run(self, case: &Case) -> Answer {
        self.evaluate(case)
            .map_err(|error| (error.code().to_string(), error.to_string()))
    }

    fn evaluate(self, case: &Case) -> Result<Vec<Output>, Error> {
        let expr = Expr::new(&case.expr)?;
        let pool = &RECORDED.operands;
        let pairs = case.operands.iter();
        let operands: Vec<_> = pairs
            .map(|(name, operand)| (name.as_str(), &pool[operand].array))
            .collect();
        let mut bound = expr.bind(&operands)?;
        bound = bound.engine(self.engine).threads(self.threads);
        if let Some(level) = self.simd {
            bound = bound.simd(level);
        }
        let evaluated = bound.run()?;
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
}
