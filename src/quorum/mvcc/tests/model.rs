//! The store against a model that simply keeps every state there ever was.

use super::*;
use crate::mvcc::events_between;
use mesoform_etcd::pb::EventType;
use proptest::prelude::*;
use std::collections::BTreeMap;

#[derive(Debug, Clone)]
enum Step {
    Put { key: u8, lease: i64 },
    Delete { from: u8, to: u8 },
    Grant(i64),
    Revoke(i64),
    Compact(i64),
}

type State = BTreeMap<String, KeyValue>;

#[derive(Default)]
struct Model {
    /// The state at each revision, from 1 on.
    states: Vec<State>,
    leases: Vec<i64>,
    compacted: i64,
}

impl Model {
    fn new() -> Self {
        Self { states: vec![State::new()], leases: Vec::new(), compacted: -1 }
    }

    fn now(&self) -> State {
        self.states.last().unwrap().clone()
    }

    fn revision(&self) -> i64 {
        self.states.len() as i64
    }

    fn step(&mut self, step: &Step) -> Result<(), Refusal> {
        let mut state = self.now();
        match step {
            Step::Put { key, lease } => {
                if *lease != 0 && !self.leases.contains(lease) {
                    return Err(Refusal::LeaseNotFound);
                }
                let revision = self.revision() + 1;
                let key = name(*key);
                let kv = state.entry(key.clone()).or_insert_with(|| KeyValue {
                    key: b(&key),
                    create_revision: revision,
                    ..Default::default()
                });
                kv.mod_revision = revision;
                kv.version += 1;
                kv.lease = *lease;
                kv.value = b(&revision.to_string());
            }
            Step::Delete { from, to } => {
                state.retain(|key, _| *key < name(*from) || *key >= name(*to));
            }
            Step::Grant(id) if self.leases.contains(id) => return Err(Refusal::LeaseExists),
            Step::Grant(id) => self.leases.push(*id),
            Step::Revoke(id) => {
                let at = self.leases.iter().position(|own| own == id);
                self.leases.remove(at.ok_or(Refusal::LeaseNotFound)?);
                state.retain(|_, kv| kv.lease != *id);
            }
            Step::Compact(revision) if *revision <= self.compacted => {
                return Err(Refusal::Compacted);
            }
            Step::Compact(revision) if *revision > self.revision() => {
                return Err(Refusal::FutureRevision);
            }
            Step::Compact(revision) => self.compacted = *revision,
        }
        if state != self.now() {
            self.states.push(state);
        }
        Ok(())
    }
}

fn name(key: u8) -> String {
    char::from(b'a' + key).to_string()
}

fn step(store: &mut Store, step: &Step) -> Result<(), Refusal> {
    let kind = match step {
        Step::Put { key, lease } => {
            let value = (store.revision() + 1).to_string();
            Kind::Put(PutRequest { lease: *lease, ..put(&name(*key), &value) })
        }
        Step::Delete { from, to } => Kind::DeleteRange(DeleteRangeRequest {
            key: b(&name(*from)),
            range_end: b(&name(*to)),
            prev_kv: false,
        }),
        Step::Grant(id) => return store.grant(*id, 60),
        Step::Revoke(id) => return store.revoke(*id),
        Step::Compact(revision) => return store.compact(*revision),
    };
    store.apply(kind).map(|_| ())
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0u8..5, 0i64..3).prop_map(|(key, lease)| Step::Put { key, lease }),
        2 => (0u8..5, 0u8..6).prop_map(|(from, to)| Step::Delete { from, to }),
        1 => (1i64..3).prop_map(Step::Grant),
        1 => (1i64..3).prop_map(Step::Revoke),
        1 => (0i64..30).prop_map(Step::Compact),
    ];
    proptest::collection::vec(step, 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn the_store_is_as_its_model(steps in steps()) {
        let (mut store, mut model) = (Store::new(), Model::new());
        for one in &steps {
            prop_assert_eq!(step(&mut store, one), model.step(one), "{:?}", one);
        }
        prop_assert_eq!(store.revision(), model.revision());
        for revision in 1..=model.revision() {
            let wanted = if revision < model.compacted {
                Err(Refusal::Compacted)
            } else {
                Ok(model.states[revision as usize - 1].values().map(show).collect())
            };
            prop_assert_eq!(store.all(revision), wanted, "at {}", revision);
        }
        replay(&store, &model)?;
        prop_assert_eq!(told(&store), model.revision() - 1);
    }
}

/// Who reads the state at the compaction and then all events after it comes to the state of now.
fn replay(store: &Store, model: &Model) -> Result<(), TestCaseError> {
    let from = model.compacted.max(1);
    let mut state = model.states[from as usize - 1].clone();
    let read = store.read();
    let (events, upto) = events_between(&read, from + 1, usize::MAX, |_| true).unwrap();
    prop_assert_eq!(upto, model.revision());
    for (revision, event) in events {
        let kv = event.kv.clone().unwrap();
        prop_assert_eq!(kv.mod_revision, revision);
        let key = String::from_utf8_lossy(&kv.key).into_owned();
        match event.r#type() {
            EventType::Put => state.insert(key, kv),
            EventType::Delete => state.remove(&key),
        };
    }
    prop_assert_eq!(state, model.now());
    Ok(())
}

/// The number of revisions that listeners were told of: each once, in order.
fn told(store: &Store) -> i64 {
    let mut last = 1;
    for change in &store.changes {
        if let Change::Revision { revision, .. } = change {
            assert_eq!(*revision, last + 1);
            last = *revision;
        }
    }
    last - 1
}
