use super::{LinkId, TaskKey};
use mesoform_mesos::{AgentInfo, OfferId, Resources};
use std::collections::BTreeSet;
use std::time::Duration;

/// An agent that is registered with this master; while its link is gone it may still come back.
#[derive(Debug)]
pub struct Agent {
    pub info: AgentInfo,
    pub link: Option<LinkId>,
    pub total: Resources,
    /// Held by its tasks that have not ended.
    pub used: Resources,
    pub offered: Resources,
    pub offers: BTreeSet<OfferId>,
    pub tasks: BTreeSet<TaskKey>,
    pub last_heard: Duration,
    /// It is being declared lost: the registry is told first.
    pub leaving: bool,
    /// Seconds since the Unix epoch.
    pub registered: f64,
}

impl Agent {
    /// What neither tasks nor offers have.
    pub fn free(&self) -> Resources {
        let mut free = self.total.clone();
        free.subtract(&self.used);
        free.subtract(&self.offered);
        free
    }

    /// One amount of what is free, in thousandths, without reckoning all of it.
    pub fn free_milli(&self, name: &str) -> u64 {
        let taken = self.used.milli(name) + self.offered.milli(name);
        self.total.milli(name).saturating_sub(taken)
    }

    /// Whether it can be offered from.
    pub fn is_active(&self) -> bool {
        self.link.is_some() && !self.leaving
    }
}
