use super::Introducer;
use crate::leadership::Leader;
use crate::machine::{Size, State};
use crate::read_index::ReadIndex;
use crate::space::Alarms;
use mesoform_notify::Notifier;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How often to look even when nothing seems to change.
const LOOK: Duration = Duration::from_secs(5);
/// How often to look whether writes are still accepted: the disks may be anybody's.
const LOOK_AT_DISKS: Duration = Duration::from_secs(1);
/// How large the state is changes all the time.
const SAY_AGAIN: Duration = Duration::from_secs(60);

/// Reports READY once this voter knows a leader and has made a linearizable read, and from then on
/// who leads, whether writes are refused, and how large the state is.
pub async fn report(
    introducer: Introducer,
    read_index: ReadIndex,
    state: Arc<State>,
    alarms: Alarms,
    status: Notifier,
) {
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
        let (leader, complaint) = (leadership.now(), complaint(&introducer, &alarms));
        let refuses = complaint.as_ref().map_or_else(String::new, |words| format!("; {words}"));
        status.say(&format!("{}{refuses}; {}", describe(&introducer, &leader), size(&state)));
        let again = Instant::now() + SAY_AGAIN;
        while Instant::now() < again {
            let far = again.min(Instant::now() + LOOK_AT_DISKS);
            let now = leadership.wait_for(far, |now| *now != leader).await;
            if now != leader || self::complaint(&introducer, &alarms) != complaint {
                break;
            }
        }
    }
}

/// That writes are refused, with the voters by their names.
fn complaint(introducer: &Introducer, alarms: &Alarms) -> Option<String> {
    let membership = introducer.leadership.metrics().membership_config;
    alarms.complaint(|id| Some(membership.membership().get_node(&id)?.name.clone()))
}

fn size(state: &Arc<State>) -> String {
    let Size { on_disk, in_use } = Size::known(state);
    format!("holds {} in {} on disk", mib(in_use), mib(on_disk))
}

fn mib(bytes: u64) -> String {
    const MIB: f64 = 1024.0 * 1024.0;
    // Nobody needs it more exact than a double is.
    format!("{:.1} MiB", bytes as f64 / MIB)
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
