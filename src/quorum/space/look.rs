use super::Alarms;
use crate::blocking::blocking;
use crate::machine::{State, defragment};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

const INTERVAL: Duration = Duration::from_millis(250);
/// After a defragmentation that did not help, or failed.
const NOT_AGAIN_FOR: Duration = Duration::from_secs(30);

/// Finds out, where the disk is nearly full, how much of the state's file can be used again, and gives
/// that back to the disk where nothing else lets writes go on; ends never.
pub async fn look(alarms: Alarms, state: Arc<State>, ending: CancellationToken) {
    let mut tick = tokio::time::interval(INTERVAL);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut not_before = Instant::now();
    loop {
        tick.tick().await;
        if !alarms.is_low() {
            continue;
        }
        let known = state.clone();
        // Where it fails, all of it counts as full; that the storage fails, others will notice.
        let _ = blocking(move || known.in_use()).await;
        let wanted = alarms.would_defragmentation_help() && !state.is_being_defragmented();
        if wanted && Instant::now() >= not_before {
            give_back(&alarms, &state, &ending).await;
            not_before = Instant::now() + NOT_AGAIN_FOR;
        }
    }
}

async fn give_back(alarms: &Alarms, state: &Arc<State>, ending: &CancellationToken) {
    tracing::info!(
        "writes are refused, and much of the state's file holds nothing: it is made smaller"
    );
    if let Err(error) =
        defragment(state.clone(), alarms.headroom_to_defragment(), ending.clone()).await
    {
        tracing::warn!(%error, "the state's file was not made smaller");
    }
}
