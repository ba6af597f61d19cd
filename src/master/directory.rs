use crate::consensus::{Candidate, Leader};
use crate::engine::EngineHandle;
use std::time::Instant;
use tokio::sync::watch;

/// Who leads, and how to reach it: what every request asks first.
#[derive(Clone)]
pub struct Directory {
    pub us: Candidate,
    pub cluster: String,
    pub started: Instant,
    leader: watch::Receiver<Option<Leader>>,
    engine: watch::Receiver<Option<EngineHandle>>,
}

/// Where a request for the leading master goes.
pub enum Route {
    Here(EngineHandle),
    There(Leader),
    /// None leads, as far as is known.
    Nowhere,
}

/// One of the two ports of a master.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Port {
    /// 5050: for everyone, as the door says.
    Open,
    /// 5055: for the cluster's own parts, over mutual TLS.
    Mutual,
}

impl Port {
    /// Where the same port of `master` is: on the open one as Mesos says it, whatever the scheme.
    pub fn of(self, master: &Candidate) -> String {
        match self {
            Self::Open => format!("//{}", master.http),
            Self::Mutual => format!("https://{}", master.agents),
        }
    }
}

impl Directory {
    pub fn new(
        us: Candidate,
        cluster: String,
        leader: watch::Receiver<Option<Leader>>,
        engine: watch::Receiver<Option<EngineHandle>>,
    ) -> Self {
        Self { us, cluster, started: Instant::now(), leader, engine }
    }

    pub fn route(&self) -> Route {
        if let Some(engine) = self.engine.borrow().clone() {
            return Route::Here(engine);
        }
        // Elected but not working yet, or not any more: nowhere to send anyone.
        match self.leader() {
            Some(leader) if leader.candidate != self.us => Route::There(leader),
            _ => Route::Nowhere,
        }
    }

    pub fn leader(&self) -> Option<Leader> {
        self.leader.borrow().clone()
    }

    /// Waits until the leader, or what we are, changes.
    pub async fn changed(&mut self) -> bool {
        tokio::select! {
            changed = self.leader.changed() => changed.is_ok(),
            changed = self.engine.changed() => changed.is_ok(),
        }
    }
}
