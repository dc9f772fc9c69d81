//! In: what passes deliver. Out: what later passes read of it, and the outputs. Never: a result that is
//! not in memory.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use super::{Destination, Stored, Task, internal};
use crate::array::Array;
use crate::error::Result;
use crate::exec::filter::Budget;
use crate::exec::input::Leaf;
use crate::exec::sink::Piece;
use crate::ir::{Concat, Inst, Value, inside};
use crate::opt::passes;
use crate::table::Id;
use crate::types::{DType, Shape};

/// Concats whose parts are known already: they may be parts of others several times over.
pub(super) type Known<'a> = HashMap<Value, Leaf<'a>>;

/// Indices by the value that has them and the extent that they are brought into.
type Lists = HashMap<(Value, usize), Arc<[usize]>>;

/// What passes have delivered so far, for later passes and for outputs.
#[derive(Debug, Default)]
pub(super) struct Results {
    arrays: HashMap<Value, Array<'static>>,
    /// Filtered outputs, by their index.
    pub(super) filtered: HashMap<usize, Array<'static>>,
    /// Indices into an axis of some extent that views look up.
    lists: RefCell<Lists>,
    pub(super) budget: Arc<Budget>,
}

impl Results {
    /// None yet; what passes filter may take `budget` in memory.
    pub(super) fn new(budget: Arc<Budget>) -> Self {
        Self {
            budget,
            ..Self::default()
        }
    }

    pub(super) fn keep(
        &mut self,
        value: Value,
        dtype: DType,
        shape: &Shape,
        bytes: Vec<u8>,
    ) -> Result<()> {
        let array = Array::from_bytes(dtype, shape, bytes)?;
        self.arrays.insert(value, array);
        Ok(())
    }

    pub(super) fn keep_stored(&mut self, task: &Task<'_, '_>, stored: Stored) -> Result<()> {
        stored.into_values().try_for_each(|(value, bytes)| {
            let data = &task.func.values[value];
            self.keep(value, data.dtype, &data.shape, bytes)
        })
    }

