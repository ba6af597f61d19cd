//! Whatever a correct service can show is accepted.

use super::store::Store;
use crate::{Answer, Ask, Call, Change, Keys, Outcome, check_keys, check_revisions};
use proptest::prelude::*;

#[derive(Debug, Clone)]
struct Step {
    kind: u8,
    key: u8,
    /// Which of the values seen of the key a guard names.
    guess: usize,
    before: u64,
    after: u64,
    /// 0: unknown and never carried out, 1: unknown but carried out, 2: failed, else: answered.
    fate: u8,
}

fn step() -> impl Strategy<Value = Step> {
    (0_u8..7, 0_u8..3, 0_usize..3, 0_u64..40, 0_u64..40, 0_u8..12).prop_map(
        |(kind, key, guess, before, after, fate)| Step { kind, key, guess, before, after, fate },
    )
}

/// The calls are carried out one every ten ticks; each was asked for up to 40 ticks before, and answered
/// up to 40 ticks later.
fn play(steps: &[Step]) -> Store {
    let mut store = Store::default();
    let mut seen: Vec<(String, i64)> = Vec::new();
    for (place, step) in steps.iter().enumerate() {
        let now = 100 + 10 * place as u64;
        let ask = ask(step, place, &seen);
        let outcome = match step.fate {
            0 => Outcome::Unknown,
            1 => {
                store.apply(&ask);
                Outcome::Unknown
            }
            2 => Outcome::Failed,
            _ => Outcome::Done { at: now + step.after, answer: store.apply(&ask) },
        };
        if let Outcome::Done { answer, .. } = &outcome {
            seen.extend(answer.found().iter().map(|found| (found.key.clone(), found.modified)));
        }
        store.calls.push(Call { client: 0, asked: now - step.before, ask, outcome });
    }
    store
}

fn ask(step: &Step, place: usize, seen: &[(String, i64)]) -> Ask {
    let key = format!("k{}", step.key);
    let put = |key: &str| Change::Put { key: key.to_owned(), value: format!("v{place}"), lease: 0 };
    let guard = seen.iter().rev().filter(|(seen, _)| *seen == key).nth(step.guess);
    let guard = Some(guard.cloned().unwrap_or((key.clone(), 0)));
    match step.kind {
        0 => Ask::Read { keys: Keys::One(key), serializable: false, revision: 0 },
        1 => Ask::Read { keys: Keys::Prefix("k".to_owned()), serializable: false, revision: 0 },
        2 => Ask::Write { guard: None, changes: vec![Change::Delete { key }] },
        3 => Ask::Write { guard, changes: vec![put(&key)] },
        4 => {
            let changes = vec![put(&key), Change::Delete { key: "k9".to_owned() }];
            Ask::Write { guard: None, changes }
        }
        5 => Ask::Write { guard, changes: vec![Change::Delete { key }] },
        _ => Ask::Write { guard: None, changes: vec![put(&key)] },
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn a_correct_service_is_accepted(steps in proptest::collection::vec(step(), 0..60)) {
        let store = play(&steps);
        prop_assert_eq!(check_keys(&store.calls), Ok(()));
        prop_assert_eq!(check_revisions(&store.calls, &store.timeline()), Ok(()));
    }

    /// An answer that shows an older state than was acknowledged before it was asked.
    #[test]
    fn a_stale_read_is_caught(steps in proptest::collection::vec(step(), 0..40), gap in 0_u64..5) {
        let mut store = play(&steps);
        let asked = 100 + 10 * steps.len() as u64 + 100;
        let old = Ask::Read { keys: Keys::One("k0".into()), serializable: false, revision: 0 };
        let stale = store.apply(&old);
        let write = super::store::put("k0", "newer");
        let answer = store.apply(&write);
        let outcome = Outcome::Done { at: asked + 1, answer };
        store.calls.push(Call { client: 1, asked, ask: write, outcome });
        let asked = asked + 2 + gap;
        let Answer::Read { found, .. } = &stale else { unreachable!() };
        // By its own words the service is at the newest revision.
        let lie = Answer::Read { revision: store.revision, found: found.clone() };
        for answer in [stale, lie] {
            let outcome = Outcome::Done { at: asked + 1, answer };
            store.calls.push(Call { client: 2, asked, ask: old.clone(), outcome });
            prop_assert!(check_keys(&store.calls).is_err());
            prop_assert!(check_revisions(&store.calls, &store.timeline()).is_err());
            store.calls.pop();
        }
    }
}
