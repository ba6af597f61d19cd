use crate::disk::Stored;
use mesoform_mesos::AgentId;
use mesoform_mesos::agent_protocol::{Fence, QuorumId};
use serde::{Deserialize, Serialize};

/// `agent.json`: what outlives restarts and reboots.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    pub format: u32,
    pub agent_id: Option<AgentId>,
    /// The host that it was given to; not in format 1.
    #[serde(default)]
    pub hostname: Option<String>,
    /// The highest leadership that orders were taken from.
    pub seen_leadership: i64,
    /// Its quorum; not in format 1, whose leaderships say nothing.
    #[serde(default)]
    pub seen_quorum: Option<QuorumId>,
}

impl Kept {
    /// As it is for a host of this name. An id that was given to it under another name would be refused
    /// for ever: masters take it for another host's.
    pub fn of_host(mut self, hostname: &str) -> Self {
        if self.hostname.as_deref().is_some_and(|known| known != hostname) {
            tracing::warn!(
                before = self.hostname,
                hostname,
                "this host joins anew, by its new name"
            );
            self.agent_id = None;
        }
        self.hostname = Some(hostname.to_owned());
        self
    }

    /// What was obeyed so far, if anyone.
    pub fn obeyed(&self) -> Option<Fence> {
        self.seen_quorum.map(|quorum| Fence::new(quorum, self.seen_leadership))
    }

    /// From now on. A version that knows no quorums would obey any of them: it must not read this file.
    pub fn obeys(&mut self, leadership: Fence) {
        self.format = Self::FORMAT;
        (self.seen_quorum, self.seen_leadership) = (Some(leadership.quorum), leadership.revision);
    }
}

impl Default for Kept {
    fn default() -> Self {
        Self {
            format: Self::FORMAT,
            agent_id: None,
            hostname: None,
            seen_leadership: 0,
            seen_quorum: None,
        }
    }
}

impl Stored for Kept {
    const FORMAT: u32 = 2;
    fn format(&self) -> u32 {
        self.format
    }
}