    /// What an input reads; a result that is not there is pending, which only a plan may be.
    pub(super) fn leaf<'a>(
        &self,
        task: &Task<'_, 'a>,
        input: &passes::Input,
        known: &mut Known<'a>,
    ) -> Result<Leaf<'a>> {
        match input.leaf {
            passes::Leaf::Operand(operand) => task
                .operands
                .get(operand.index())
                .map(|array| Leaf::Array(array.clone()))
                .ok_or_else(|| internal("an operand has no array")),
            passes::Leaf::Result(value) => Ok(match self.arrays.get(&value) {
                Some(array) => Leaf::Array(array.clone()),
                None => Leaf::Pending(input.dtype, input.shape.clone()),
            }),
            passes::Leaf::Generate(value) => match &task.func.values[value].inst {
                Inst::Generate(generator) => {
                    Ok(Leaf::Generate(*generator, input.dtype, input.shape.clone()))
                }
                Inst::Const(_)
                | Inst::Elem(_)
                | Inst::Map(_)
                | Inst::Reduce(_)
                | Inst::View(_)
                | Inst::Reshape(_)
                | Inst::Concat(_)
                | Inst::Scan(_)
                | Inst::Tally(_) => Err(internal("a generated leaf is no generator")),
            },
            passes::Leaf::View(value) => {
                let Some(concat) = task.func.values[value].inst.concat() else {
                    return self.view(task, value, known);
                };
                if let Some(leaf) = known.get(&value) {
                    return Ok(leaf.clone());
                }
                let leaf = self.joined(task, concat, &input.shape, known)?;
                known.insert(value, leaf.clone());
                Ok(leaf)
            }
        }
    }

    /// A rank that a pass has found, which may be beyond the last; none while it is pending.
    pub(super) fn rank(&self, value: Value) -> Option<u64> {
        // OK because results are in memory: there is nothing to fail.
        let bytes = self.arrays.get(&value)?.to_bytes().ok()?;
        let found = i64::from_ne_bytes(*bytes.first_chunk()?);
        Some(found.max(0) as u64)
    }

    /// The indices into an axis of `extent` that a result has; none while it is pending.
    fn list(&self, list: Value, extent: usize) -> Option<Arc<[usize]>> {
        let mut lists = self.lists.borrow_mut();
        if let Some(known) = lists.get(&(list, extent)) {
            return Some(Arc::clone(known));
        }
        // OK because results are in memory: there is nothing to fail.
        let bytes = self.arrays.get(&list)?.to_bytes().ok()?;
        let (elems, _) = bytes.as_chunks::<8>();
        let at = elems
            .iter()
            .map(|&at| inside(i64::from_ne_bytes(at), extent));
        let indices: Arc<[usize]> = at.collect();
        lists.insert((list, extent), Arc::clone(&indices));
        Some(indices)
    }

    /// What a concat reads, part by part.
    fn joined<'a>(
        &self,
        task: &Task<'_, 'a>,
        concat: &Concat,
        shape: &Shape,
        known: &mut Known<'a>,
    ) -> Result<Leaf<'a>> {
        let parts = concat.parts.iter().map(|&part| {
            let data = &task.func.values[part];
            let input = passes::Input {
                leaf: passes::leaf(task.func, part),
                dtype: data.dtype,
                shape: data.shape.clone(),
            };
            // Leaves of passes come first.
            let key = task.func.values.len() + part.index();
            Ok((self.leaf(task, &input, known)?, key))
        });
        let parts = parts.collect::<Result<Vec<_>>>()?;
        Ok(Leaf::joined(parts, concat.axis, shape))
    }

    /// What a view reads, from what it sees in the end outwards.
    fn view<'a>(
        &self,
        task: &Task<'_, 'a>,
        value: Value,
        known: &mut Known<'a>,
    ) -> Result<Leaf<'a>> {
        let mut views = Vec::new();
        let mut inner = value;
        while let Some(seen) = task.func.seen_by(inner) {
            views.push(&task.func.values[inner]);
            inner = seen;
        }
        let data = &task.func.values[inner];
        let input = passes::Input {
            leaf: passes::Leaf::View(value).root(task.func),
            dtype: data.dtype,
            shape: data.shape.clone(),
        };
        let outwards = views.iter().rev();
        Ok(
            outwards.fold(self.leaf(task, &input, known)?, |leaf, data| {
                match &data.inst {
                    Inst::View(view) => {
                        let axes = view.looked_up(|list, extent| self.list(list, extent));
                        leaf.viewed(&axes, &data.shape)
                    }
                    Inst::Reshape(_)
                    | Inst::Concat(_)
                    | Inst::Const(_)
                    | Inst::Elem(_)
                    | Inst::Generate(_)
                    | Inst::Map(_)
                    | Inst::Reduce(_)
                    | Inst::Scan(_)
                    | Inst::Tally(_) => leaf.reshaped(&data.shape),
                }
            }),
        )
    }

    /// Hands each output that did not go to its destination directly to it now.
    pub(super) fn outputs(
        &self,
        task: &Task<'_, '_>,
        destinations: Vec<Destination<'_>>,
    ) -> Result<Vec<Option<Array<'static>>>> {
        let outputs = task.func.outputs.iter().zip(destinations).enumerate();
        outputs
            .map(|(index, (output, destination))| {
                if output.filter.is_some() {
                    return Ok(self.filtered.get(&index).cloned());
                }
                let Some(array) = self.arrays.get(&output.value) else {
                    return Ok(None);
                };
                if matches!(destination, Destination::Memory) {
                    return Ok(Some(array.clone()));
                }
                let (dtype, shape) = (array.dtype(), array.shape());
                let bytes = array.to_bytes()?;
                match destination {
                    Destination::Memory => {}
                    Destination::Buffer(buffer) => buffer.copy_from_slice(&bytes),
                    Destination::File(file) => file.write(&vec![0; shape.ndim()], shape, &bytes)?,
                    Destination::Receiver(receiver) => receiver(&Piece {
                        output: index,
                        dtype,
                        start: &vec![0; shape.ndim()],
                        extent: shape,
                        bytes: &bytes,
                    })?,
                }
                Ok(None)
            })
            .collect()
    }
}
