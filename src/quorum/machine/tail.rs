use super::work::Work;
use super::{DefragmentError, State};
use std::sync::{MutexGuard, PoisonError};

/// More than about so many bytes are not remembered.
const MOST: usize = 64 * 1024 * 1024;

/// What was applied to the state since a copy of it was begun. What the copy gets too, comes out the
/// same: applying depends on nothing else.
#[derive(Default)]
pub struct Tail {
    works: Vec<Work>,
    bytes: usize,
    lost: Option<Lost>,
}

/// Why the copy cannot become the same any more.
#[derive(Clone, Copy)]
enum Lost {
    TooMuch,
    Replaced,
}

impl Tail {
    fn check(&self) -> Result<(), DefragmentError> {
        match self.lost {
            None => Ok(()),
            Some(Lost::TooMuch) => Err(DefragmentError::TooMuch),
            Some(Lost::Replaced) => Err(DefragmentError::Replaced),
        }
    }
}

impl State {
    fn tail(&self) -> MutexGuard<'_, Option<Tail>> {
        self.tail.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers from now on what is applied.
    pub(super) fn begin_tail(&self) {
        *self.tail() = Some(Tail::default());
    }

    pub(super) fn end_tail(&self) {
        *self.tail() = None;
    }

    /// Notes what was applied.
    pub(super) fn note(&self, work: Work) {
        let mut tail = self.tail();
        let Some(tail) = tail.as_mut().filter(|tail| tail.lost.is_none()) else { return };
        tail.bytes += work.weight();
        tail.works.push(work);
        if tail.bytes > MOST {
            *tail = Tail { lost: Some(Lost::TooMuch), ..Tail::default() };
        }
    }

    /// Notes that the state became another.
    pub(super) fn note_replaced(&self) {
        if let Some(tail) = self.tail().as_mut() {
            *tail = Tail { lost: Some(Lost::Replaced), ..Tail::default() };
        }
    }

    /// Whether what was applied is still remembered.
    ///
    /// # Errors
    /// Why not.
    pub(super) fn check_tail(&self) -> Result<(), DefragmentError> {
        self.tail().as_ref().map_or(Ok(()), Tail::check)
    }

    /// What was applied since the last call.
    ///
    /// # Errors
    /// It is not remembered.
    pub(super) fn take_tail(&self) -> Result<Vec<Work>, DefragmentError> {
        let mut tail = self.tail();
        let Some(tail) = tail.as_mut() else { return Ok(Vec::new()) };
        // In one go: what is lost in between must stay known.
        tail.check()?;
        tail.bytes = 0;
        Ok(std::mem::take(&mut tail.works))
    }
}
