use crate::call::CALL;
use crate::claim::claim;
use crate::list::{list, range};
use crate::pool::Pool;
use crate::watch::watch;
use crate::{
    Entry, Leader, Leadership, Position, Result, WatchEvent, admission, election, observe,
};
use mesoform_etcd::pb::RangeRequest;
use mesoform_identity::Identity;
use mesoform_settings::QuorumClientSettings;
use std::sync::Arc;
use std::time::Duration;
use tokio_stream::Stream;

/// Read to find out whether there is consensus; it need not exist.
const CONSENSUS_KEY: &str = "/mesoform/consensus";

/// A service's access to the quorum. Cheap to clone; all clones share a connection.
///
/// Each call tries one voter after another, for 5 s in all. Reads are linearizable.
#[derive(Clone)]
pub struct Coordination {
    pool: Arc<Pool>,
}

impl Coordination {
    /// Prepares the access; connects only when it is used. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// An endpoint is not `host:port`, or there is none; the identity is unusable.
    pub fn connect(settings: &QuorumClientSettings, identity: &Identity) -> Result<Self> {
        Ok(Self { pool: Pool::new(settings, identity)? })
    }

    /// Whether the quorum has consensus now: one linearizable read. Before the first one, whether an etcd
    /// of others may stand in its place.
    ///
    /// # Errors
    /// It has not, or cannot be reached; it may not.
    pub async fn consensus(&self) -> Result<()> {
        admission::admit(&self.pool).await?;
        self.get(CONSENSUS_KEY).await.map(drop)
    }

    /// The entry of `key`, if there is one.
    ///
    /// # Errors
    /// The quorum does not answer, or refuses.
    pub async fn get(&self, key: &str) -> Result<Option<Entry>> {
        let key = self.pool.key(key).into();
        let request = RangeRequest { key, limit: 1, ..Default::default() };
        let answer = range(&self.pool, "get", request).await?;
        let entry = answer.kvs.into_iter().next().map(Entry::from);
        Ok(entry.map(|entry| entry.without(self.pool.prefix())))
    }

    /// All entries below `prefix` in order of their keys, as they were at one revision, and where that
    /// was: [`Self::watch`] from the next one to miss nothing.
    ///
    /// # Errors
    /// The quorum does not answer, or refuses.
    pub async fn list(&self, prefix: &str) -> Result<(Vec<Entry>, Position)> {
        list(&self.pool, prefix).await
    }

    /// Puts `value` down at `key` where nothing is, and forgets the keys of `forget` with it; returns what was there
    /// before, when nothing is changed. An answer that got lost makes it look as if somebody else had been first,
    /// with the same value.
    ///
    /// # Errors
    /// The quorum does not answer, or refuses.
    pub async fn claim(
        &self,
        key: &str,
        value: Vec<u8>,
        forget: Vec<String>,
    ) -> Result<Option<Entry>> {
        claim(&self.pool, key, value, forget).await
    }

    /// Stands for `election` and waits until elected, through whatever outages. Dropping the future
    /// withdraws the candidacy.
    ///
    /// `candidate` is what [`Self::observe`] shows of the leader. `ttl` is how long the leadership
    /// outlives a leader that stops answering: whole seconds, rounded up, at least one. A leader that
    /// cannot reach the quorum counts itself deposed after two thirds of it.
    ///
    /// # Errors
    /// Only what no waiting cures: the quorum refuses this service.
    pub async fn campaign(
        &self,
        election: &str,
        candidate: Vec<u8>,
        ttl: Duration,
    ) -> Result<Leadership> {
        election::campaign(&self.pool, election, candidate, ttl).await
    }

    /// Waits until all candidacies and leaderships that were given up are withdrawn; seconds at most. A
    /// service that ends without it may leave a candidate behind that is elected and does nothing, until
    /// its lease ends.
    pub async fn withdrawn(&self) {
        self.pool.candidacies.close();
        // The quorum lets the leases go by itself.
        let _ = tokio::time::timeout(CALL, self.pool.candidacies.wait()).await;
    }

    /// Who leads in `election`; kept up until the receiver is dropped. While the quorum cannot be
    /// reached it shows whom it saw last.
    pub fn observe(&self, election: &str) -> tokio::sync::watch::Receiver<Option<Leader>> {
        observe::observe(&self.pool, election)
    }

    /// All changes below `prefix` from `from` on, in order, none twice and none left out, whatever breaks
    /// in between. After [`WatchEvent::Compacted`] the stream ends: also at once, where `from` is of
    /// another quorum.
    pub fn watch(
        &self,
        prefix: &str,
        from: Position,
    ) -> impl Stream<Item = WatchEvent> + Send + Unpin + use<> {
        watch(&self.pool, prefix, from)
    }
}

impl std::fmt::Debug for Coordination {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Coordination").finish_non_exhaustive()
    }
}
