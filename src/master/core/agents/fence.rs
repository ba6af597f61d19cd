use crate::core::{Core, Refusal};
use mesoform_mesos::AgentId;
use mesoform_mesos::agent_protocol::{Fence, Subscribe};
use std::time::Duration;

/// How many such agents are remembered.
const MAX_FENCED: usize = 10_000;
/// Agents try again every few seconds: one that has not for so long is gone.
const FRESH: Duration = Duration::from_secs(60);

/// An agent that would refuse this master's orders.
#[derive(Debug)]
pub struct Fenced {
    pub id: Option<AgentId>,
    /// What it has obeyed.
    pub seen: Fence,
    /// When it came last.
    at: Duration,
}

impl Core {
    /// An agent that obeys another quorum, or a later leadership, is told so, rather than sent orders
    /// that it refuses.
    pub(super) fn check_fence(&mut self, subscribe: &Subscribe) -> Result<(), Refusal> {
        let leadership = self.term.leadership;
        let Some(seen) = subscribe.seen().filter(|seen| !seen.admits(leadership)) else {
            return Ok(());
        };
        let hostname = subscribe.info.hostname.clone();
        let (id, at) = (subscribe.agent_id.clone(), self.now.since_start);
        let known = self.fenced.contains_key(&hostname);
        if !known && self.fenced.len() >= MAX_FENCED {
            self.forget_fenced();
        }
        if known || self.fenced.len() < MAX_FENCED {
            self.fenced.insert(hostname.clone(), Fenced { id, seen, at });
        }
        if !known {
            tracing::warn!(host = hostname, %seen, %leadership, "an agent obeys other masters");
        }
        Err(Refusal::Fenced { seen, leadership })
    }

    /// The agents that would refuse orders, by their hosts.
    pub(in crate::core) fn fenced(&self) -> impl Iterator<Item = (&String, &Fenced)> {
        let now = self.now.since_start;
        self.fenced.iter().filter(move |(_, fenced)| fenced.is_fresh(now))
    }

    fn forget_fenced(&mut self) {
        let now = self.now.since_start;
        self.fenced.retain(|_, fenced| fenced.is_fresh(now));
    }
}

impl Fenced {
    fn is_fresh(&self, now: Duration) -> bool {
        now.saturating_sub(self.at) < FRESH
    }
}
