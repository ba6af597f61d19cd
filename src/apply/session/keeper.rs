use super::pulse::Pulse;
use crate::state::State;
use crate::{ApplyError, Result, lock};
use mesoform_plan::Lock;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// A sixth of the lock's term.
const RENEW: Duration = Duration::from_millis(Lock::RENEW_MS.unsigned_abs());

/// Holds the host's lock as long as it lives, and renews it.
pub struct Keeper {
    state: State,
    pulse: Arc<Pulse>,
    held: Arc<Mutex<Result<Lock>>>,
    /// Dropped to end the thread.
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    pub fn take(state: &State, owner: &str, run_id: &str, pulse: &Arc<Pulse>) -> Result<Self> {
        let taken = lock::take(state, owner, run_id, pulse.silence())?;
        let held = Arc::new(Mutex::new(Ok(taken)));
        let (stop, stopped) = channel();
        let (ours, place, operator) = (held.clone(), state.clone(), pulse.clone());
        let thread = std::thread::spawn(move || {
            while stopped.recv_timeout(RENEW) == Err(RecvTimeoutError::Timeout) {
                renew(&place, &ours, &operator);
            }
        });
        let (state, pulse) = (state.clone(), pulse.clone());
        Ok(Self { state, pulse, held, stop: Some(stop), thread: Some(thread) })
    }

    /// The lock, renewed just now.
    pub fn lock(&self) -> Result<Lock> {
        renew(&self.state, &self.held, &self.pulse);
        match &*open(&self.held) {
            Ok(lock) => Ok(lock.clone()),
            Err(ApplyError::LockLost { by }) => Err(ApplyError::LockLost { by: by.clone() }),
            Err(_) => Err(ApplyError::LockLost { by: None }),
        }
    }

    pub fn release(mut self) -> Result<()> {
        self.end();
        match &*open(&self.held) {
            Ok(lock) => lock::release(&self.state, lock),
            Err(_) => Ok(()),
        }
    }

    /// Lets the lock run out by itself: a job still works.
    pub fn abandon(mut self) {
        self.end();
    }

    fn end(&mut self) {
        drop(self.stop.take());
        drop(self.thread.take().map(JoinHandle::join));
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.end();
    }
}

/// A lock that another took is lost for good; a disk that is full now may not be next time.
fn renew(state: &State, held: &Mutex<Result<Lock>>, pulse: &Pulse) {
    let mut held = open(held);
    let Ok(lock) = &*held else { return };
    match lock::renew(state, lock, pulse.silence()) {
        Err(ApplyError::Io { .. }) => {}
        renewed => *held = renewed,
    }
}

fn open(held: &Mutex<Result<Lock>>) -> MutexGuard<'_, Result<Lock>> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}
