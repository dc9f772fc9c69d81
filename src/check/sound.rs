//! In: operands some of whose elements are damaged, and values computed from them. Out: which elements of each value
//! are sound; reductions count only those. Never: an output, or a reduction, that a damaged element has a part in.

use super::{Checker, Reported, Res};
use crate::diag::{Code, Diagnostic};
use crate::ir::{Concat, Inst, Operand, Value, View};
use crate::table::Id;
use crate::types::{BinaryOp, Scalar};

/// Which elements of a value are sound.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Sound {
    /// All.
    #[default]
    All,
    /// Those where this bool value holds, which broadcasts to the shape of the value.
    Where(Value),
    /// Nothing tells them: others have a part in each.
    Mixed,
}

impl Checker<'_> {
    /// Which elements of a value are sound.
    pub(super) fn sound(&self, value: Value) -> Sound {
        self.sounds.get(value.index()).copied().unwrap_or_default()
    }

    fn set_sound(&mut self, value: Value, sound: Sound) {
        let len = self.sounds.len().max(value.index() + 1);
        self.sounds.resize(len, Sound::All);
        self.sounds[value.index()] = sound;
    }

    /// Leaves out the elements of an operand where that of its `soundness` does not hold.
    pub(super) fn leave_out(&mut self, elements: Value, soundness: Operand) -> Res<()> {
        let id = self.build.operand(soundness);
        let sound = self.elem(id)?;
        self.leaves_out = true;
        self.set_sound(elements, Sound::Where(sound));
        Ok(())
    }

    /// Notes of a new value which elements are sound.
    pub(super) fn note_sound(&mut self, value: Value) -> Res<()> {
        if !self.leaves_out {
            return Ok(());
        }
        let inst = self.build.func().values[value].inst.clone();
        let sounds: Vec<Sound> = inst.args().iter().map(|&arg| self.sound(arg)).collect();
        if sounds.iter().all(|&sound| sound == Sound::All) {
            return Ok(());
        }
        let sound = match &inst {
            Inst::Const(_) | Inst::Elem(_) | Inst::Generate(_) => Sound::All,
            Inst::Map(_) => self.both(&sounds)?,
            // Whoever reduces what counts alone says so.
            Inst::Reduce(_) | Inst::Scan(_) | Inst::Tally(_) => Sound::Mixed,
            Inst::View(view) => match (sounds.first(), sounds.get(1..)) {
                (Some(Sound::Where(_)), Some(lists))
                    if lists.iter().all(|&list| list == Sound::All) =>
                {
                    let arg = self.where_sound(view.arg)?;
                    let shape = self.build.shape(value).clone();
                    let axes = view.axes.clone();
                    Sound::Where(self.view(View { arg, axes }, shape)?)
                }
                (_, _) => Sound::Mixed,
            },
            Inst::Reshape(arg) => match self.sound(*arg) {
                Sound::Where(_) => {
                    let sound = self.where_sound(*arg)?;
                    let shape = self.build.shape(value).clone();
                    Sound::Where(self.reshape_to(sound, shape)?)
                }
                sound @ (Sound::All | Sound::Mixed) => sound,
            },
            Inst::Concat(_) if sounds.contains(&Sound::Mixed) => Sound::Mixed,
            Inst::Concat(concat) => {
                let parts = concat.parts.iter().map(|&part| self.where_sound(part));
                let (parts, axis) = (parts.collect::<Res<Vec<_>>>()?, concat.axis);
                Sound::Where(self.concat_by(Concat { parts, axis })?)
            }
        };
        self.set_sound(value, sound);
        Ok(())
    }

    /// Where all of several are sound.
    fn both(&mut self, sounds: &[Sound]) -> Res<Sound> {
        let mut all: Option<Value> = None;
        for sound in sounds {
            all = match (*sound, all) {
                (Sound::Mixed, _) => return Ok(Sound::Mixed),
                (Sound::All, all) => all,
                (Sound::Where(one), None) => Some(one),
                (Sound::Where(one), Some(other)) if one == other => Some(one),
                (Sound::Where(one), Some(other)) => Some(self.binary(BinaryOp::And, other, one)?),
            };
        }
        Ok(all.map_or(Sound::All, Sound::Where))
    }

    /// Where a value is sound, in its own shape.
    fn where_sound(&mut self, value: Value) -> Res<Value> {
        let shape = self.build.shape(value).clone();
        match self.sound(value) {
            Sound::Where(sound) if *self.build.shape(sound) == shape => Ok(sound),
            Sound::Where(sound) => {
                let everywhere = self.full(Scalar::Bool(true), shape)?;
                self.binary(BinaryOp::And, everywhere, sound)
            }
            Sound::All | Sound::Mixed => self.full(Scalar::Bool(true), shape),
        }
    }

    /// What of `value` counts for a reduction that `mask` lets pass: what is sound of both.
    pub(super) fn sound_mask(&mut self, value: Value, mask: Option<Value>) -> Res<Option<Value>> {
        let sounds: Vec<Sound> = std::iter::once(value)
            .chain(mask)
            .map(|value| self.sound(value))
            .collect();
        match (self.both(&sounds)?, mask) {
            (Sound::All, mask) => Ok(mask),
            (Sound::Where(sound), None) => Ok(Some(sound)),
            (Sound::Where(sound), Some(mask)) => self.binary(BinaryOp::And, mask, sound).map(Some),
            (Sound::Mixed, _) => Err(self.mixed()),
        }
    }

    /// What `reduce` gives, which counts only what is sound.
    pub(super) fn of_sound(&mut self, reduce: impl FnOnce(&mut Self) -> Res<Value>) -> Res<Value> {
        let value = reduce(self)?;
        if self.leaves_out {
            self.set_sound(value, Sound::All);
        }
        Ok(value)
    }

    /// Checks that no damaged element has a part in an output.
    pub(super) fn output_is_sound(&mut self, values: impl Iterator<Item = Value>) -> Res<()> {
        let mut values = values;
        match values.all(|value| self.sound(value) == Sound::All) {
            true => Ok(()),
            false => Err(self.mixed()),
        }
    }

    fn mixed(&mut self) -> Reported {
        let message =
            "only reductions like `sum`, `mean` and `max` leave out elements that are damaged";
        let label = "damaged elements have a part in this";
        let diagnostic = Diagnostic::new(Code::NotYet, message, self.here, label);
        self.report(diagnostic);
        Reported
    }
}
