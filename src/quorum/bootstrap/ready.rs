use super::Introducer;
use crate::leadership::Leader;
use crate::read_index::ReadIndex;
use mesoform_notify::Notifier;
use std::time::Duration;
use tokio::time::Instant;

/// How often to look even when nothing seems to change.
const LOOK: Duration = Duration::from_secs(5);

/// Reports READY once this voter knows a leader and has made a linearizable read, and from then on
/// who leads.
pub async fn report(introducer: Introducer, read_index: ReadIndex, status: Notifier) {
    let mut leadership = introducer.leadership.clone();
    loop {
        let far = Instant::now() + LOOK;
        let leader = leadership.wait_for(far, |leader| *leader != Leader::None).await;
        if leader != Leader::None && read_index.wait().await.is_ok() {
            break;
        }
    }
    status.ready();
    loop {
        let leader = leadership.now();
        status.say(&describe(&introducer, &leader));
        let far = Instant::now() + Duration::from_secs(3600);
        leadership.wait_for(far, |now| *now != leader).await;
    }
}

fn describe(introducer: &Introducer, leader: &Leader) -> String {
    let term = introducer.leadership.term();
    match leader {
        Leader::Me => format!("leads (term {term})"),
        Leader::Other { member, .. } if introducer.leadership.metrics().state.is_learner() => {
            format!("learns from {} (term {term}); it does not vote yet", member.name)
        }
        Leader::Other { member, .. } => format!("follows {} (term {term})", member.name),
        Leader::None => "has no leader: too few voters are up".to_owned(),
    }
}
