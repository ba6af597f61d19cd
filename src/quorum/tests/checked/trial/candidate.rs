use mesoform_checks::{Dice, ELECTION, LOG, Stage};
use mesoform_coordination::{Coordination, Leadership, Op, WriteError};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

const TTL: Duration = Duration::from_secs(3);

/// Stands for election again and again; while it leads it writes under its fence.
pub async fn candidate(
    stage: Arc<Stage>,
    coordination: Coordination,
    mut dice: Dice,
    place: usize,
) {
    while !stage.stop.is_cancelled() {
        let name = format!("c{place}").into_bytes();
        let elected = tokio::select! {
            elected = coordination.campaign(ELECTION, name, TTL) => elected,
            () = stage.stop.cancelled() => return,
        };
        let leadership = elected.expect("nothing is refused here");
        lead(&stage, &leadership, &mut dice).await;
        if dice.percent(50) {
            leadership.resign().await;
        }
    }
}

async fn lead(stage: &Stage, leadership: &Leadership, dice: &mut Dice) {
    for _ in 0..dice.between(5, 60) {
        if stage.stop.is_cancelled() {
            return;
        }
        let value = format!("{}:{}", leadership.revision(), stage.number());
        match leadership.write(vec![Op::put(LOG, value)]).await {
            Err(WriteError::Deposed) => return,
            Ok(_) | Err(_) => sleep(dice.millis(10, 60)).await,
        }
    }
}
