//! A correct service, in a few lines.

use crate::{Answer, Ask, Call, Change, Found, Happened, Outcome, Timeline};
use std::collections::BTreeMap;

#[derive(Default)]
pub struct Store {
    pub revision: i64,
    now: BTreeMap<String, Found>,
    pub happened: Vec<Happened>,
    pub calls: Vec<Call>,
}

impl Store {
    pub fn timeline(&self) -> Timeline {
        Timeline::new(self.happened.clone()).unwrap()
    }

    /// A call that is carried out at once, and known to be.
    pub fn call(&mut self, ask: Ask) -> &mut Call {
        let asked = self.calls.last().map_or(0, |call| call.asked + 10);
        let answer = self.apply(&ask);
        let outcome = Outcome::Done { at: asked + 5, answer };
        self.calls.push(Call { client: 1, asked, ask, outcome });
        self.calls.last_mut().unwrap()
    }

    pub fn apply(&mut self, ask: &Ask) -> Answer {
        match ask {
            Ask::Read { keys, .. } => {
                let found = self.now.values().filter(|found| keys.contain(&found.key)).cloned();
                Answer::Read { revision: self.revision, found: found.collect() }
            }
            Ask::Write { guard: Some((key, modified)), .. } if self.modified(key) != *modified => {
                Answer::Refused { revision: self.revision, found: self.now.get(key).cloned() }
            }
            Ask::Write { changes, .. } => self.write(changes),
        }
    }

    fn modified(&self, key: &str) -> i64 {
        self.now.get(key).map_or(0, |found| found.modified)
    }

    fn write(&mut self, changes: &[Change]) -> Answer {
        let revision = self.revision + 1;
        let mut deleted = Vec::new();
        let before = self.happened.len();
        for change in changes {
            match change {
                Change::Put { key, value, lease } => {
                    let old = self.now.get(key);
                    let now = Found {
                        key: key.clone(),
                        value: value.clone(),
                        created: old.map_or(revision, |old| old.created),
                        modified: revision,
                        version: old.map_or(1, |old| old.version + 1),
                        lease: *lease,
                    };
                    self.now.insert(key.clone(), now.clone());
                    self.happened.push(Happened { revision, key: key.clone(), now: Some(now) });
                }
                Change::Delete { key } => {
                    let found = self.now.remove(key).is_some();
                    deleted.push(i64::from(found));
                    if found {
                        self.happened.push(Happened { revision, key: key.clone(), now: None });
                    }
                }
            }
        }
        self.revision += i64::from(self.happened.len() > before);
        Answer::Written { revision: self.revision, deleted }
    }
}

pub fn put(key: &str, value: &str) -> Ask {
    let change = Change::Put { key: key.to_owned(), value: value.to_owned(), lease: 0 };
    Ask::Write { guard: None, changes: vec![change] }
}

pub fn delete(key: &str) -> Ask {
    Ask::Write { guard: None, changes: vec![Change::Delete { key: key.to_owned() }] }
}

pub fn get(key: &str) -> Ask {
    let keys = crate::Keys::One(key.to_owned());
    Ask::Read { keys, serializable: false, revision: 0 }
}
