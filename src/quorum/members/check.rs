use super::Objection;
use super::join::with_in_place_of_its_name;
use crate::raft::Membership;
use std::collections::BTreeSet;

/// The voters that agree on what comes next.
fn voters(membership: &Membership) -> BTreeSet<u64> {
    membership.membership().get_joint_config().last().cloned().unwrap_or_default()
}

fn majority(voters: usize) -> usize {
    voters / 2 + 1
}

/// The voters once the learner `id` is one; `in_sync`: it has the log. `alive` are the members that
/// have answered lately.
///
/// # Errors
/// As etcd: it is no learner, it is behind, or too few would be left to agree.
pub fn promoted(
    membership: &Membership,
    id: u64,
    in_sync: bool,
    alive: &BTreeSet<u64>,
) -> Result<BTreeSet<u64>, Objection> {
    let node = membership.membership().get_node(&id).ok_or(Objection::NotFound)?;
    let voters = voters(membership);
    if voters.contains(&id) {
        return Err(Objection::NotLearner);
    }
    if !in_sync || !alive.contains(&id) {
        return Err(Objection::LearnerNotReady);
    }
    let with = with_in_place_of_its_name(membership, &voters, id, &node.name);
    if with.intersection(alive).count() < majority(with.len()) {
        return Err(Objection::NotEnoughStarted);
    }
    Ok(with)
}

/// What removing a member takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    /// It is only forgotten.
    OfLearner,
    /// It becomes a learner first, so that it knows.
    OfVoter,
}

/// Whether the member `id` may go.
///
/// # Errors
/// As etcd with its strict check: it is none, it is the last voter, or too few of those that are left
/// are alive.
pub fn removed(
    membership: &Membership,
    id: u64,
    alive: &BTreeSet<u64>,
) -> Result<Removal, Objection> {
    membership.membership().get_node(&id).ok_or(Objection::NotFound)?;
    let mut left = voters(membership);
    if !left.remove(&id) {
        return Ok(Removal::OfLearner);
    }
    if left.is_empty() {
        return Err(Objection::NotEnoughStarted);
    }
    if left.intersection(alive).count() < majority(left.len()) {
        return Err(Objection::Unhealthy);
    }
    Ok(Removal::OfVoter)
}
