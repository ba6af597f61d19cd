use super::Unreachable;
use crate::core::{AgentRecord, Core, Effect, RegistryWrite, Timer};
use mesoform_mesos::AgentId;
use std::collections::BTreeSet;

/// How long a lost agent is remembered, in seconds: upstream's two weeks.
const MAX_UNREACHABLE_SECONDS: f64 = 14.0 * 24.0 * 3600.0;
/// How many lost agents are remembered.
const MAX_UNREACHABLE: usize = 10_000;

impl Core {
    /// Starts from what the registry knows.
    pub(in crate::core) fn recover(&mut self, records: Vec<AgentRecord>) {
        for record in records {
            let id = record.id.clone();
            self.note_host(&id, &record.hostname);
            if record.unreachable_since.is_some() {
                self.unreachable.insert(id, Unreachable { record, tasks: BTreeSet::new() });
            } else {
                self.recovering.insert(id, record);
            }
        }
        if !self.recovering.is_empty() {
            self.timers.set(Timer::Reregister, self.now + self.limits.reregister);
        }
        self.forget_unreachable();
    }

    /// The time to come back is over.
    pub(in crate::core) fn declare_missing_lost(&mut self) {
        for record in self.recovering.values() {
            let record = AgentRecord { unreachable_since: Some(self.now.unix), ..record.clone() };
            self.effects.push(Effect::Write(RegistryWrite::Put(record)));
        }
    }

    /// Drops lost agents that nobody waits for any more.
    pub(in crate::core) fn forget_unreachable(&mut self) {
        let since = |u: &Unreachable| u.record.unreachable_since.unwrap_or(0.0);
        let horizon = self.now.unix - MAX_UNREACHABLE_SECONDS;
        let mut old: Vec<AgentId> = self
            .unreachable
            .iter()
            .filter(|(_, u)| since(u) < horizon)
            .map(|(id, _)| id.clone())
            .collect();
        if old.is_empty() && self.unreachable.len() > MAX_UNREACHABLE {
            let oldest = self.unreachable.iter().min_by(|a, b| since(a.1).total_cmp(&since(b.1)));
            old.extend(oldest.map(|(id, _)| id.clone()));
        }
        for id in old {
            self.forget_agent(&id);
        }
    }
}
