use crate::leadership::Leadership;
use crate::raft::{Member, Membership};
use mesoform_etcd::pb;
use std::collections::BTreeSet;

/// The members as etcd's clients know them.
pub fn roster(leadership: &Leadership) -> Vec<pb::Member> {
    roster_of(&leadership.metrics().membership_config)
}

/// The members as this one has them.
pub fn roster_of(membership: &Membership) -> Vec<pb::Member> {
    let membership = membership.membership();
    let voters: BTreeSet<u64> = membership.voter_ids().collect();
    let member = |(id, node): (&u64, &Member)| pb::Member {
        id: *id,
        name: node.name.clone(),
        peer_urls: vec![format!("https://{}", node.peer)],
        client_urls: vec![format!("https://{}", node.client)],
        is_learner: !voters.contains(id),
    };
    membership.nodes().map(member).collect()
}
