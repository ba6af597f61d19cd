use crate::raft::{Member, Membership};
use std::collections::BTreeSet;

/// What has to be done so that a voter is a member as it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    Nothing,
    /// An earlier change was interrupted halfway.
    Finish(BTreeSet<u64>),
    /// It is a stranger: send it the log first.
    Learn,
    /// It has another address now.
    Readdress,
    /// It has the log, and comes for one of its name that has lost its data: these are the voters
    /// with it and without the other.
    Replace(BTreeSet<u64>),
    /// It has the log; whether it is to vote is not for itself to say.
    Attend,
}

/// Decides; one step at a time, each a change that Raft can make at once.
pub fn next_change(membership: &Membership, id: u64, member: &Member) -> Change {
    let configs = membership.membership().get_joint_config();
    let voters = configs.last().cloned().unwrap_or_default();
    if configs.len() > 1 {
        return Change::Finish(voters);
    }
    match membership.membership().get_node(&id) {
        None => Change::Learn,
        Some(known) if known != member => Change::Readdress,
        Some(_) if voters.contains(&id) => Change::Nothing,
        Some(_) => {
            let with = with_in_place_of_its_name(membership, &voters, id, &member.name);
            if with.len() > voters.len() { Change::Attend } else { Change::Replace(with) }
        }
    }
}

/// `voters` with `id`, and without others of its name: a host has one voter.
pub(super) fn with_in_place_of_its_name(
    membership: &Membership,
    voters: &BTreeSet<u64>,
    id: u64,
    name: &str,
) -> BTreeSet<u64> {
    let other =
        |voter: &u64| membership.membership().get_node(voter).is_none_or(|node| node.name != name);
    let mut with: BTreeSet<u64> = voters.iter().copied().filter(other).collect();
    with.insert(id);
    with
}
