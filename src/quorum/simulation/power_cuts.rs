use super::lie::Lie;
use super::network::Weather;
use super::rounds::{expect, insist, put};
use super::story::{Story, within};
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
        for round in 0..60 {
            insist(&story.ways[round % story.ways.len()], &put(round)).await;
            (0..story.ways.len()).for_each(|at| story.crash(at));
            for at in 0..story.ways.len() {
                story.rise(at).await;
            }
            let first = &story.ways[(round + 1) % story.ways.len()];
            expect(first, round).await?;
        }
        Ok(())
    })
    .unwrap();
}

/// A voter is away until it must be sent a snapshot, and loses its power in one of the flushes by which it
/// takes it in, cuts its log, and goes on from there. Whichever it is: it comes back.
#[test]
fn no_flush_around_a_snapshot_is_a_bad_one() {
    let cut = |flushes| {
        within(7, Lie::Nothing, async move |mut story: Story, _| {
            story.calm().await?;
            story.crash(0);
            for round in 0..120 {
                insist(&story.ways[1], &put(round)).await;
            }
            story.rise(0).await;
            story.fail_after(0, flushes);
            for round in 120..160 {
                insist(&story.ways[1 + round % 2], &put(round)).await;
            }
            sleep(Duration::from_secs(5)).await;
            let was_cut = !story.is_up(0);
            story.calm().await?;
            expect(&story.ways[0], 159).await?;
            Ok(was_cut)
        })
        .map_err(|failure| format!("cut in flush {flushes}: {failure}"))
    };
    let cuts: Vec<bool> = (0..16).map(|flushes| cut(flushes).unwrap()).collect();
    assert!(cuts.iter().all(|was_cut| *was_cut), "{cuts:?}");
}

/// A voter comes back without its data and is taken in anew, and another one, the leader too, loses its power
/// in one of the flushes of that. Whichever it is: in the end just so many vote as before. A change of voters
/// that nobody ends would leave one of the dead among them.
#[test]
fn no_flush_around_a_change_of_voters_is_a_bad_one() {
    let mut cuts = 0;
    for (at, flushes) in (1..3).flat_map(|at| (0..8).map(move |flushes| (at, flushes))) {
        let told = within(11, Lie::Nothing, async move |mut story: Story, _| {
            story.calm().await?;
            insist(&story.ways[0], &put(1)).await;
            story.settle().await?;
            story.fail_after(at, flushes);
            story.wipe_now(0).await;
            sleep(Duration::from_secs(5)).await;
            let was_cut = !story.is_up(at);
            story.calm().await?;
            story.settle().await?;
            expect(&story.ways[0], 1).await?;
            Ok(was_cut)
        });
        let was_cut = told.map_err(|failure| format!("{at} in flush {flushes}: {failure}"));
        cuts += u32::from(was_cut.unwrap());
    }
    assert!(cuts >= 10, "{cuts} voters lost their power");
}

/// A voter makes its data file smaller, and loses its power in one of the flushes by which it does that and
/// goes on. Whichever it is, and whichever of the two files has the name afterwards: it comes back.
#[test]
fn no_flush_around_a_defragmentation_is_a_bad_one() {
    let cut = |flushes| {
        within(11, Lie::Nothing, async move |mut story: Story, _| {
            story.calm().await?;
            for round in 0..10 {
                insist(&story.ways[1], &put(round)).await;
            }
            story.defragment(0);
            story.fail_after(0, flushes);
            for round in 10..80 {
                insist(&story.ways[1 + round % 2], &put(round)).await;
            }
            let was_cut = !story.is_up(0);
            story.calm().await?;
            expect(&story.ways[0], 79).await?;
            Ok((was_cut, story.world.renamed_and_undone()))
        })
        .map_err(|failure| format!("cut in flush {flushes}: {failure}"))
    };
    let cuts: Vec<_> = (0..100).step_by(4).map(|flushes| cut(flushes).unwrap()).collect();
    assert!(cuts.iter().all(|(was_cut, _)| *was_cut), "{cuts:?}");
    // Before its file has the name, in the moment of that, and after.
    for told in [(0, 0), (1, 1), (1, 0)] {
        assert!(cuts.iter().any(|(_, names)| *names == told), "{told:?}: {cuts:?}");
    }
}
