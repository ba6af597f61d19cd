use super::lie::Lie;
use super::story::{Story, within};
use super::voter::tuning;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use mesoform_checks::{Ask, Change, Way, ask};
use std::time::Duration;
use tokio::time::sleep;

const WRITERS: usize = 12;
const WRITES: usize = 30;
/// Of one value.
const BYTES: usize = 3000;
/// What comes with a value: its key, and what the log needs.
const AROUND: usize = 200;

/// However much is written at once, a log is cut before it is much heavier than it should be: a leader lets
/// nothing in as long as it is.
#[test]
fn a_log_never_weighs_more_than_its_bounds_say() {
    within(1, Lie::Nothing, async |mut story: Story, _| {
        story.calm().await?;
        let mut writers: FuturesUnordered<_> = (0..WRITERS)
            .map(|writer| {
                let way = story.ways[writer % story.ways.len()].clone();
                async move {
                    for _ in 0..WRITES {
                        insist(&way, writer).await;
                    }
                }
            })
            .collect();
        let mut heaviest = 0;
        loop {
            heaviest = heaviest.max(story.weight());
            tokio::select! {
                biased;
                done = writers.next() => if done.is_none() { break },
                () = sleep(Duration::from_millis(1)) => {}
            }
        }
        // What was on its way when the gate was shut.
        let under_way = u64::try_from(WRITERS * (BYTES + AROUND)).unwrap();
        let most = 2 * tuning().bytes_to_snapshot + under_way;
        let written = WRITERS * WRITES * BYTES;
        println!("{written} bytes were written, and a log weighed {heaviest} at most");
        assert!(heaviest <= most, "{written} bytes were written, and a log weighed {heaviest}");
        Ok(())
    })
    .unwrap();
}

/// Writes; nobody minds if it is done twice.
async fn insist(way: &Way, writer: usize) {
    let (key, value) = (format!("k{writer}"), "v".repeat(BYTES));
    let put = Ask::Write { guard: None, changes: vec![Change::Put { key, value, lease: 0 }] };
    while ask(way, &put).await.is_err() {
        sleep(Duration::from_millis(1)).await;
    }
}
