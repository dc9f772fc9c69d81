//! In: random arrays. Out: the fast folds of `math` give what the IR manual says.
//! Never: code shared between the two sides.

use arbitrary::{Result, Unstructured};

use super::eval;
use crate::ir::arbitrary::Random;
use crate::ir::{Builder, Cut, DimCut, Operand, Rank, Reduce, ReduceOp};
use crate::math::fold::{FoldKind, Partials, fold_columns, fold_rows, tree_merge};
use crate::math::scalar;
use crate::types::{DType, Scalar, Shape};

/// A matrix whose columns are reduced, in tiles of some rows.
struct Case {
    dtype: DType,
    reduced: usize,
    kept: usize,
    tile: usize,
    elems: Vec<Scalar>,
}

fn case(u: &mut Unstructured) -> Result<Case> {
    let dtype = *u.choose(&DType::ALL)?;
    let reduced = u.int_in_range(1..=1_400)?;
    let kept = u.int_in_range(1..=9)?;
    let tile = u.int_in_range(1..=reduced)?;
    let mut random = Random(u.arbitrary()?);
    let specials = u.ratio(1, 4)?;
    let mut elem = || match random.scalar(dtype) {
        wild if !specials && !wild.as_f64().abs().lt(&1e3) => Scalar::from_bits(dtype, 0),
        elem => elem,
    };
    let elems = (0..reduced * kept).map(|_| elem()).collect();
    Ok(Case {
        dtype,
        reduced,
        kept,
        tile,
        elems,
    })
}

impl Case {
    /// What the interpreter says.
    fn slow(&self, op: ReduceOp) -> Vec<Scalar> {
        let mut b = Builder::new();
        let shape = Shape::new(&[self.reduced, self.kept]);
        let operand = b.operand(Operand {
            name: "x".into(),
            dtype: self.dtype,
            shape,
            grid: None,
            damaged: false,
        });
        let whole = |extent| DimCut {
            outer: extent,
            inner: extent,
        };
        let rows = DimCut {
            outer: self.reduced,
            inner: self.tile,
        };
        let arg = b.elem(operand).expect("verifies");
        let reduce = Reduce {
            op,
            arg,
            axes: vec![0],
            keepdims: false,
            cut: Cut {
                dims: vec![rows, whole(self.kept)],
            },
        };
        let value = b.reduce(reduce).expect("verifies");
        b.output("out", value);
        let func = b.finish().expect("verifies");
        eval(&func, &[bytes(&self.elems)]).expect("evaluates")[0].elems()
    }

    /// What folding each tile and merging the tiles gives, the tiles as they are or transposed.
    fn fast(&self, op: ReduceOp, transposed: bool) -> Vec<Scalar> {
        let kind = kind(op, self.dtype);
        let tiles = self.elems.chunks(self.tile * self.kept).zip(0..);
        let tiles = tiles.map(|(tile, number)| {
            let n = tile.len() / self.kept;
            let mut partials = match transposed {
                false => fold_columns(kind, self.dtype, &bytes(tile), n, self.kept),
                true => {
                    let flat = (0..tile.len()).map(|at| tile[at % n * self.kept + at / n]);
                    let rows: Vec<Scalar> = flat.collect();
                    fold_rows(kind, self.dtype, &bytes(&rows), self.kept, n)
                }
            };
            partials.relocate(|index| index + number * self.tile as u64);
            partials
        });
        let merge = |mut a: Partials, b| {
            a.merge(b);
            a
        };
        let all = tree_merge(tiles.collect(), merge).expect("some tile");
        let result = op.result(self.dtype);
        (0..self.kept)
            .map(|at| finish(op, result, self.reduced as f64, &all, at))
            .collect()
    }
}

fn bytes(elems: &[Scalar]) -> Vec<u8> {
    let mut bytes = Vec::new();
    elems.iter().for_each(|elem| elem.write(&mut bytes));
    bytes
}

fn kind(op: ReduceOp, dtype: DType) -> FoldKind {
    match op {
        ReduceOp::Sum if dtype.is_float() => FoldKind::SumFloat,
        ReduceOp::Prod if dtype.is_float() => FoldKind::ProdFloat,
        ReduceOp::Sum => FoldKind::SumInt,
        ReduceOp::Prod => FoldKind::ProdInt,
        ReduceOp::Mean => FoldKind::SumFloat,
        ReduceOp::Min => FoldKind::Min,
        ReduceOp::Max => FoldKind::Max,
        ReduceOp::ArgMin => FoldKind::ArgMin,
        ReduceOp::ArgMax => FoldKind::ArgMax,
        ReduceOp::Nth {
            rank: Rank::Known(rank),
        } => FoldKind::Nth {
            rank: rank as usize,
        },
        ReduceOp::Nth {
            rank: Rank::Found(_),
        } => panic!("folds have known ranks"),
        ReduceOp::Any => FoldKind::Any,
        ReduceOp::All => FoldKind::All,
        ReduceOp::CountNonzero => FoldKind::CountNonzero,
        ReduceOp::Bins { .. } => panic!("bins are counted, not folded"),
        ReduceOp::Var { .. } | ReduceOp::Std { .. } => FoldKind::Moments,
    }
}

fn finish(op: ReduceOp, dtype: DType, n: f64, partials: &Partials, at: usize) -> Scalar {
    let float = |value: f64| scalar::cast(Scalar::Float64(value), dtype);
    let state = partials.scalar(at);
    match op {
        ReduceOp::Mean => float((state.expect("a state").as_f64() + 0.0) / n),
        ReduceOp::Sum if dtype.is_float() => float(state.expect("a state").as_f64() + 0.0),
        ReduceOp::Var { ddof } | ReduceOp::Std { ddof } => {
            let moments = partials.moments().expect("moments")[at];
            let var = moments.m2 / (n - f64::from_bits(ddof)).max(0.0);
            float(if op == (ReduceOp::Var { ddof }) {
                var
            } else {
                var.sqrt()
            })
        }
        ReduceOp::Sum
        | ReduceOp::Prod
        | ReduceOp::Min
        | ReduceOp::Max
        | ReduceOp::ArgMin
        | ReduceOp::ArgMax
        | ReduceOp::Nth { .. }
        | ReduceOp::Bins { .. }
        | ReduceOp::Any
        | ReduceOp::All
        | ReduceOp::CountNonzero => scalar::cast(state.expect("a state"), dtype),
    }
}

#[test]
fn fast_folds_follow_the_manual() {
    let ddof = 1f64.to_bits();
    let ops = [
        ReduceOp::Sum,
        ReduceOp::Prod,
        ReduceOp::Mean,
        ReduceOp::Min,
        ReduceOp::Max,
        ReduceOp::ArgMin,
        ReduceOp::ArgMax,
        ReduceOp::Any,
        ReduceOp::All,
        ReduceOp::CountNonzero,
        ReduceOp::Var { ddof },
        ReduceOp::Std { ddof },
    ];
    arbtest::arbtest(|u| {
        let case = case(u)?;
        let op = *u.choose(&ops)?;
        let slow = case.slow(op);
        for transposed in [false, true] {
            let fast = case.fast(op, transposed);
            let Case { dtype, tile, .. } = case;
            assert_eq!(
                fast, slow,
                "{op:?} of {dtype}, tiles of {tile}, {transposed}"
            );
        }
        Ok(())
    })
    .budget_ms(2_000);
}
