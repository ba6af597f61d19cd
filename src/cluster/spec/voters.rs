//! The voters' slots.

use super::Mistakes;
use mesoform_inventory::{Host, Origin};
use std::collections::BTreeMap;

/// Gives each voter its slot: `zoo_id`, or, where no voter has one, its place in the inventory.
pub(super) fn slots<'a>(voters: &[&'a Host], mistakes: &mut Mistakes) -> BTreeMap<&'a str, u8> {
    count(voters, mistakes);
    let with: Vec<&Host> = voters.iter().copied().filter(|h| h.var("zoo_id").is_some()).collect();
    if with.is_empty() {
        return (1..=u8::MAX).zip(voters).map(|(slot, host)| (host.name(), slot)).collect();
    }
    for host in voters.iter().filter(|h| h.var("zoo_id").is_none()) {
        mistakes.add(
            host.origin(),
            format!("the voter {} has no zoo_id, but others have one", host.name()),
            "give every voter a zoo_id of its own (1 to 255), or none at all",
        );
    }
    read(&with, mistakes)
}

fn count(voters: &[&Host], mistakes: &mut Mistakes) {
    let Some(last) = voters.last() else { return };
    if voters.len().is_multiple_of(2) || voters.len() > 9 {
        mistakes.add(
            last.origin(),
            format!(
                "{} voters: {}",
                voters.len(),
                voters.iter().map(|h| h.name()).collect::<Vec<_>>().join(", ")
            ),
            "have one, three or five: an even number survives no more failures than one voter \
             less; a group [quorum] names those masters that vote",
        );
    }
}

fn read<'a>(voters: &[&'a Host], mistakes: &mut Mistakes) -> BTreeMap<&'a str, u8> {
    let mut slots = BTreeMap::new();
    let mut taken: BTreeMap<u8, (&str, &Origin)> = BTreeMap::new();
    for host in voters {
        let Some(var) = host.var("zoo_id") else { continue };
        let slot = var.whole().and_then(|id| u8::try_from(id).ok()).filter(|id| *id > 0);
        let Some(slot) = slot else {
            let cause =
                format!("zoo_id={} of {} is no number from 1 to 255", var.value, host.name());
            mistakes.add(&var.origin, cause, "number the voters from 1");
            continue;
        };
        if let Some((other, place)) = taken.insert(slot, (host.name(), &var.origin)) {
            let cause = format!("zoo_id={slot} of {} is already {other}'s ({place})", host.name());
            mistakes.add(&var.origin, cause, "give every voter a number of its own");
        }
        slots.insert(host.name(), slot);
    }
    slots
}
