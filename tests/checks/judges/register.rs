//! One key as an object of its own: what its clients saw must have an order. The revisions that they
//! saw bind that order; nothing here asks the service what happened.

use super::linear::{Model, Operation, Verdict, linearize};
use super::violation::{Rule, Violation};
use crate::call::{Answer, Ask, Call, Change, Found, Outcome};
use std::collections::{BTreeSet, HashMap};
use std::fmt::Write;

/// Far more than the search takes where there is an order.
const BUDGET: u64 = 20_000_000;

/// Checks each key by itself, but for those that ever had a lease: they go without being asked.
///
/// # Errors
/// The first key for which no order of calls explains what was seen.
pub fn check_keys(calls: &[Call]) -> Result<(), Violation> {
    let observed = observed(calls);
    keys(calls).into_iter().try_for_each(|key| check_key(calls, &key, &observed))
}

fn check_key(calls: &[Call], key: &str, observed: &HashMap<&str, &Found>) -> Result<(), Violation> {
    let operations: Vec<Operation<What>> =
        calls.iter().filter_map(|call| project(call, key, observed)).collect();
    match linearize(&Key, &operations, BUDGET) {
        Verdict::Linearizable(_) => Ok(()),
        Verdict::Undecided => Err(Violation::new(
            Rule::Undecided,
            format!("`{key}`: {} calls are too many to decide", operations.len()),
        )),
        Verdict::Impossible { best, stuck } => {
            Err(Violation::new(Rule::Linearizable, tell(key, &operations, &best, stuck)))
        }
    }
}

fn tell(key: &str, operations: &[Operation<What>], best: &[usize], stuck: usize) -> String {
    let mut story = format!("`{key}`: no order explains this. The best one ends with\n");
    for at in &best[best.len().saturating_sub(8)..] {
        let _ = writeln!(story, "    {:?}", operations[*at]);
    }
    let _ = write!(story, "  and then cannot have\n    {:?}", operations[stuck]);
    story
}

fn keys(calls: &[Call]) -> BTreeSet<String> {
    let (mut keys, mut leased) = (BTreeSet::new(), BTreeSet::new());
    for call in calls {
        for change in call.changes() {
            keys.insert(change.key().to_owned());
            if matches!(change, Change::Put { lease, .. } if *lease != 0) {
                leased.insert(change.key().to_owned());
            }
        }
        if let Some((_, answer)) = call.answer() {
            keys.extend(answer.found().iter().map(|found| found.key.clone()));
        }
    }
    keys.difference(&leased).cloned().collect()
}

/// What was seen of each value: it tells at which revision a put of unknown outcome took effect.
fn observed(calls: &[Call]) -> HashMap<&str, &Found> {
    let answers = calls.iter().filter_map(|call| call.answer());
    let found = answers.flat_map(|(_, answer)| answer.found());
    found.map(|found| (found.value.as_str(), found)).collect()
}

/// What a call means to one key.
#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    /// At this revision the key held this.
    Read { revision: i64, found: Option<Found> },
    /// `revision` none: nobody knows.
    Put { revision: Option<i64>, guard: Option<i64>, value: String, lease: i64 },
    /// `found`: whether there was something to delete.
    Delete { revision: Option<i64>, guard: Option<i64>, found: Option<bool> },
    /// At this revision the key had another modification than this one.
    Refused { revision: i64, guard: i64 },
}

fn project(call: &Call, key: &str, observed: &HashMap<&str, &Found>) -> Option<Operation<What>> {
    let returned = call.answer().map(|(at, _)| at);
    let what = match (&call.ask, &call.outcome) {
        (_, Outcome::Failed) => None,
        (Ask::Read { keys, serializable: false, revision: 0 }, Outcome::Done { answer, .. }) => {
            keys.contain(key).then(|| What::Read {
                revision: answer.revision(),
                found: answer.found().iter().find(|found| found.key == key).cloned(),
            })
        }
        (Ask::Read { .. }, _) => None,
        (Ask::Write { guard, changes }, Outcome::Unknown) => {
            let change = changes.iter().find(|change| change.key() == key)?;
            let guard = guard.as_ref().filter(|(guarded, _)| guarded == key).map(|(_, at)| *at);
            Some(changed(change, guard, None, None, observed))
        }
        (Ask::Write { guard, changes }, Outcome::Done { answer, .. }) => {
            let guard = guard.as_ref().filter(|(guarded, _)| guarded == key).map(|(_, at)| *at);
            match answer {
                Answer::Refused { revision, found } => match (guard, found) {
                    (Some(_), Some(found)) => {
                        Some(What::Read { revision: *revision, found: Some(found.clone()) })
                    }
                    (Some(guard), None) => Some(What::Refused { revision: *revision, guard }),
                    (None, _) => None,
                },
                Answer::Written { revision, deleted } => {
                    let change = changes.iter().find(|change| change.key() == key)?;
                    let found = found_by(changes, deleted, key);
                    Some(changed(change, guard, Some(*revision), found, observed))
                }
                Answer::Read { .. } => None,
            }
        }
    };
    Some(Operation { called: call.asked, returned, what: what? })
}

