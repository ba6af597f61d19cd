use super::{LevelError, Levels};
use crate::data_dir::DataDir;
use crate::wire::Envelope;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use tokio::sync::watch;

type Result<T, E = LevelError> = std::result::Result<T, E>;

/// At which level the cluster is, and which ones its members know. Clones share it.
#[derive(Clone, Default)]
pub struct Ladder(Arc<Inner>);

#[derive(Default)]
struct Inner {
    own: Levels,
    /// Where it is noted what it takes to read the data; none: nobody needs to know.
    record: OnceLock<Arc<Mutex<DataDir>>>,
    /// What is noted there.
    noted: AtomicU32,
    /// The cluster's, as far as the state has come; 0: it has not come anywhere.
    cluster: AtomicU32,
    /// What other members know, where they have said so lately.
    others: Mutex<BTreeMap<u64, Levels>>,
    outgrown: watch::Sender<Option<LevelError>>,
}

/// What a message says of its sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// How the message is to be read.
    pub protocol: u32,
    pub oldest: u32,
    pub newest: u32,
    /// The cluster's level, as far as the sender knows.
    pub level: u32,
}

impl Ladder {
    /// Of a voter that knows these.
    pub fn new(own: Levels) -> Self {
        Self(Arc::new(Inner { own, ..Inner::default() }))
    }

    /// From now on it is noted in `record` what it takes to read the data.
    ///
    /// # Errors
    /// As of [`Self::expect`].
    pub fn note_in(&self, record: Arc<Mutex<DataDir>>) -> Result<()> {
        // It is told once; another one would be as good.
        let _ = self.0.record.set(record);
        self.expect(self.level())
    }

    /// The levels that this voter knows.
    pub fn own(&self) -> Levels {
        self.0.own
    }

    /// The cluster's level: what is written may be of this one, and of no later one.
    pub fn level(&self) -> u32 {
        self.0.cluster.load(Ordering::Acquire).max(self.0.own.oldest())
    }

    /// The state has come to this level.
    pub fn stand_at(&self, level: u32) {
        self.0.cluster.store(level, Ordering::Release);
    }

    /// What of this level is to be written here may be: that it takes such a version to read the data is
    /// noted first.
    ///
    /// # Errors
    /// This version does not know it, and must end; or it cannot be noted.
    pub fn expect(&self, level: u32) -> Result<()> {
        let known = self.0.own;
        if level > known.newest() {
            return Err(self.outgrow(LevelError::Outgrown { level, known }));
        }
        if level <= self.0.noted.load(Ordering::Acquire) {
            return Ok(());
        }
        if let Some(record) = self.0.record.get() {
            let mut record = record.lock().unwrap_or_else(PoisonError::into_inner);
            let noted = record.remember_format(level);
            noted.map_err(|e| LevelError::Unnoted { level, cause: e.to_string() })?;
        }
        self.0.noted.fetch_max(level, Ordering::AcqRel);
        Ok(())
    }

    /// Notes that this version is too old for its cluster.
    pub fn outgrow(&self, error: LevelError) -> LevelError {
        self.0.outgrown.send_replace(Some(error.clone()));
        error
    }

    /// Why this version is too old for its cluster, once it is.
    pub async fn outgrown(&self) -> LevelError {
        let mut outgrown = self.0.outgrown.subscribe();
        let told = outgrown.wait_for(Option::is_some).await.ok().and_then(|told| told.clone());
        match told {
            Some(error) => error,
            // Cannot be: this one holds the sender.
            None => std::future::pending().await,
        }
    }

    /// As [`Self::outgrown`], if it is now.
    pub fn is_outgrown(&self) -> Option<LevelError> {
        self.0.outgrown.borrow().clone()
    }
}

/// What the others know.
impl Ladder {
    fn others(&self) -> MutexGuard<'_, BTreeMap<u64, Levels>> {
        self.0.others.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes which levels the member `id` knows.
    pub fn hear(&self, id: u64, known: Levels) {
        self.others().insert(id, known);
    }

    /// A member did not answer: when it does again, it may be of another version.
    pub fn forget(&self, id: u64) {
        self.others().remove(&id);
    }

    /// What the member `id` has said of itself.
    pub fn of(&self, id: u64) -> Option<Levels> {
        self.others().get(&id).copied()
    }

    /// What a message to a member says. It is to be read at the cluster's level, whatever that member has said
    /// of itself: all know that one, and he may have come back as an older version since.
    pub fn mark(&self) -> Mark {
        let (oldest, newest) = self.0.own.to_tell();
        let level = if self.0.own.are_told() { self.level() } else { 0 };
        Mark { protocol: self.level(), oldest, newest, level }
    }

    /// Learns from a message of another voter of the same cluster, before anything of it is kept. What
    /// stands in an envelope means the same at every level.
    ///
    /// # Errors
    /// This version is too old for the cluster, or the other one is; or they do not understand each other.
    pub fn meet(&self, envelope: &Envelope) -> Result<()> {
        if self.0.own.are_told() {
            // First: who is outgrown need not understand anything else.
            self.expect(envelope.level)?;
            self.admit("the voter that says this", envelope.levels())?;
        }
        self.understand(envelope)
    }

    fn understand(&self, envelope: &Envelope) -> Result<()> {
        let (own, theirs) = (self.0.own, envelope.levels());
        let apart = |theirs| {
            let who = "the voter that says this".to_owned();
            LevelError::NothingInCommon { who, theirs, own }
        };
        own.common(theirs).ok_or_else(|| apart(theirs))?;
        // It does not know yet that this voter is of another version now.
        if !own.contain(envelope.protocol) {
            return Err(apart(Levels::heard(envelope.protocol, envelope.protocol)));
        }
        Ok(())
    }

    /// Whether a voter that knows these levels can take part in the cluster.
    ///
    /// # Errors
    /// It cannot.
    pub fn admit(&self, who: &str, theirs: Levels) -> Result<()> {
        let level = self.level();
        if theirs.contain(level) {
            return Ok(());
        }
        Err(LevelError::Unfit { who: who.to_owned(), theirs, level })
    }
}
