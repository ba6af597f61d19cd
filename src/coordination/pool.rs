use crate::admission::Admission;
use crate::dial::{Dialler, Dress};
use crate::{CoordinationError, Result, pulse};
use mesoform_identity::Identity;
use mesoform_settings::QuorumClientSettings;
use std::sync::Arc;
use tokio::sync::watch;
use tokio_util::task::TaskTracker;
use tonic::transport::Channel;

/// The voters, of which one is in use: all calls stick to it until it fails one of them.
pub(crate) struct Pool {
    diallers: Vec<Dialler>,
    current: watch::Sender<Line>,
    /// Before all keys, where the quorum is an etcd of others.
    prefix: String,
    pub(crate) admission: Admission,
    /// Those that are under way, or being withdrawn.
    pub(crate) candidacies: TaskTracker,
}

/// The connection in use. Each change of the voter is a new line.
#[derive(Clone)]
pub(crate) struct Line {
    pub(crate) channel: Channel,
    number: u64,
    dialler: usize,
}

impl Pool {
    /// Connects to nobody yet, and starts to take the pulse of the voter in use.
    pub(crate) fn new(settings: &QuorumClientSettings, identity: &Identity) -> Result<Arc<Self>> {
        let dress = match &settings.etcd {
            Some(etcd) => Dress::of(etcd)?,
            None => Dress::own(identity)?,
        };
        let named = settings.endpoints.iter();
        let diallers: Vec<Dialler> =
            named.map(|name| Dialler::new(name, dress.clone())).collect::<Result<_>>()?;
        if diallers.is_empty() {
            return Err(CoordinationError::NoEndpoints);
        }
        // Clients spread over the voters.
        let dialler = rand::random_range(0..diallers.len());
        let line = Line { channel: diallers[dialler].channel(), number: 0, dialler };
        let pool = Arc::new(Self {
            diallers,
            current: watch::Sender::new(line),
            prefix: settings.etcd.as_ref().map(|etcd| etcd.prefix.clone()).unwrap_or_default(),
            admission: Admission::new(settings, identity),
            candidacies: TaskTracker::new(),
        });
        pulse::start(&pool);
        Ok(pool)
    }

    /// The key under which the quorum has what services know as `key`.
    pub(crate) fn key(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    /// What comes before all keys in the quorum.
    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }

    pub(crate) fn line(&self) -> Line {
        self.current.borrow().clone()
    }

    /// The endpoint in use.
    pub(crate) fn name(&self) -> &str {
        self.diallers[self.line().dialler].name()
    }

    /// How many voters there are to try.
    pub(crate) fn voters(&self) -> usize {
        self.diallers.len()
    }

    /// Goes on to the next voter, unless someone has already left `line`. With a single voter this
    /// is a new connection to it.
    pub(crate) fn leave(&self, line: &Line, cause: &str) {
        self.current.send_if_modified(|current| {
            if current.number != line.number {
                return false;
            }
            let dialler = (current.dialler + 1) % self.diallers.len();
            tracing::debug!(
                from = self.diallers[current.dialler].name(),
                to = self.diallers[dialler].name(),
                cause,
                "leaving a voter"
            );
            let channel = self.diallers[dialler].channel();
            *current = Line { channel, number: current.number + 1, dialler };
            true
        });
    }

    /// Returns once `line` has been left: what runs on it should run on the next one.
    pub(crate) async fn left(&self, line: &Line) {
        let mut changes = self.current.subscribe();
        // The sender lives as long as `self`: this cannot fail.
        let _ = changes.wait_for(|current| current.number != line.number).await;
    }
}
