use super::patience::{Patience, Verdict};
use crate::Limits;
use crate::places::Place;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;
use tokio::time::Instant;

/// One connection, as all who work on it share it: its socket, its requests, its answers, and the loop
/// that watches over the clock.
#[derive(Debug)]
pub(crate) struct Link {
    patience: Mutex<Patience>,
    place: Place,
    sooner: Notify,
}

impl Link {
    pub(crate) fn new(limits: &Limits, place: Place, known: bool) -> Arc<Self> {
        let patience = Mutex::new(Patience::new(limits, known, Instant::now()));
        Arc::new(Self { patience, place, sooner: Notify::new() })
    }

    /// The caller has shown that he knows a password.
    pub(crate) fn trust(&self) {
        self.patience().trust();
        self.place.trust();
    }

    pub(super) fn read(&self) {
        self.tell(Patience::read);
    }

    pub(super) fn wrote(&self) {
        self.tell(Patience::wrote);
    }

    pub(super) fn flushed(&self) {
        self.tell(Patience::flushed);
    }

    pub(super) fn blocked(&self) {
        self.tell(Patience::blocked);
    }

    /// A request came; it counts as open until the handle is dropped.
    pub(super) fn asked(self: &Arc<Self>, multiplexed: bool) -> Open {
        let answer = self.patience().asked(multiplexed, Instant::now());
        Open { link: self.clone(), answer }
    }

    /// Waits until the connection has been on as it is for too long.
    pub(super) async fn exhausted(&self) -> Verdict {
        loop {
            let sooner = self.sooner.notified();
            let until = self.patience().arm();
            tokio::select! {
                () = sooner => continue,
                () = sleep_until(until) => {}
            }
            if let Some(verdict) = self.patience().verdict(Instant::now()) {
                return verdict;
            }
        }
    }

    fn tell(&self, happened: impl FnOnce(&mut Patience, Instant) -> bool) {
        let sooner = happened(&mut self.patience(), Instant::now());
        if sooner {
            self.sooner.notify_one();
        }
    }

    fn patience(&self) -> MutexGuard<'_, Patience> {
        // Nothing panics while it is held.
        self.patience.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn sleep_until(until: Option<Instant>) {
    match until {
        Some(until) => tokio::time::sleep_until(until).await,
        None => std::future::pending().await,
    }
}

/// A request that is not answered to its end.
#[derive(Debug)]
pub(crate) struct Open {
    link: Arc<Link>,
    answer: u64,
}

impl Open {
    /// A piece of the answer was handed over.
    pub(super) fn offered(&self) {
        self.link.tell(|patience, now| patience.offered(self.answer, now));
    }

    /// It was taken.
    pub(super) fn taken(&self) {
        self.link.patience().taken(self.answer);
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.link.tell(|patience, now| patience.answered(self.answer, now));
    }
}
