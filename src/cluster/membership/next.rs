use super::{Running, Seen};
use crate::membership::RosterMember;
use std::collections::BTreeSet;
use std::fmt;

/// One change of members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A learner that has the log gets a vote, in the place of whoever of its name had one.
    Promote {
        id: u64,
        name: String,
    },
    Remove {
        id: u64,
        name: String,
    },
    /// A voter whose data the quorum has parted with puts them aside and begins anew.
    Renew {
        name: String,
    },
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Promote { id, name } => write!(f, "the voter of {name} ({id:x}) gets its vote"),
            Self::Remove { id, name } => write!(f, "the voter of {name} ({id:x}) is taken out"),
            Self::Renew { name } => write!(f, "the voter of {name} begins anew"),
        }
    }
}

impl Step {
    /// The host whose voter it is about.
    pub fn name(&self) -> &str {
        match self {
            Self::Promote { name, .. } | Self::Remove { name, .. } | Self::Renew { name } => name,
        }
    }
}

/// What is to be done next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    Do(Step),
    /// These will be further in a moment: look again.
    Wait(BTreeSet<String>),
    /// It would end consensus, or start a second quorum.
    Refuse(String),
    Done,
}

/// Decides. Each step leaves a majority of the voters alive, or is refused.
pub fn next_step(wanted: &BTreeSet<String>, prune: bool, seen: &Seen) -> Next {
    if seen.members.is_empty() {
        return Next::Done;
    }
    if let Some(words) = stranger(wanted, seen) {
        return Next::Refuse(words);
    }
    if let Some(step) = promotion(wanted, seen) {
        return guarded(step, seen);
    }
    if let Some(name) = wanted.iter().find(|name| is_foreign(seen, name)) {
        return Next::Do(Step::Renew { name: name.clone() });
    }
    let coming: BTreeSet<String> =
        wanted.iter().filter(|name| is_coming(seen, name)).cloned().collect();
    if !coming.is_empty() {
        return Next::Wait(coming);
    }
    if let Some(stale) = stale(wanted, seen) {
        return Next::Do(remove(stale));
    }
    match prune.then(|| leaving(wanted, seen)).flatten() {
        Some(leaving) => guarded(remove(leaving), seen),
        None => Next::Done,
    }
}

/// Voters with empty folders that know none of the present ones would found a quorum of their own.
pub fn stranger(wanted: &BTreeSet<String>, seen: &Seen) -> Option<String> {
    if seen.members.is_empty() || seen.members.iter().any(|member| wanted.contains(&member.name)) {
        return None;
    }
    let names: Vec<&str> = seen.voters().map(|voter| voter.name.as_str()).collect();
    Some(format!(
        "none of the present voters ({}) is a voter in the inventory: keep one of them until the new ones vote",
        names.join(", ")
    ))
}

/// The next learner to get its vote: first those that replace somebody.
fn promotion(wanted: &BTreeSet<String>, seen: &Seen) -> Option<Step> {
    let ready =
        |member: &&RosterMember| member.learner && member.alive && wanted.contains(&member.name);
    let mut ready: Vec<&RosterMember> = seen.members.iter().filter(ready).collect();
    ready.sort_by_key(|member| (seen.voter(&member.name).is_none(), &member.name, member.id));
    let first = ready.first()?;
    Some(Step::Promote { id: first.id, name: first.name.clone() })
}

fn running(seen: &Seen, name: &str) -> Option<Running> {
    let running = *seen.running.get(name)?;
    let member = seen.members.iter().any(|member| member.id == running.id);
    (!member).then_some(running)
}

/// It runs with data of a quorum that it is no member of.
fn is_foreign(seen: &Seen, name: &str) -> bool {
    running(seen, name).is_some_and(|running| running.has_data && !running.has_leader)
}

/// It runs and will be a learner in a moment, or is one that has just started.
fn is_coming(seen: &Seen, name: &str) -> bool {
    let learner = |id| seen.members.iter().any(|member| member.id == id && member.learner);
    running(seen, name).is_some() || seen.running.get(name).is_some_and(|own| learner(own.id))
}

/// A learner that nobody will hear of again: its host runs under another id.
fn stale<'s>(wanted: &BTreeSet<String>, seen: &'s Seen) -> Option<&'s RosterMember> {
    seen.members.iter().find(|member| {
        let replaced = seen.running.get(&member.name).is_some_and(|own| own.id != member.id);
        member.learner && !member.alive && wanted.contains(&member.name) && replaced
    })
}

/// The next member that has left the inventory: first those that do not count, then the dead. One
/// that is alive stays until all that are wanted vote.
fn leaving<'s>(wanted: &BTreeSet<String>, seen: &'s Seen) -> Option<&'s RosterMember> {
    let complete = wanted.iter().all(|name| seen.voter(name).is_some());
    let may_go = |member: &&RosterMember| {
        let left = !wanted.contains(&member.name);
        left && (complete || member.learner || !member.alive)
    };
    let mut leaving: Vec<&RosterMember> = seen.members.iter().filter(may_go).collect();
    leaving.sort_by_key(|member| (!member.learner, member.alive, &member.name, member.id));
    leaving.first().copied()
}

fn remove(member: &RosterMember) -> Step {
    Step::Remove { id: member.id, name: member.name.clone() }
}

/// Refuses a step after which fewer than a majority would be alive.
fn guarded(step: Step, seen: &Seen) -> Next {
    let after = after(&step, seen);
    if !seen.agree(&seen.ids()) {
        let names = seen.members.iter().filter(|member| !member.alive && !member.learner);
        let names: Vec<&str> = names.map(|member| member.name.as_str()).collect();
        return Next::Refuse(format!(
            "too few voters are alive to agree on anything: {} do not answer",
            names.join(", ")
        ));
    }
    if after != seen.ids() && !seen.agree(&after) {
        return Next::Refuse(format!(
            "{step}: then too few of {} voters would be alive; bring back those that are away first",
            after.len()
        ));
    }
    Next::Do(step)
}

/// The ids of those that vote after a step.
pub(super) fn after(step: &Step, seen: &Seen) -> BTreeSet<u64> {
    let mut ids = seen.ids();
    match step {
        Step::Promote { id, name } => {
            ids = seen.voters().filter(|voter| voter.name != *name).map(|voter| voter.id).collect();
            ids.insert(*id);
        }
        Step::Remove { id, .. } => {
            ids.remove(id);
        }
        Step::Renew { .. } => {}
    }
    ids
}
