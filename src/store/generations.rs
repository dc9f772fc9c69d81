//! In: values by number. Out: those that were used last. Never: more than a bound of them.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Values that are kept in two generations: when the young one is full it becomes the old one, and what nobody used
/// since is dropped.
#[derive(Debug)]
pub(super) struct Generations<V> {
    both: Mutex<Both<V>>,
    bound: usize,
}

#[derive(Debug)]
struct Both<V> {
    young: HashMap<u64, V>,
    old: HashMap<u64, V>,
}

impl<V: Clone> Generations<V> {
    /// Keeps at most `bound` values.
    pub(super) fn new(bound: usize) -> Self {
        let (young, old) = (HashMap::new(), HashMap::new());
        Self {
            both: Mutex::new(Both { young, old }),
            bound,
        }
    }

    /// The value of `number`, made where it is not kept. Nothing is locked meanwhile: where two threads make it, one of
    /// both is kept.
    ///
    /// # Errors
    /// What `make` returns.
    pub(super) fn get<E>(&self, number: u64, make: impl FnOnce() -> Result<V, E>) -> Result<V, E> {
        let mut both = self.lock();
        if let Some(value) = both.young.get(&number) {
            return Ok(value.clone());
        }
        let kept = both.old.remove(&number);
        drop(both);
        let value = match kept {
            Some(value) => value,
            None => make()?,
        };
        let mut both = self.lock();
        if both.young.len() >= self.bound / 2 {
            both.old = std::mem::take(&mut both.young);
        }
        Ok(both.young.entry(number).or_insert(value).clone())
    }

    /// How many are kept.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        let both = self.lock();
        both.young.len() + both.old.len()
    }

    fn lock(&self) -> MutexGuard<'_, Both<V>> {
        // A thread that panicked while it held the lock left whole maps behind.
        self.both.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
