use crate::raft::{Member, Membership};
use openraft::RaftMetrics;

/// Who can lead next: the voter that has most of the log, of those that are there. With `wanted` only
/// that one.
pub fn successor(
    metrics: &RaftMetrics<u64, Member>,
    wanted: Option<u64>,
    is_there: impl Fn(u64) -> bool,
) -> Option<u64> {
    let others = others(&metrics.membership_config, metrics.id);
    let candidates = others.into_iter().filter(|id| wanted.is_none_or(|wanted| wanted == *id));
    candidates.filter(|id| is_there(*id)).max_by_key(|id| matched(metrics, *id))
}

/// The voters but `me`.
pub fn others(membership: &Membership, me: u64) -> Vec<u64> {
    membership.membership().voter_ids().filter(|id| *id != me).collect()
}

/// Whether a voter has all of this leader's log.
pub fn has_all(metrics: &RaftMetrics<u64, Member>, id: u64) -> bool {
    matched(metrics, id) >= metrics.last_log_index
}

/// Up to which index a voter has this leader's log.
fn matched(metrics: &RaftMetrics<u64, Member>, id: u64) -> Option<u64> {
    metrics.replication.as_ref()?.get(&id).copied().flatten().map(|id| id.index)
}

#[cfg(test)]
mod tests {
    use super::*;
    use openraft::{CommittedLeaderId, LogId, Membership as Voters};
    use std::collections::{BTreeMap, BTreeSet};

    /// A leader 1 with the voters 1 to 4 and the learner 5.
    fn metrics(matched: &[(u64, u64)]) -> RaftMetrics<u64, Member> {
        let mut metrics = RaftMetrics::new_initial(1);
        let nodes: BTreeMap<u64, Member> = (1..=5).map(|id| (id, Member::default())).collect();
        let voters = Voters::new(vec![BTreeSet::from([1, 2, 3, 4])], nodes);
        metrics.membership_config = std::sync::Arc::new(Membership::new(None, voters));
        metrics.last_log_index = Some(9);
        let log_id = |index| Some(LogId::new(CommittedLeaderId::new(1, 1), index));
        metrics.replication = Some(matched.iter().map(|(id, at)| (*id, log_id(*at))).collect());
        metrics
    }

    #[test]
    fn the_one_with_most_of_the_log_leads_next() {
        let metrics = metrics(&[(2, 7), (3, 9), (4, 8), (5, 9)]);
        assert_eq!(successor(&metrics, None, |_| true), Some(3));
        assert_eq!(successor(&metrics, None, |id| id != 3), Some(4));
        assert_eq!(successor(&metrics, None, |_| false), None);
        assert!(has_all(&metrics, 3) && !has_all(&metrics, 4) && !has_all(&metrics, 6));
    }

    #[test]
    fn only_a_voter_that_is_wanted_does() {
        let metrics = metrics(&[(2, 7), (3, 9), (4, 8), (5, 9)]);
        assert_eq!(successor(&metrics, Some(2), |_| true), Some(2));
        assert_eq!(successor(&metrics, Some(5), |_| true), None, "a learner");
        assert_eq!(successor(&metrics, Some(1), |_| true), None, "itself");
    }
}
