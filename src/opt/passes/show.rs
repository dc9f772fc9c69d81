//! In: a plan and its function. Out: its text, for `explain`. Never: a decision.

use std::fmt::{self, Display, Formatter};

use super::{Home, Kind, Leaf, Pass, PassPlan, PassSink, leaf};
use crate::ir::text::{List, Name, Quoted, Typed};
use crate::ir::{Func, Output, Value};

impl PassPlan {
    /// The plan as text; `func` is the function it was made from.
    pub fn display<'p>(&'p self, func: &'p Func) -> impl Display + 'p {
        Show { plan: self, func }
    }
}

struct Show<'p> {
    plan: &'p PassPlan,
    func: &'p Func,
}

impl Display for Show<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (index, pass) in self.plan.passes.iter().enumerate() {
            self.pass(f, index, pass)?;
        }
        for (output, Home { pass, .. }) in self.func.outputs.iter().zip(&self.plan.outputs) {
            let name = Quoted(&output.name);
            writeln!(f, "output {name} = {} from pass {pass}", output.value)?;
        }
        Ok(())
    }
}

impl Show<'_> {
    /// What a view sees, from the view inwards.
    fn view(&self, f: &mut Formatter<'_>, mut value: Value) -> fmt::Result {
        while let Some(seen) = self.func.seen_by(value) {
            write!(f, "{} of ", self.func.line(value))?;
            value = seen;
        }
        match leaf(self.func, value) {
            Leaf::Operand(id) => writeln!(f, "operand {}", Name(&self.func.operands[id].name)),
            Leaf::Result(_) | Leaf::Generate(_) => writeln!(f, "{value}"),
            Leaf::View(concat) => writeln!(f, "{}", self.func.line(concat)),
        }
    }

    fn pass(&self, f: &mut Formatter<'_>, index: usize, pass: &Pass) -> fmt::Result {
        let (domain, cut) = (List(&pass.domain), &pass.cut);
        match pass.epilogue {
            true => writeln!(f, "pass {index}: epilogue over {domain}")?,
            false => {
                let kind = match pass.kind {
                    Kind::Once => "",
                    Kind::Rounds => " in rounds",
                    Kind::Ordered => " in order",
                };
                writeln!(f, "pass {index}: over {domain} cut {cut}{kind}")?;
            }
        }
        for (index, input) in pass.inputs.iter().enumerate() {
            let typed = Typed(input.dtype, &input.shape);
            write!(f, "  in{index}: {typed} = ")?;
            match input.leaf {
                Leaf::Operand(id) => {
                    writeln!(f, "operand {}", Name(&self.func.operands[id].name))?;
                }
                Leaf::Result(value) => match self.plan.home(value) {
                    Some(Home { pass, .. }) => writeln!(f, "{value} from pass {pass}")?,
                    None => writeln!(f, "{value}")?,
                },
                Leaf::Generate(value) => writeln!(f, "generate {value}")?,
                Leaf::View(value) => self.view(f, value)?,
            }
        }
        for &value in &pass.body {
            writeln!(f, "  {}", self.func.line(value))?;
        }
        for sink in &pass.sinks {
            match *sink {
                PassSink::Store(value) => writeln!(f, "  store {value}")?,
                PassSink::Fold(value) => writeln!(f, "  fold {}", self.func.line(value))?,
                PassSink::Scan(value) => writeln!(f, "  carry {}", self.func.line(value))?,
                PassSink::Filter(index) => {
                    let Output { value, filter, .. } = &self.func.outputs[index];
                    let mask = filter.map(|filter| filter.mask);
                    let mask = mask.map_or(String::new(), |mask| format!(" where {mask}"));
                    writeln!(f, "  filter {value}{mask}")?;
                }
                PassSink::Tally(value) => writeln!(f, "  add up {}", self.func.line(value))?,
                PassSink::Weight(value) => writeln!(f, "  weights {value}")?,
                PassSink::Mask(value) => writeln!(f, "  mask {value}")?,
                PassSink::Raise(index) => {
                    writeln!(f, "  raise {}", self.func.raises[index].condition)?;
                }
            }
        }
        Ok(())
    }
}
