use super::Answers;
use crate::levels::FIRST;
use crate::wire::Introduction;

/// What a voter without a log does next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Found the cluster with these Raft ids, by slot.
    Found(Vec<(u8, u64)>),
    /// A cluster is there: ask these voters to be taken in.
    Join(Vec<u8>),
    /// These voters do not answer yet.
    Wait(Vec<u8>),
    /// All answer; this one founds.
    WaitForFounder(u8),
    /// These voters name other voters than our settings do.
    Disagree(Vec<u8>),
    /// These voters speak none of the levels that this one does.
    Apart(Vec<u8>),
    /// These two voters have the same Raft id: one data directory is a copy of the other.
    Copied(u8, u8),
    /// There has been a cluster, and nobody who answers has its data.
    Lost,
}

/// Decides. Only the voter with the lowest slot founds, only when every configured voter says that
/// it has no log, and never when anyone has heard of a cluster. So a voter that lost its data joins
/// again and cannot start a second cluster.
pub fn decide(me: &Introduction, answers: &Answers) -> Step {
    let joined: Vec<u8> =
        answers.iter().filter(|(_, peer)| peer.initialized).map(|(slot, _)| *slot).collect();
    if !joined.is_empty() {
        return Step::Join(joined);
    }
    let slots = slots(me);
    let missing: Vec<u8> = slots
        .iter()
        .copied()
        .filter(|slot| u32::from(*slot) != me.slot && !answers.contains_key(slot))
        .collect();
    if !missing.is_empty() {
        return Step::Wait(missing);
    }
    let apart: Vec<u8> = answers
        .iter()
        .filter(|(_, peer)| me.levels().common(peer.levels()).is_none())
        .map(|(slot, _)| *slot)
        .collect();
    if !apart.is_empty() {
        return Step::Apart(apart);
    }
    if me.cluster_id != 0 || answers.values().any(|peer| peer.cluster_id != 0) {
        return Step::Lost;
    }
    let others: Vec<u8> = answers
        .iter()
        .filter(|(_, peer)| peer.voters != me.voters)
        .map(|(slot, _)| *slot)
        .collect();
    if !others.is_empty() {
        return Step::Disagree(others);
    }
    found(me, answers, &slots)
}

/// The level of the cluster, as its voters tell: the highest, since others may have yet to hear of it.
pub fn cluster_level(me: &Introduction, answers: &Answers) -> Option<u32> {
    let ours = |peer: &&Introduction| {
        peer.initialized && (me.cluster_id == 0 || peer.cluster_id == me.cluster_id)
    };
    answers.values().filter(ours).map(|peer| peer.level.max(FIRST)).max()
}

fn found(me: &Introduction, answers: &Answers, slots: &[u8]) -> Step {
    let id_of = |slot: u8| {
        if u32::from(slot) == me.slot { me.node_id } else { answers[&slot].node_id }
    };
    let ids: Vec<(u8, u64)> = slots.iter().map(|slot| (*slot, id_of(*slot))).collect();
    for (at, (slot, id)) in ids.iter().enumerate() {
        if let Some((other, _)) = ids[..at].iter().find(|(_, other)| other == id) {
            return Step::Copied(*other, *slot);
        }
    }
    match slots.iter().min() {
        Some(lowest) if u32::from(*lowest) != me.slot => Step::WaitForFounder(*lowest),
        _ => Step::Found(ids),
    }
}

fn slots(me: &Introduction) -> Vec<u8> {
    me.voters.iter().filter_map(|slot| u8::try_from(*slot).ok()).collect()
}
