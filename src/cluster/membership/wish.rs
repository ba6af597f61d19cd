use super::Seen;
use std::collections::BTreeSet;
use std::fmt;

/// What has to change in the quorum, told before it is done and when it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wish {
    TakeIn(String),
    TakeOut(String),
}

impl Wish {
    pub fn host(&self) -> &str {
        match self {
            Self::TakeIn(host) | Self::TakeOut(host) => host,
        }
    }

    pub fn is_fulfilled(&self, seen: &Seen) -> bool {
        match self {
            Self::TakeIn(host) => seen.votes(host),
            Self::TakeOut(host) => {
                !seen.members.is_empty() && seen.members.iter().all(|member| member.name != *host)
            }
        }
    }
}

impl fmt::Display for Wish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TakeIn(_) => "take its voter into the quorum",
            Self::TakeOut(_) => "take its voter out of the quorum",
        })
    }
}

/// What has to change so that exactly `wanted` vote; of those that left the inventory nothing without
/// `prune`. A quorum that is still to be formed has no wishes: it forms by itself.
pub fn wishes(wanted: &BTreeSet<String>, prune: bool, seen: &Seen) -> Vec<Wish> {
    if seen.members.is_empty() {
        return Vec::new();
    }
    let missing = wanted.iter().filter(|name| !seen.votes(name)).cloned().map(Wish::TakeIn);
    let left = if prune { left_over(wanted, seen) } else { BTreeSet::new() };
    missing.chain(left.into_iter().map(Wish::TakeOut)).collect()
}

/// The members that the inventory does not have.
pub fn left_over(wanted: &BTreeSet<String>, seen: &Seen) -> BTreeSet<String> {
    let names = seen.members.iter().map(|member| &member.name);
    names.filter(|name| !wanted.contains(*name)).cloned().collect()
}
