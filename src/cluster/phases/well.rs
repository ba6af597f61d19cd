//! Waiting until a cluster is well, or as well as it was before a restart.

use super::verify;
use crate::health::Before;
use crate::run::{Run, Stop};
use crate::{Ailment, Health, Progress, Reports, Service};
use std::time::{Duration, Instant};

/// How long until the cluster is asked again. What is awaited shows itself in no other way.
const ASK_AGAIN: Duration = Duration::from_millis(100);

/// So long does something that no waiting cures have to show itself: what is being cured may still show.
const LASTING: Duration = Duration::from_secs(10);

/// Waits until the cluster is well: a leader in the quorum, a leading master, all agents registered,
/// a leading scheduler that is connected.
pub(super) async fn wait_until_well(run: &mut Run) -> Result<(), Stop> {
    let ours = |run: &Run, health: &Health| {
        let ours = |ailment: &&Ailment| {
            ailment.host.as_ref().is_none_or(|host| {
                let touched = run.hosts.iter().any(|h| h.spec.name == *host);
                touched && !run.summary.unreachable.contains(host)
            })
        };
        health.ailments.iter().filter(ours).cloned().collect()
    };
    wait(run, "the cluster is not well", ours).await
}

/// How the cluster is before `service` is restarted on the run's hosts.
pub(super) async fn before(run: &Run, service: Service) -> (Before, Reports) {
    let reports = verify::ask(run).await;
    let fine = run.hosts.iter().filter(|host| host.failure.is_none());
    let hosts = fine.map(|host| host.spec.name.clone()).collect();
    (Before::new(service, hosts, &judge(run, &reports)), reports)
}

/// Waits until what was restarted, and what rests on it, is no worse than before: who leads is elected
/// again, agents are registered again.
pub(super) async fn wait_until_as_before(run: &mut Run, before: &Before) -> Result<(), Stop> {
    wait(run, "not all is as well as before the restart", |_, health| before.awaits(health)).await
}

/// Waits until nothing of the cluster's health is `awaited` any more; `otherwise` says what it is until
/// then.
async fn wait(
    run: &mut Run,
    otherwise: &str,
    awaited: impl Fn(&Run, &Health) -> Vec<Ailment>,
) -> Result<(), Stop> {
    let begin = Instant::now();
    // When there was last something that waiting may cure.
    let mut waits = begin;
    loop {
        let health = look(run, &awaited).await;
        if health.is_well() {
            return Ok(());
        }
        if health.ailments.iter().any(|ailment| !ailment.lasting) {
            waits = Instant::now();
        }
        if waits.elapsed() > LASTING || begin.elapsed() > run.options.deadline {
            return Err(give_up(run, otherwise, &health));
        }
        for ailment in &health.ailments {
            let host = ailment.host.clone().unwrap_or_else(|| "cluster".into());
            run.observer.on(Progress::Host { host, text: ailment.what.clone() });
        }
        tokio::time::sleep(ASK_AGAIN).await;
    }
}

/// The cluster's health, with what is `awaited` as its ailments.
async fn look(run: &mut Run, awaited: impl Fn(&Run, &Health) -> Vec<Ailment>) -> Health {
    let health = judge(run, &verify::ask(run).await);
    let health = Health { ailments: awaited(run, &health), ..health };
    run.summary.health = Some(health.clone());
    health
}

fn judge(run: &Run, reports: &Reports) -> Health {
    let (own, now) = (run.admin.certificates(), jiff::Timestamp::now());
    Health::of(&run.spec, reports).with_certificates(reports, &own, now)
}

fn give_up(run: &Run, otherwise: &str, health: &Health) -> Stop {
    for ailment in &health.ailments {
        let host = ailment.host.clone().unwrap_or_else(|| "cluster".into());
        let message = format!("{}; {}", ailment.what, ailment.cure);
        run.observer.on(Progress::Failure { host, message });
    }
    if health.ailments.iter().all(|ailment| ailment.lasting) {
        return Stop::Failed(format!("{otherwise}, and waiting cures nothing (see above)"));
    }
    let seconds = run.options.deadline.as_secs();
    Stop::Failed(format!(
        "{otherwise} after {seconds} s (see above); --timeout sets how long that may take"
    ))
}
