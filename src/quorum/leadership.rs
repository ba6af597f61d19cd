use crate::raft::{Member, Raft};
use openraft::{RaftMetrics, ServerState};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// A change of leaders takes less.
const LOST: Duration = Duration::from_secs(3);
const FAR: Duration = Duration::from_secs(3600);

/// Who leads, as far as this voter knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leader {
    /// This one, and a majority has confirmed it a moment ago.
    Me,
    Other {
        id: u64,
        member: Member,
    },
    None,
}

/// Knows who leads.
#[derive(Clone)]
pub struct Leadership {
    metrics: watch::Receiver<RaftMetrics<u64, Member>>,
    me: u64,
    /// A leader that no majority has answered for so long does not count as one.
    patience: Duration,
}

impl Leadership {
    pub fn new(raft: &Raft, me: u64, patience: Duration) -> Self {
        Self { metrics: raft.metrics(), me, patience }
    }

    pub fn metrics(&self) -> RaftMetrics<u64, Member> {
        self.metrics.borrow().clone()
    }

    pub fn term(&self) -> u64 {
        self.metrics.borrow().current_term
    }

    /// The id of the leader that this voter last heard of; 0: none.
    pub fn id(&self) -> u64 {
        self.metrics.borrow().current_leader.unwrap_or(0)
    }

    pub fn now(&self) -> Leader {
        let metrics = self.metrics.borrow();
        match metrics.current_leader {
            Some(id) if id == self.me => self.own(&metrics),
            Some(id) => match metrics.membership_config.membership().get_node(&id) {
                Some(member) => Leader::Other { id, member: member.clone() },
                None => Leader::None,
            },
            None => Leader::None,
        }
    }

    fn own(&self, metrics: &RaftMetrics<u64, Member>) -> Leader {
        let silence = metrics.millis_since_quorum_ack.map(Duration::from_millis);
        let alone = metrics.membership_config.membership().voter_ids().count() == 1;
        let heard = alone || silence.is_some_and(|silence| silence < self.patience);
        if metrics.state == ServerState::Leader && heard { Leader::Me } else { Leader::None }
    }

    /// Waits until something has changed that may bear on who leads, but not beyond `deadline`;
    /// false: that is now.
    pub async fn changed(&mut self, deadline: Instant) -> bool {
        let waited = tokio::time::timeout_at(deadline, self.metrics.changed()).await;
        matches!(waited, Ok(Ok(())))
    }

    /// Waits until `condition` holds, but not beyond `deadline`.
    pub async fn wait_for(
        &mut self,
        deadline: Instant,
        condition: impl Fn(&Leader) -> bool,
    ) -> Leader {
        loop {
            let leader = self.now();
            if condition(&leader) || !self.changed(deadline).await {
                return leader;
            }
        }
    }

    /// Waits until there has been no leader for a while.
    pub async fn lost(mut self) {
        loop {
            self.wait_for(Instant::now() + FAR, |leader| *leader == Leader::None).await;
            let found =
                self.wait_for(Instant::now() + LOST, |leader| *leader != Leader::None).await;
            if found == Leader::None {
                return;
            }
        }
    }

    /// Waits for the end of this voter's Raft: why it ended.
    pub async fn stopped(mut self) -> String {
        loop {
            if let Err(fatal) = &self.metrics.borrow_and_update().running_state {
                return fatal.to_string();
            }
            if self.metrics.changed().await.is_err() {
                return "its task is gone".to_owned();
            }
        }
    }
}
