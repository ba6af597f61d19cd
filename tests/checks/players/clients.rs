use super::ask::outcome;
use super::stage::{KEYS, Stage};
use super::way::Way;
use crate::{Answer, Ask, Call, Change, Dice, Keys, Outcome};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::sleep;

/// Longer than a pause or a cut: a request that waited in a paused leader must be judged too.
const REQUEST: Duration = Duration::from_secs(6);
/// Keys in use at the same time.
const WIDTH: u64 = 4;
/// After so many calls other keys come into use: a short history is quickly judged.
const GENERATION: u64 = 600;

/// Asks one thing after another until the trial stops, mostly of the same voter.
pub async fn client(stage: Arc<Stage>, ways: Vec<Way>, mut dice: Dice, pause: (u64, u64)) {
    let mut id = stage.number();
    let mut voter = dice.place(ways.len());
    let mut seen = HashMap::new();
    while !stage.stop.is_cancelled() {
        if dice.percent(20) {
            voter = dice.place(ways.len());
        }
        let what = choose(&stage, &mut dice, &seen);
        let asked = stage.clock.tick();
        let outcome = outcome(&ways[voter], &what, &stage.clock, REQUEST).await;
        let pause = match &outcome {
            Outcome::Done { answer, .. } => {
                learn(&mut seen, &what, answer);
                stage.done.fetch_add(1, Ordering::Relaxed);
                dice.millis(pause.0, pause.1)
            }
            Outcome::Failed | Outcome::Unknown => {
                voter = dice.place(ways.len());
                dice.millis(20, 80)
            }
        };
        let lost = outcome == Outcome::Unknown;
        stage.calls.lock().unwrap().push(Call { client: id, asked, ask: what, outcome });
        if lost {
            // What it asked for may still come: from here on it is somebody else.
            id = stage.number();
        }
        sleep(pause).await;
    }
}

/// Under which name the newest revision is remembered; it is no key.
const NEWEST: &str = "";

/// Remembers when keys were changed last, for guards.
fn learn(seen: &mut HashMap<String, i64>, what: &Ask, answer: &Answer) {
    seen.insert(NEWEST.to_owned(), answer.revision());
    for found in answer.found() {
        seen.insert(found.key.clone(), found.modified);
    }
    if let (Ask::Write { changes, .. }, Answer::Written { revision, .. }) = (what, answer) {
        for change in changes {
            let modified = if matches!(change, Change::Put { .. }) { *revision } else { 0 };
            seen.insert(change.key().to_owned(), modified);
        }
    }
}

fn choose(stage: &Stage, dice: &mut Dice, seen: &HashMap<String, i64>) -> Ask {
    let generation = stage.done() / GENERATION;
    let key = |place: u64| format!("{KEYS}{generation}/{place}");
    let place = dice.between(0, WIDTH);
    let put = |key: String| Change::Put { key, value: format!("v{}", stage.number()), lease: 0 };
    let write = |changes: Vec<Change>| Ask::Write { guard: None, changes };
    match dice.between(0, 100) {
        0..35 => read(Keys::One(key(place)), false),
        35..40 => read(Keys::Prefix(format!("{KEYS}{generation}/")), false),
        40..43 => read(Keys::Prefix(format!("{KEYS}{generation}/")), true),
        43..45 => {
            let newest = seen.get(NEWEST).copied().unwrap_or(1).max(1);
            let revision = newest - i64::try_from(dice.between(0, 50)).unwrap().min(newest - 1);
            Ask::Read { keys: Keys::Prefix(KEYS.into()), serializable: false, revision }
        }
        45..70 => write(vec![put(key(place))]),
        70..78 => write(vec![Change::Delete { key: key(place) }]),
        78..85 => {
            let other = key((place + 1) % WIDTH);
            write(vec![put(key(place)), Change::Delete { key: other }])
        }
        _ => {
            let guarded = key(place);
            let modified = seen.get(&guarded).copied().unwrap_or(0);
            let also = put(key((place + 1) % WIDTH));
            let changes = vec![put(guarded.clone()), also];
            Ask::Write { guard: Some((guarded, modified)), changes }
        }
    }
}

fn read(keys: Keys, serializable: bool) -> Ask {
    Ask::Read { keys, serializable, revision: 0 }
}
