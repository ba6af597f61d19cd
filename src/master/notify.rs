use crate::consensus::Consensus;
use crate::directory::{Directory, Route};
use sd_notify::NotifyState;
use std::time::Duration;

/// Between two looks for consensus.
const PAUSE: Duration = Duration::from_millis(300);

/// Tells the supervisor how it stands: READY once consensus was seen, then who leads.
pub async fn report<C: Consensus>(consensus: C, mut directory: Directory) {
    tell(&[NotifyState::Status("waiting for consensus")]);
    while let Err(cause) = consensus.ready().await {
        tell(&[NotifyState::Status(&format!("waiting for consensus: {cause}"))]);
        tokio::time::sleep(PAUSE).await;
    }
    let mut said = words(&directory);
    tell(&[NotifyState::Ready, NotifyState::Status(&said)]);
    while directory.changed().await {
        let now = words(&directory);
        if now != said {
            tell(&[NotifyState::Status(&now)]);
            said = now;
        }
    }
}

fn words(directory: &Directory) -> String {
    match directory.route() {
        Route::Here(engine) => format!("leading since revision {}", engine.leadership()),
        Route::There(leader) => format!("standing by; {} leads", leader.candidate.host),
        Route::Nowhere => "waiting for a leading master".to_owned(),
    }
}

/// That nobody listens is no mistake.
fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::debug!(%error, "the supervisor was not told");
    }
}
