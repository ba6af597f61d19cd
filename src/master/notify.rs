use crate::consensus::Consensus;
use crate::directory::{Directory, Route};
use mesoform_notify::Notifier;
use std::time::Duration;

/// Between two looks for consensus.
const PAUSE: Duration = Duration::from_millis(300);

/// Tells the service manager how it stands: READY once consensus was seen, then who leads.
pub async fn report<C: Consensus>(consensus: C, mut directory: Directory) {
    let notifier = Notifier::default();
    notifier.say("waiting for consensus");
    while let Err(cause) = consensus.ready().await {
        notifier.say(&format!("waiting for consensus: {cause}"));
        tokio::time::sleep(PAUSE).await;
    }
    notifier.ready();
    notifier.say(&words(&directory));
    while directory.changed().await {
        notifier.say(&words(&directory));
    }
}

fn words(directory: &Directory) -> String {
    match directory.route() {
        Route::Here(engine) => format!("leading since revision {}", engine.leadership().revision),
        Route::There(leader) => format!("standing by; {} leads", leader.candidate.host),
        Route::Nowhere => "waiting for a leading master".to_owned(),
    }
}
