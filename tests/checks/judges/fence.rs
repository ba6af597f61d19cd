//! Elections in etcd's manner: of the keys below a prefix the one with the lowest create revision leads,
//! and that revision fences the leader's writes.

use super::timeline::{Happened, Timeline};
use super::violation::{Rule, Violation};
use std::collections::BTreeMap;

/// Checks that each put below `written` was made by who led at that revision. `fence` finds in a value the
/// leadership under which it was written. Returns how many were checked.
///
/// # Errors
/// The first that was written by somebody else.
pub fn check_fence(
    timeline: &Timeline,
    election: &str,
    written: &str,
    fence: impl Fn(&str) -> Option<i64>,
) -> Result<usize, Violation> {
    let mut candidates: BTreeMap<&str, i64> = BTreeMap::new();
    let (mut checked, mut newest) = (0, 0);
    for happened in timeline.all() {
        if happened.key.starts_with(election) {
            stand(&mut candidates, happened);
        }
        let Some(now) = happened.now.as_ref().filter(|_| happened.key.starts_with(written)) else {
            continue;
        };
        let leads = candidates.values().min().copied();
        let fence = fence(&now.value);
        if fence.is_none() || fence != leads {
            let story = format!("{happened:?} was written under {fence:?}, but {leads:?} led");
            return Err(Violation::new(Rule::Fenced, story));
        }
        if fence < Some(newest) {
            let story = format!("{happened:?} came after a write under {newest}");
            return Err(Violation::new(Rule::Fenced, story));
        }
        newest = fence.unwrap_or(newest);
        checked += 1;
    }
    Ok(checked)
}

fn stand<'t>(candidates: &mut BTreeMap<&'t str, i64>, happened: &'t Happened) {
    match &happened.now {
        Some(now) => candidates.insert(&happened.key, now.created),
        None => candidates.remove(happened.key.as_str()),
    };
}
