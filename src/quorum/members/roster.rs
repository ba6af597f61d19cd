use crate::leadership::Leadership;
use crate::raft::Member;
use mesoform_etcd::pb;
use std::collections::BTreeSet;

/// The members as etcd's clients know them.
pub fn roster(leadership: &Leadership) -> Vec<pb::Member> {
    let metrics = leadership.metrics();
    let membership = metrics.membership_config.membership();
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
