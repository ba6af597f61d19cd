use super::lie::Lie;
use super::rounds::{expect, insist, put};
use super::story::{Story, within};
use crate::levels::{Levels, NEWEST};
use std::time::Duration;
use tokio::time::sleep;

/// Longer than it takes until the level is raised once all know it.
const RAISED: Duration = Duration::from_secs(4);

fn old() -> Levels {
    Levels::up_to(NEWEST - 1)
}

/// The last voter becomes of the newest version; one of them, the leader too, loses its power in the flush of
/// the command that raises the level, or in one of those after it. Whichever it is: it is raised in the end,
/// and nothing is lost.
#[test]
fn no_flush_around_a_raise_is_a_bad_one() {
    let mut cuts = 0;
    for at in 0..3 {
        for flushes in 0..4 {
            let told = within(11, Lie::Nothing, async move |mut story: Story, _| {
                let last = all_but_the_last(&mut story).await?;
                insist(&story.ways[0], &put(1)).await;
                story.crash(last);
                story.set_version(last, Levels::default());
                story.rise(last).await;
                story.fail_after(at, flushes);
                sleep(RAISED).await;
                // The first that are written as of the new level.
                insist(&story.ways[(at + 1) % 3], &put(2)).await;
                insist(&story.ways[(at + 1) % 3], &put(3)).await;
                let was_cut = !story.is_up(at);
                story.calm().await?;
                story.upgrade().await?;
                expect(&story.ways[at], 3).await?;
                Ok(was_cut)
            });
            let was_cut = told.map_err(|failure| format!("{at} in flush {flushes}: {failure}"));
            cuts += u32::from(was_cut.unwrap());
        }
    }
    println!("{cuts} voters lost their power");
    assert!(cuts >= 6, "{cuts} voters lost their power");
}

/// The last voter becomes of the newest version, and of the old one again some moments later, as from an
/// operator who is in doubt. The level is raised by then or not; if it is, the old version is refused.
#[test]
fn who_goes_back_is_refused_if_it_is_too_late() {
    let mut refused = Vec::new();
    for pause in (0..1500).step_by(60) {
        let told = within(5, Lie::Nothing, async move |mut story: Story, _| {
            let last = all_but_the_last(&mut story).await?;
            story.crash(last);
            story.set_version(last, Levels::default());
            story.rise(last).await;
            sleep(Duration::from_millis(pause)).await;
            story.crash(last);
            story.set_version(last, old());
            story.rise(last).await;
            sleep(RAISED).await;
            // It does not run as the old version any more, where it must not.
            let stays_old = story.look_after(last)? == old();
            insist(&story.ways[0], &put(2)).await;
            let risen = story.level() == NEWEST;
            if risen == stays_old {
                return Err(format!("risen: {risen}, and of the old version: {stays_old}"));
            }
            story.calm().await?;
            story.upgrade().await?;
            expect(&story.ways[last], 2).await?;
            Ok(!stays_old)
        });
        refused.push(told.map_err(|failure| format!("after {pause} ms: {failure}")).unwrap());
    }
    println!("{refused:?}");
    assert!(refused.contains(&true) && refused.contains(&false), "{refused:?}");
}

/// All voters but one are of the newest version, and so the cluster is of the old one: which is left.
async fn all_but_the_last(story: &mut Story) -> Result<usize, String> {
    let count = story.ways.len();
    (0..count).for_each(|at| story.set_version(at, old()));
    story.calm().await?;
    insist(&story.ways[0], &put(0)).await;
    for at in 0..count - 1 {
        story.crash(at);
        story.set_version(at, Levels::default());
        story.calm().await?;
    }
    sleep(RAISED).await;
    match story.level() {
        level if level == NEWEST - 1 => Ok(count - 1),
        level => Err(format!("the level is {level}, and one voter is left that does not know it")),
    }
}