/// Whether the deletion of `key` found something.
fn found_by(changes: &[Change], deleted: &[i64], key: &str) -> Option<bool> {
    let deletions = changes.iter().filter(|change| matches!(change, Change::Delete { .. }));
    let mut counted = deletions.zip(deleted);
    counted.find(|(change, _)| change.key() == key).map(|(_, count)| *count > 0)
}

fn changed(
    change: &Change,
    guard: Option<i64>,
    revision: Option<i64>,
    found: Option<bool>,
    observed: &HashMap<&str, &Found>,
) -> What {
    match change {
        Change::Put { value, lease, .. } => {
            let seen = || observed.get(value.as_str()).map(|found| found.modified);
            let (revision, value) = (revision.or_else(seen), value.clone());
            What::Put { revision, guard, value, lease: *lease }
        }
        Change::Delete { .. } => What::Delete { revision, guard, found },
    }
}

struct Key;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct State {
    /// No write can come any more with a revision up to this one.
    revision: i64,
    current: Option<Current>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Current {
    value: String,
    /// None: nobody saw it.
    created: Option<i64>,
    modified: Option<i64>,
    version: i64,
    lease: i64,
}

impl Model for Key {
    type State = State;
    type What = What;

    fn start(&self) -> State {
        State { revision: 0, current: None }
    }

    fn step(&self, state: &State, what: &What) -> Option<State> {
        match what {
            What::Read { revision, found } => {
                let same = match (found, &state.current) {
                    (None, None) => true,
                    (Some(found), Some(current)) => current.shows(found),
                    _ => false,
                };
                (same && *revision >= state.revision).then(|| state.at(*revision))
            }
            What::Put { revision, guard, value, lease } => {
                let next = state.write(*revision, *guard)?;
                Some(next.with(value.clone(), *revision, *lease))
            }
            What::Delete { revision, guard, found } => state.delete(*revision, *guard, *found),
            What::Refused { revision, guard } => {
                let refused = state.modified() != Some(*guard);
                (refused && *revision >= state.revision).then(|| state.at(*revision))
            }
        }
    }
}

impl State {
    fn at(&self, revision: i64) -> Self {
        Self { revision, current: self.current.clone() }
    }

    /// When the key was changed last; 0: there is none.
    fn modified(&self) -> Option<i64> {
        self.current.as_ref().map_or(Some(0), |current| current.modified)
    }

    /// The state in which a write at this revision takes place; none: it cannot.
    fn write(&self, revision: Option<i64>, guard: Option<i64>) -> Option<Self> {
        let guarded = guard.is_none_or(|guard| self.modified() == Some(guard));
        match revision {
            _ if !guarded => None,
            Some(revision) => (revision > self.revision).then(|| self.at(revision)),
            // Some revision above this one.
            None => Some(self.at(self.revision + 1)),
        }
    }

    fn with(self, value: String, revision: Option<i64>, lease: i64) -> Self {
        let (created, version) = match &self.current {
            Some(current) => (current.created, current.version + 1),
            None => (revision, 1),
        };
        let current = Some(Current { value, created, modified: revision, version, lease });
        Self { current, ..self }
    }

    fn delete(
        &self,
        revision: Option<i64>,
        guard: Option<i64>,
        found: Option<bool>,
    ) -> Option<Self> {
        if found.is_some_and(|found| found != self.current.is_some()) {
            return None;
        }
        if self.current.is_some() {
            return Some(Self { current: None, ..self.write(revision, guard)? });
        }
        // Nothing is changed: it is as good as a read.
        let guarded = guard.is_none_or(|guard| guard == 0);
        let revision = revision.unwrap_or(self.revision);
        (guarded && revision >= self.revision).then(|| self.at(revision))
    }
}

impl Current {
    fn shows(&self, found: &Found) -> bool {
        self.value == found.value
            && self.modified == Some(found.modified)
            && self.version == found.version
            && self.lease == found.lease
            && self.created.is_none_or(|created| created == found.created)
    }
}
