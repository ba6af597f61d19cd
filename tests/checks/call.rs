use std::sync::atomic::{AtomicU64, Ordering};

/// The order in which things happened in the test: each reading is later than all before it.
#[derive(Debug, Default)]
pub struct Clock(AtomicU64);

impl Clock {
    pub fn tick(&self) -> u64 {
        self.0.fetch_add(1, Ordering::SeqCst) + 1
    }
}

/// One request of a client, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    pub client: u64,
    /// The reading of the [`Clock`] right before it was sent.
    pub asked: u64,
    pub ask: Ask,
    pub outcome: Outcome,
}

/// What a client asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// `serializable`: from the state of one voter, however old. `revision`: 0 is the newest.
    Read { keys: Keys, serializable: bool, revision: i64 },
    /// All changes, or none where the guard does not hold: the key must have been changed last at
    /// this revision (0: it must not exist).
    Write { guard: Option<(String, i64)>, changes: Vec<Change> },
}

/// Which keys are read or watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keys {
    One(String),
    Prefix(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// `lease`: 0 is none.
    Put {
        key: String,
        value: String,
        lease: i64,
    },
    Delete {
        key: String,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// `at` is the reading of the [`Clock`] right after the answer came.
    Done { at: u64, answer: Answer },
    /// Certainly nothing was changed.
    Failed,
    /// Nobody knows whether it was carried out, or still will be.
    Unknown,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// `revision` is the one in the head of the answer.
    Read { revision: i64, found: Vec<Found> },
    /// `deleted`: how many keys each of the deletions found.
    Written { revision: i64, deleted: Vec<i64> },
    /// The guard did not hold; this was found under its key instead.
    Refused { revision: i64, found: Option<Found> },
}

/// A key with its value, as the service shows it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Found {
    pub key: String,
    pub value: String,
    pub created: i64,
    pub modified: i64,
    pub version: i64,
    pub lease: i64,
}

impl Keys {
    pub fn contain(&self, key: &str) -> bool {
        match self {
            Self::One(one) => one == key,
            Self::Prefix(prefix) => key.starts_with(prefix),
        }
    }
}

impl Change {
    pub fn key(&self) -> &str {
        match self {
            Self::Put { key, .. } | Self::Delete { key } => key,
        }
    }
}

impl Answer {
    pub fn revision(&self) -> i64 {
        match self {
            Self::Read { revision, .. }
            | Self::Written { revision, .. }
            | Self::Refused { revision, .. } => *revision,
        }
    }

    /// Everything that it shows.
    pub fn found(&self) -> &[Found] {
        match self {
            Self::Read { found, .. } => found,
            Self::Written { .. } => &[],
            Self::Refused { found, .. } => found.as_slice(),
        }
    }
}

impl Call {
    /// What it may have changed.
    pub fn changes(&self) -> &[Change] {
        match &self.ask {
            Ask::Read { .. } => &[],
            Ask::Write { changes, .. } => changes,
        }
    }

    pub(crate) fn answer(&self) -> Option<(u64, &Answer)> {
        match &self.outcome {
            Outcome::Done { at, answer } => Some((*at, answer)),
            Outcome::Failed | Outcome::Unknown => None,
        }
    }
}
