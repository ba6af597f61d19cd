use super::lie::Lie;
use super::network::Weather;
use super::story::{Story, within};
use mesoform_checks::{Answer, Ask, Change, Keys, Way, ask};
use std::time::Duration;
use tokio::time::sleep;

/// All voters lose their power right after a write was acknowledged. Whoever answers first afterwards knows
/// of it: also a leader that comes back before anyone misses it, and has yet to learn what was committed.
#[test]
fn the_first_read_after_a_power_cut_is_not_stale() {
    within(1, Lie::Nothing, async |mut story: Story, _| {
        story.calm().await?;
        // What was committed is not told to all at the same time.
        story.world.network.set_weather(Weather { lost: 10, twice: 0, late: 50 });
        let read = Ask::Read { keys: Keys::One("k".into()), serializable: false, revision: 0 };
        for round in 0..60 {
            let change = Change::Put { key: "k".into(), value: round.to_string(), lease: 0 };
            let put = Ask::Write { guard: None, changes: vec![change] };
            insist(&story.ways[round % story.ways.len()], &put).await;
            (0..story.ways.len()).for_each(|at| story.crash(at));
            for at in 0..story.ways.len() {
                story.rise(at).await;
            }
            let first = &story.ways[(round + 1) % story.ways.len()];
            let found = insist(first, &read).await.found().first().cloned();
            let value = found.map(|found| found.value);
            if value.as_deref() != Some(round.to_string().as_str()) {
                return Err(format!("{value:?} was read after {round} was written"));
            }
        }
        Ok(())
    })
    .unwrap();
}

/// The answer, as soon as there is one. Nobody minds if it is done twice.
async fn insist(way: &Way, what: &Ask) -> Answer {
    loop {
        if let Ok(answer) = ask(way, what).await {
            return answer;
        }
        sleep(Duration::from_millis(1)).await;
    }
}
