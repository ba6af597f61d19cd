//! Patterns over hosts and groups, as in Ansible's `--limit`.
//!
//! Parts are split at `,` (else at `:`); unions come first, then `&` intersects, then `!` excludes.
//! `@file` holds one part a line.

mod glob;
mod part;
mod split;
mod subscript;
#[cfg(test)]
mod tests;

use crate::draft::HostId;
use crate::ini::range;
use crate::nearest::nearest;
use crate::{Inventory, InventoryError, InventoryErrors, Mistake, Origin};
use std::collections::HashSet;

/// What a pattern selects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// The hosts, each once, in the order in which the pattern's parts name them.
    pub hosts: Vec<String>,
    /// The parts that match no host, as they were written (Ansible warns of them).
    pub unmatched: Vec<String>,
}

pub(crate) fn evaluate(inventory: &Inventory, pattern: &str) -> Result<Selection, InventoryErrors> {
    let parts = split::parts(pattern)?;
    let mut selected: Vec<HostId> = Vec::new();
    let mut unmatched = Vec::new();
    for part in in_order(&parts) {
        let hosts = part::hosts(inventory, part).map_err(|cause| pattern_error(part, cause))?;
        if hosts.is_empty() {
            unmatched.push(part.to_owned());
        }
        let hosts: HashSet<HostId> = match part.as_bytes().first() {
            Some(b'!') => {
                let hosts: HashSet<_> = hosts.into_iter().collect();
                selected.retain(|id| !hosts.contains(id));
                continue;
            }
            Some(b'&') => hosts.into_iter().collect(),
            _ => {
                selected.extend(hosts);
                continue;
            }
        };
        selected.retain(|id| hosts.contains(id));
    }
    let mut seen = HashSet::new();
    selected.retain(|id| seen.insert(*id));
    let name = |id| inventory.host_at(id).map(|host| host.name().to_owned());
    Ok(Selection { hosts: selected.into_iter().filter_map(name).collect(), unmatched })
}

/// As [`evaluate`], but a part without a match is a mistake: a typo in `!db1` must not touch db1.
pub(crate) fn select_strictly(
    inventory: &Inventory,
    pattern: &str,
) -> Result<Vec<String>, InventoryErrors> {
    let selection = evaluate(inventory, pattern)?;
    let mistakes: Vec<_> =
        selection.unmatched.iter().map(|part| no_match(inventory, part)).collect();
    if !mistakes.is_empty() {
        return Err(InventoryErrors(mistakes));
    }
    if selection.hosts.is_empty() {
        let mistake = Mistake::NothingSelected { pattern: pattern.to_owned() };
        return Err(InventoryError { origin: Origin::option("--limit"), mistake }.into());
    }
    Ok(selection.hosts)
}

/// Unions, then intersections, then exclusions; without a union, all hosts are united.
fn in_order(parts: &[String]) -> Vec<&str> {
    let of_kind =
        |kind: fn(&str) -> bool| parts.iter().map(String::as_str).filter(move |p| kind(p));
    let unions: Vec<&str> = of_kind(|p| !p.starts_with(['!', '&'])).collect();
    let unions = if unions.is_empty() { vec!["all"] } else { unions };
    let rest = of_kind(|p| p.starts_with('&')).chain(of_kind(|p| p.starts_with('!')));
    unions.into_iter().chain(rest).collect()
}

fn no_match(inventory: &Inventory, part: &str) -> InventoryError {
    let word = part.trim_start_matches(['!', '&']);
    if let Some(hosts) = range_of_hosts(inventory, word) {
        let mistake = Mistake::RangeAsPattern { pattern: part.to_owned(), hosts };
        return InventoryError { origin: Origin::option("--limit"), mistake };
    }
    let groups = inventory.groups.keys().map(String::as_str);
    let known = groups.chain(inventory.hosts.keys().map(String::as_str));
    // A word that is known matched only hosts that are not there: an empty group.
    let nearest = if glob::is_glob(word) { None } else { nearest(word, known) };
    let mistake = Mistake::NoMatch {
        pattern: part.to_owned(),
        nearest: nearest.filter(|nearest| nearest != word),
    };
    InventoryError { origin: Origin::option("--limit"), mistake }
}

/// The hosts that the word would mean in an inventory, where all of them are there.
fn range_of_hosts(inventory: &Inventory, word: &str) -> Option<Vec<String>> {
    let names = word.contains('[').then(|| range::expand(word).ok()).flatten()?;
    let known = |name: &String| inventory.hosts.contains_key(name.as_str());
    (!names.is_empty() && names.iter().all(known)).then_some(names)
}

fn pattern_error(pattern: &str, cause: String) -> InventoryError {
    let mistake = Mistake::Pattern { pattern: pattern.to_owned(), cause };
    InventoryError { origin: Origin::option("--limit"), mistake }
}
