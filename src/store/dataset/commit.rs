//! In: a dataset, and changes that wait. Out: the next version, behind whatever others have published meanwhile; or why
//! not. Never: a version written over; a file of a version that may be there removed.

use super::handle::{Dataset, argument};
use super::manifest::Manifest;
use super::publish::Outcome;
use super::snapshot::{Snapshot, State, now};
use crate::diag::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::MAX_COMMIT_ATTEMPTS;

impl Dataset {
    /// Publishes all changes as the next version, and returns its number. When this returns, they survive whatever
    /// happens. Where others have published versions since this one was opened, the changes are made to theirs.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] when others have changed the same, as for all that is known beforehand: nothing is changed
    /// then, and the changes are gone. When the system refuses: then the handle changes nothing more, and the dataset
    /// has all that was committed before, or all of this, too.
    pub fn commit(&mut self) -> Result<u64> {
        self.check()?;
        if !self.has_changes() {
            return Ok(self.snapshot.version());
        }
        self.commit_as(false)
    }

    /// The same; the version stands alone if `whole`.
    pub(super) fn commit_as(&mut self, whole: bool) -> Result<u64> {
        let guard = self.yard()?.guard;
        for _ in 0..MAX_COMMIT_ATTEMPTS {
            let (bytes, next) = match self.draft(whole) {
                Ok(draft) => draft,
                Err(error) => {
                    self.abandon();
                    return Err(self.blame(error));
                }
            };
            let published = self.publish.publish(next.version(), &bytes);
            match published {
                Ok(Outcome::Won) => {
                    self.snapshot = next;
                    self.changes.clear();
                    self.files.clear();
                    self.guard = None;
                    drop(guard);
                    return Ok(self.snapshot.version());
                }
                Ok(Outcome::Lost) => {}
                Err(error) => {
                    // The version may be there, so that its files stay.
                    self.files.clear();
                    self.poisoned = true;
                    return Err(error);
                }
            }
        }
        self.abandon();
        let message = format!("others were faster {MAX_COMMIT_ATTEMPTS} times");
        let error = Error::new(ErrorKind::Conflict, Code::Conflict, message);
        Err(error.with_path(self.path()))
    }

    /// The next version, as its bytes and as it will be: behind the newest that there is now.
    fn draft(&mut self, whole: bool) -> Result<(Vec<u8>, Snapshot)> {
        self.catch_up()?;
        let state = self.changed()?;
        // Time does not run backwards from version to version, whatever clocks say.
        let time = now().max(self.snapshot.stamp.time);
        let manifest = self.snapshot.next(&state, time, whole);
        let bytes = manifest.encode()?;
        let (manifest, digest) = Manifest::decode(&bytes, manifest.stamp.version)?;
        let next = Snapshot::of(Some(&self.snapshot), manifest, digest)?;
        Ok((bytes, next))
    }

    /// The content with all changes.
    pub(super) fn changed(&self) -> Result<State> {
        let mut state = self.snapshot.state.clone();
        let mut changes = self.changes.iter();
        changes.try_for_each(|change| change.apply(&mut state))?;
        Ok(state)
    }

    /// Goes on from the newest version, if the changes can be made to all that there were since.
    fn catch_up(&mut self) -> Result<()> {
        let next = self.snapshot.version() + 1;
        // While the manifest of this version is there, no later one has been vacuumed: they go in order.
        let base = self.root.digest(self.snapshot.version())?;
        if base.is_some_and(|base| base != self.snapshot.digest) {
            return Err(another());
        }
        if base.is_some() && !self.root.manifest_path(next).exists() {
            return Ok(());
        }
        let newest = match self.root.newest(Some(&self.snapshot)) {
            Ok(newest) => newest,
            // What was built upon may be gone, or be another dataset by now.
            Err(_) => self.root.newest(None)?,
        };
        for version in next..newest.version() {
            // Only the newest has to be there. What others say is which of them is in conflict.
            let Ok(between) = self.root.load(version, Some(&self.snapshot)) else {
                break;
            };
            self.go_on(between)?;
        }
        match newest.version() > self.snapshot.version() {
            true => self.go_on(newest),
            false if newest.digest == self.snapshot.digest => Ok(()),
            false => Err(another()),
        }
    }

    fn go_on(&mut self, after: Snapshot) -> Result<()> {
        let before = &self.snapshot.state;
        self.changes
            .iter()
            .try_for_each(|change| change.check(before, &after))?;
        self.snapshot = after;
        Ok(())
    }

    /// Opens the newest version again: changes that others have made since are seen.
    ///
    /// # Errors
    /// When changes wait for their commit, or as [`Dataset::open`].
    pub fn refresh(&mut self) -> Result<()> {
        self.check()?;
        if self.has_changes() {
            return Err(argument("changes wait for their commit".to_string()));
        }
        self.catch_up().map_err(|error| self.blame(error))
    }

    /// Forgets all changes, and removes what was written for them.
    pub(super) fn abandon(&mut self) {
        self.changes.clear();
        for id in std::mem::take(&mut self.files) {
            // Nothing can be done about one that cannot be removed; `vacuum` does later.
            let _ = self.disk.remove(&self.root.data_path(id));
        }
        self.guard = None;
    }
}

#[cold]
fn another() -> Error {
    let message = "another dataset has taken the place of the one that was opened";
    Error::new(ErrorKind::Conflict, Code::Conflict, message)
}
