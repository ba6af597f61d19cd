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
    tell(&[NotifyState::Ready, NotifyState::Status(&words(&directory))]);
    while directory.changed().await {
        tell(&[NotifyState::Status(&words(&directory))]);
    }
}

fn words(directory: &Directory) -> String {
    match (directory.route(), directory.leader()) {
        (Route::Here(_), Some(leader)) if leader.candidate == directory.us => {
            format!("leading since revision {}", leader.revision)
        }
        (Route::Here(_), _) => "leading".to_owned(),
        (Route::There(leader), _) => format!("standing by; {} leads", leader.candidate.host),
        (Route::Nowhere, _) => "waiting for a leading master".to_owned(),
    }
}

/// That nobody listens is no mistake.
fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::debug!(%error, "the supervisor was not told");
    }
}
