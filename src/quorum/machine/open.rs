use super::State;
use super::apply::{Done, apply_all};
use super::work::Work;
use crate::mvcc::{self, MvccError};
use redb::{Durability, WriteTransaction};
use std::sync::{MutexGuard, PoisonError};

/// What was applied and nobody has read yet.
///
/// A commit costs as much as some puts, and whatever touches a page after it copies that page again. So
/// the transaction stays open until somebody wants to read, or something else is written. What is in it
/// can be replayed from the log, as can all that was not flushed.
#[derive(Default)]
pub struct Open {
    transaction: Option<WriteTransaction>,
    /// It went wrong: what the database holds now is less than what was acknowledged.
    lost: bool,
}

impl Open {
    fn check(&self) -> mvcc::Result<()> {
        if self.lost {
            return Err(MvccError::Storage("what was applied could not be kept".to_owned()));
        }
        Ok(())
    }

    /// As if a commit had failed.
    #[cfg(test)]
    pub fn lose(&mut self) {
        *self = Self { transaction: None, lost: true };
    }
}

impl State {
    fn pending(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Applies what names all the keys that it touches.
    ///
    /// # Errors
    /// The storage failed: fatal.
    pub(super) fn apply_openly(&self, work: &Work) -> mvcc::Result<Done> {
        self.refuse_broken()?;
        let mut open = self.pending();
        open.check()?;
        let transaction = match open.transaction.take() {
            Some(transaction) => transaction,
            None => self.begin_unflushed()?,
        };
        // Until it is back in its place.
        open.lost = true;
        let done = apply_all(&transaction, std::slice::from_ref(work))?;
        *open = Open { transaction: Some(transaction), lost: false };
        Ok(done)
    }

    /// Lets readers see all that was applied. Who writes by himself comes first to this, or he waits
    /// forever.
    ///
    /// # Errors
    /// The storage failed: fatal.
    pub(super) fn settle(&self) -> mvcc::Result<()> {
        let mut open = self.pending();
        open.check()?;
        let Some(transaction) = open.transaction.take() else { return Ok(()) };
        open.lost = true;
        self.commits.time(|| transaction.commit())?;
        open.lost = false;
        Ok(())
    }

    /// Whether a reader would have to wait for what is being applied.
    pub fn is_busy(&self) -> bool {
        self.open.try_lock().is_err()
    }

    fn begin_unflushed(&self) -> mvcc::Result<WriteTransaction> {
        let mut transaction = self.database().begin_write()?;
        transaction.set_durability(Durability::None)?;
        Ok(transaction)
    }
}
