use super::Answers;
use crate::wire::{Introduction, LogId};
use std::collections::{BTreeMap, BTreeSet};

/// Whether this voter should stand for election at once, because after a restart of the whole
/// quorum everyone would else wait for a time-out.
///
/// That is safe at any time; it is only useful where a majority answers, nobody knows a leader and
/// nobody has a longer log. Of equals the lowest slot stands.
pub fn should_stand(me: &Introduction, answers: &Answers, voters: &BTreeSet<u64>) -> bool {
    // Two addresses may be one voter's, where it has just moved.
    let members: BTreeMap<u64, &Introduction> = answers
        .values()
        .filter(|peer| voters.contains(&peer.node_id))
        .map(|peer| (peer.node_id, peer))
        .collect();
    let majority = (members.len() + 1) * 2 > voters.len();
    let leaderless = me.leader == 0 && members.values().all(|peer| peer.leader == 0);
    let best = members.values().all(|peer| rank(me) > rank(peer));
    voters.contains(&me.node_id) && majority && leaderless && best
}

/// Whether this voter is no member any more: one that has a leader says so, and knows better than
/// this one, whose log ends before.
pub fn was_taken_out(me: &Introduction, answers: &Answers) -> bool {
    let says_so = |peer: &Introduction| {
        let newer = peer.cluster_id == me.cluster_id && peer.members_at > me.members_at;
        newer && peer.leader != 0 && !peer.members.contains(&me.node_id)
    };
    me.leader == 0 && me.initialized && answers.values().any(says_so)
}

fn rank(voter: &Introduction) -> (Option<(u64, u64, u64)>, u32) {
    let log = |id: LogId| (id.term, id.node_id, id.index);
    (voter.last_log.map(log), u32::MAX - voter.slot)
}
