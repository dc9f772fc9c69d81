//! In: names and values. Out: metalayers of the trailer. Never: another metalayer touched.

use super::{ArrayFile, argument};
use crate::error::Result;
use crate::limits::{MAX_ATTRIBUTE_BYTES, MAX_VLMETALAYERS};
use crate::store::attributes::{Attribute, content};
use crate::store::write::{Layer, check_name, value_chunk};

impl ArrayFile {
    /// The value of an attribute, changes included; `None` where there is none of this name.
    ///
    /// # Errors
    /// When its bytes are damaged or no value.
    pub fn attribute(&self, name: &str) -> Result<Option<Attribute>> {
        let layer = self.layers.iter().find(|layer| layer.name == name);
        layer
            .map(|layer| Attribute::decode(&content(layer.content.clone())?))
            .transpose()
    }

    /// The names of the attributes.
    pub fn attribute_names(&self) -> impl Iterator<Item = &str> {
        self.layers.iter().map(|layer| &*layer.name)
    }

    /// Gives an attribute a value, which python-blosc2 finds in `vlmeta`.
    ///
    /// # Errors
    /// When the name is empty, has more than 31 bytes or is the format's own, the value more than 64 MiB, or there are 8,192
    /// attributes already.
    pub fn set_attribute(&mut self, name: &str, value: &Attribute) -> Result<()> {
        self.check()?;
        check_name(name)?;
        let bytes = value.encode();
        if bytes.len() > MAX_ATTRIBUTE_BYTES {
            return Err(argument(format!(
                "the value of `{name}` has {} bytes; at most {MAX_ATTRIBUTE_BYTES} are possible",
                bytes.len()
            )));
        }
        let content = value_chunk(&bytes)?;
        let count = self.layers.len();
        match self.layers.iter_mut().find(|layer| layer.name == name) {
            Some(layer) => layer.content = content,
            None if count >= MAX_VLMETALAYERS => {
                return Err(argument(format!(
                    "the file has {MAX_VLMETALAYERS} attributes, as many as are possible"
                )));
            }
            None => self.layers.push(Layer {
                name: name.to_string(),
                content,
            }),
        }
        self.changed = true;
        Ok(())
    }

    /// Removes an attribute; whether there was one of this name.
    ///
    /// # Errors
    /// When an earlier write failed.
    pub fn remove_attribute(&mut self, name: &str) -> Result<bool> {
        self.check()?;
        let before = self.layers.len();
        self.layers.retain(|layer| layer.name != name);
        let removed = self.layers.len() < before;
        self.changed |= removed;
        Ok(removed)
    }
}
