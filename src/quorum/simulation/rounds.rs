//! One key that is written round by round, and read again.

use mesoform_checks::{Answer, Ask, Change, Keys, Way, ask};
use std::time::Duration;
use tokio::time::sleep;

pub fn put(round: usize) -> Ask {
    let change = Change::Put { key: "k".into(), value: round.to_string(), lease: 0 };
    Ask::Write { guard: None, changes: vec![change] }
}

/// Whether what is read is what was written in this round.
pub async fn expect(way: &Way, round: usize) -> Result<(), String> {
    let read = Ask::Read { keys: Keys::One("k".into()), serializable: false, revision: 0 };
    let found = insist(way, &read).await.found().first().cloned();
    let value = found.map(|found| found.value);
    if value.as_deref() == Some(round.to_string().as_str()) {
        return Ok(());
    }
    Err(format!("{value:?} was read after {round} was written"))
}

/// The answer, as soon as there is one. Nobody minds if it is done twice.
pub async fn insist(way: &Way, what: &Ask) -> Answer {
    loop {
        if let Ok(answer) = ask(way, what).await {
            return answer;
        }
        sleep(Duration::from_millis(1)).await;
    }
}
