//! What the master wants of the quorum. [`Quorum`] is the real one; tests bring their own.

mod quorum;

pub use quorum::Quorum;

use crate::core::{AgentRecord, RegistryWrite};
use mesoform_mesos::agent_protocol::Fence;
use serde::{Deserialize, Serialize};
use std::future::Future;
use std::time::Duration;
use thiserror::Error;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Where a master is: its candidacy in the election "master".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    pub host: String,
    /// `host:port` of the HTTP APIs.
    pub http: String,
    /// `host:port` for agents.
    pub agents: String,
}

/// The leading master, as everyone can see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Leader {
    pub revision: i64,
    #[serde(flatten)]
    pub candidate: Candidate,
}

/// The quorum could not be asked.
#[derive(Debug, Clone, Error)]
#[error("{0}")]
pub struct NoConsensus(pub String);

/// Why the registry was not written.
#[derive(Debug, Clone, Error)]
pub enum NotWritten {
    /// Someone else leads.
    #[error("this master does not lead any more")]
    Deposed,
    /// To be tried again: it may also have been written.
    #[error("{0}")]
    TryAgain(String),
}

/// Elections and the registry.
pub trait Consensus: Clone + Send + Sync + 'static {
    type Term: Leadership;

    /// Whether there is consensus now.
    fn ready(&self) -> impl Future<Output = Result<(), NoConsensus>> + Send;

    /// Waits until elected.
    fn campaign(
        &self,
        candidate: &Candidate,
        ttl: Duration,
    ) -> impl Future<Output = Result<Self::Term, NoConsensus>> + Send;

    /// Who leads, kept up.
    fn leader(&self) -> watch::Receiver<Option<Leader>>;

    /// All agents of the registry.
    fn agents(&self) -> impl Future<Output = Result<Vec<AgentRecord>, NoConsensus>> + Send;
}

/// An election won; over when dropped.
pub trait Leadership: Send + Sync + 'static {
    /// The fencing token.
    fn fence(&self) -> Fence;

    /// Whether it still holds, by the clock of this moment.
    fn is_current(&self) -> bool;

    /// Cancelled when it is over.
    fn lost(&self) -> CancellationToken;

    /// Writes all or nothing, and only under this leadership; no agent twice, at most
    /// [`MAX_WRITES`].
    fn write(
        &self,
        writes: &[RegistryWrite],
    ) -> impl Future<Output = Result<(), NotWritten>> + Send;

    /// Gives it up, so that another leads at once.
    fn resign(self) -> impl Future<Output = ()> + Send;
}

/// As many changes go into one transaction.
pub const MAX_WRITES: usize = 100;
