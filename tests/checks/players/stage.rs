use crate::{Call, Clock};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// The keys of the clients, and of the lessees.
pub const KEYS: &str = "k/";
pub const LEASED: &str = "l/";
/// Written last: whoever has seen it has seen all.
pub const LAST: &str = "k/last";
/// The election that candidates stand in, and what those who lead put, as `fence:anything`.
pub const ELECTION: &str = "trial";
pub const LOG: &str = "/trial/log";
/// As in etcd's recipe for elections.
pub const ELECTION_KEYS: &str = "/mesoform/election/trial/";

/// What all players of a trial share.
pub struct Stage {
    pub clock: Clock,
    pub start: Instant,
    /// No new requests.
    pub stop: CancellationToken,
    pub calls: Mutex<Vec<Call>>,
    /// When the end of each leased key was first seen.
    pub ended: Mutex<HashMap<String, Duration>>,
    /// Calls that were answered.
    pub done: AtomicU64,
    numbers: AtomicU64,
}

impl Stage {
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            clock: Clock::default(),
            start: Instant::now(),
            stop: CancellationToken::new(),
            calls: Mutex::default(),
            ended: Mutex::default(),
            done: AtomicU64::new(0),
            numbers: AtomicU64::new(0),
        })
    }

    /// A number that nobody else gets.
    pub fn number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    pub fn now(&self) -> Duration {
        self.start.elapsed()
    }

    pub fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    /// Waits until so many calls were answered since the beginning, but not much longer than `patience`:
    /// on a machine that has much else to do a fixed time may prove nothing.
    pub async fn until_done(&self, calls: u64, patience: Duration) {
        let end = Instant::now() + patience;
        while self.done() < calls && Instant::now() < end {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}
