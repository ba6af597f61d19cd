//! Who votes in the quorum, held against the inventory.

use super::{Health, Views};
use crate::report::QuorumView;
use crate::{ClusterSpec, Service};

impl Health {
    /// Only a voter with a leader knows who belongs to the quorum.
    pub(super) fn members(&mut self, spec: &ClusterSpec, views: &Views) {
        let knows = |view: &&QuorumView| view.leader_id != 0 && !view.roster.is_empty();
        let voters = views.quorum.iter().map(|(_, view)| *view);
        let Some(best) = voters.filter(knows).max_by_key(|view| view.raft_index) else { return };
        for host in spec.with(Service::Quorum) {
            let Some((_, view)) = views.quorum.iter().find(|(name, _)| *name == host.name) else {
                continue;
            };
            match best.roster.iter().find(|member| member.id == view.member_id) {
                Some(member) if member.learner => {
                    let what = "its voter has the quorum's data, but no vote";
                    self.ail(Some(host), what, "`mesoform up` gives it one");
                }
                Some(_) => {}
                None => {
                    let what = "its voter is no member of the quorum";
                    self.ail(Some(host), what, "`mesoform up` takes it in");
                }
            }
        }
        for member in &best.roster {
            if !spec.with(Service::Quorum).any(|host| host.name == member.name) {
                let what = format!(
                    "{} is in the quorum, though not among the inventory's voters",
                    member.name
                );
                self.warn(None, what, "`mesoform up --prune` takes it out");
            }
        }
    }
}
