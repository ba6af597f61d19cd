use super::violation::{Rule, Violation};
use crate::call::{Found, Keys};
use std::collections::BTreeMap;

/// A change of one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happened {
    pub revision: i64,
    pub key: String,
    /// None: it was deleted.
    pub now: Option<Found>,
}

/// Everything that ever happened, as the service tells it when all is calm again.
#[derive(Debug, Clone, Default)]
pub struct Timeline {
    all: Vec<Happened>,
    by_key: BTreeMap<String, Vec<usize>>,
}

impl Timeline {
    /// # Errors
    /// It contradicts itself: order, versions, or something twice.
    pub fn new(all: Vec<Happened>) -> Result<Self, Violation> {
        let mut timeline = Self::default();
        for happened in all {
            timeline.push(happened)?;
        }
        Ok(timeline)
    }

    fn push(&mut self, happened: Happened) -> Result<(), Violation> {
        let wrong = |rule, why: &str| Err(Violation::new(rule, format!("{happened:?} {why}")));
        if self.newest() > happened.revision {
            return wrong(Rule::WatchOrdered, "comes after a newer revision");
        }
        if self.of(happened.revision).iter().any(|other| other.key == happened.key) {
            return wrong(Rule::WatchUnique, "is told twice");
        }
        let before = self.at(&happened.key, happened.revision - 1);
        match (&happened.now, before) {
            (None, None) => return wrong(Rule::Truthful, "deletes what does not exist"),
            (Some(now), before) if !follows(now, before, happened.revision) => {
                return wrong(Rule::Truthful, &format!("cannot follow {before:?}"));
            }
            _ => {}
        }
        self.by_key.entry(happened.key.clone()).or_default().push(self.all.len());
        self.all.push(happened);
        Ok(())
    }

    pub fn all(&self) -> &[Happened] {
        &self.all
    }

    /// The newest revision at which something happened.
    pub fn newest(&self) -> i64 {
        self.all.last().map_or(0, |happened| happened.revision)
    }

    /// What happened at one revision.
    pub fn of(&self, revision: i64) -> &[Happened] {
        let start = self.all.partition_point(|happened| happened.revision < revision);
        let end = self.all.partition_point(|happened| happened.revision <= revision);
        &self.all[start..end]
    }

    /// What a key held at a revision.
    pub fn at(&self, key: &str, revision: i64) -> Option<&Found> {
        let places = self.by_key.get(key)?;
        let until = places.partition_point(|at| self.all[*at].revision <= revision);
        self.all[places[until.checked_sub(1)?]].now.as_ref()
    }

    /// All that there was at a revision, in the order of the keys.
    pub fn found(&self, keys: &Keys, revision: i64) -> Vec<&Found> {
        let known = self.by_key.keys().filter(|key| keys.contain(key));
        known.filter_map(|key| self.at(key, revision)).collect()
    }
}

fn follows(now: &Found, before: Option<&Found>, revision: i64) -> bool {
    let (created, version) =
        before.map_or((revision, 1), |before| (before.created, before.version + 1));
    now.modified == revision && now.created == created && now.version == version
}
