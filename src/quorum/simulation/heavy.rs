use super::lie::Lie;
use super::story::{Story, within};
use super::voter::tuning;
use crate::api::TOO_MANY;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use mesoform_checks::{Ask, Change, Way, ask};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::time::{Instant, sleep};

const WRITERS: usize = 12;
const WRITES: usize = 30;
/// Of one value.
const BYTES: usize = 3000;
/// What comes with a value: its key, and what the log needs.
const AROUND: usize = 200;

/// However much is written at once, a log is cut before it is much heavier than it should be.
#[test]
fn a_log_never_weighs_more_than_its_bounds_say() {
    within(1, Lie::Nothing, async |mut story: Story, _| {
        story.calm().await?;
        let writers = writers(&story, async |way, writer| {
            for _ in 0..WRITES {
                insist(&way, writer).await;
            }
        });
        let heaviest = heaviest(&story, writers).await;
        let written = WRITERS * WRITES * BYTES;
        println!("{written} bytes were written, and a log weighed {heaviest} at most");
        assert!(heaviest <= most(), "{written} bytes were written, and a log weighed {heaviest}");
        Ok(())
    })
    .unwrap();
}

/// The states take nothing in, so nothing can be cut. A leader lets no more in, and says so; and as soon as
/// it can, the cluster goes on by itself.
#[test]
fn nothing_is_added_to_a_log_that_cannot_be_cut() {
    within(2, Lie::Nothing, async |mut story: Story, _| {
        story.calm().await?;
        let held = story.hold_states().await;
        let turned_away = AtomicUsize::new(0);
        let trying = writers(&story, async |way, writer| {
            let end = Instant::now() + Duration::from_secs(60);
            while Instant::now() < end {
                let refused = ask(&way, &put(writer)).await.unwrap_err();
                if refused.message() == TOO_MANY {
                    turned_away.fetch_add(1, Ordering::Relaxed);
                }
                sleep(Duration::from_millis(1)).await;
            }
        });
        let heaviest = heaviest(&story, trying).await;
        let turned_away = turned_away.into_inner();
        println!("a log weighed {heaviest} at most, and {turned_away} were turned away");
        assert!(heaviest > 2 * tuning().bytes_to_snapshot, "{heaviest}");
        assert!(heaviest <= most(), "{heaviest}");
        assert!(turned_away > WRITERS, "{turned_away}");

        drop(held);
        let again = writers(&story, async |way, writer| insist(&way, writer).await);
        let _: Vec<()> = again.collect().await;
        while story.weight() > tuning().bytes_to_snapshot {
            sleep(Duration::from_millis(1)).await;
        }
        Ok(())
    })
    .unwrap();
}

/// Twice the limit, and what was on its way when that was reached.
fn most() -> u64 {
    let under_way = u64::try_from(WRITERS * (BYTES + AROUND)).unwrap();
    2 * tuning().bytes_to_snapshot + under_way
}

fn writers<'w, F: Future<Output = ()> + 'w>(
    story: &Story,
    write: impl Fn(Way, usize) -> F,
) -> FuturesUnordered<F> {
    let way = |writer: usize| story.ways[writer % story.ways.len()].clone();
    (0..WRITERS).map(|writer| write(way(writer), writer)).collect()
}

/// What the heaviest log weighed until all of this was done.
async fn heaviest<F: Future<Output = ()>>(story: &Story, mut work: FuturesUnordered<F>) -> u64 {
    let mut heaviest = 0;
    loop {
        heaviest = heaviest.max(story.weight());
        tokio::select! {
            biased;
            done = work.next() => if done.is_none() { return heaviest },
            () = sleep(Duration::from_millis(1)) => {}
        }
    }
}

fn put(writer: usize) -> Ask {
    let (key, value) = (format!("k{writer}"), "v".repeat(BYTES));
    Ask::Write { guard: None, changes: vec![Change::Put { key, value, lease: 0 }] }
}

/// Writes; nobody minds if it is done twice.
async fn insist(way: &Way, writer: usize) {
    while ask(way, &put(writer)).await.is_err() {
        sleep(Duration::from_millis(1)).await;
    }
}
