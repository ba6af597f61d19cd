use super::{Roster, RosterMember};
use crate::Reports;
use crate::report::{QuorumView, quorum_views};
use std::collections::{BTreeMap, BTreeSet};

/// The quorum as it was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Seen {
    /// Empty where no quorum was ever formed, or none of its voters could be asked.
    pub members: Vec<RosterMember>,
    /// The voters that run on hosts that could be asked, members or not, by the hosts' names.
    pub running: BTreeMap<String, Running>,
}

/// What a running voter says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Running {
    pub id: u64,
    /// Its data was part of a quorum, this one or another.
    pub has_data: bool,
    pub has_leader: bool,
}

impl From<&QuorumView> for Running {
    fn from(view: &QuorumView) -> Self {
        Self { id: view.member_id, has_data: view.raft_index > 0, has_leader: view.leader_id != 0 }
    }
}

impl Seen {
    /// What the hosts tell. Whom a member reaches is not among it: nobody counts as alive.
    pub fn of(reports: &Reports) -> Self {
        let views: Vec<(&String, &QuorumView)> = quorum_views(reports).collect();
        // Who has a leader knows better than who has none, and who has more of the log than others.
        let best = views.iter().max_by_key(|(_, view)| (view.leader_id != 0, view.raft_index));
        let members = best.map(|(_, view)| view.roster.clone()).unwrap_or_default();
        let running = views.iter().map(|(host, view)| ((*host).clone(), Running::from(*view)));
        Self { members, running: running.collect() }
    }

    pub fn new(roster: Roster, running: BTreeMap<String, Running>) -> Self {
        Self { members: roster.members, running }
    }

    pub(crate) fn voters(&self) -> impl Iterator<Item = &RosterMember> {
        self.members.iter().filter(|member| !member.learner)
    }

    pub(super) fn voter(&self, name: &str) -> Option<&RosterMember> {
        self.voters().find(|voter| voter.name == name)
    }

    /// Whether the host votes, under the id that it has now as far as that is known.
    pub fn votes(&self, name: &str) -> bool {
        let runs_as = |id| self.running.get(name).is_none_or(|running| running.id == id);
        self.voter(name).is_some_and(|voter| runs_as(voter.id))
    }

    /// Whether a majority of the voters of `ids` is alive.
    pub(super) fn agree(&self, ids: &BTreeSet<u64>) -> bool {
        let alive = self.members.iter().filter(|m| m.alive && ids.contains(&m.id)).count();
        alive > ids.len() / 2
    }

    pub(super) fn ids(&self) -> BTreeSet<u64> {
        self.voters().map(|voter| voter.id).collect()
    }
}
