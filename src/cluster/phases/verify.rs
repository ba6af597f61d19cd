//! Asking all hosts how their services are.

use crate::report::HostReport;
use crate::run::{HostRun, Run, Stop};
use crate::session::SessionError;
use crate::{Health, Places, Progress, Reports};
use futures::StreamExt;
use mesoform_transport::{Connection, Exit};
use std::time::{Duration, Instant};

/// How long until the cluster is asked again. What is awaited shows itself in no other way.
const ASK_AGAIN: Duration = Duration::from_millis(100);

/// So long does something that no waiting cures have to show itself: what is being cured may still show.
const LASTING: Duration = Duration::from_secs(10);

/// What a shell exits with where there is no such command.
const NOT_FOUND: u32 = 127;

/// Waits until the cluster is well: a leader in the quorum, a leading master, all agents registered,
/// a leading scheduler that is connected.
pub(super) async fn wait_until_well(run: &mut Run) -> Result<(), Stop> {
    let begin = Instant::now();
    // When there was last something that waiting may cure.
    let mut waits = begin;
    loop {
        let reports = ask(run).await;
        let own = run.admin.certificates();
        let mut health = Health::of(&run.spec, &reports).with_certificates(
            &reports,
            &own,
            jiff::Timestamp::now(),
        );
        health.ailments.retain(|ailment| {
            ailment.host.as_ref().is_none_or(|host| {
                let touched = run.hosts.iter().any(|h| h.spec.name == *host);
                touched && !run.summary.unreachable.contains(host)
            })
        });
        let well = health.is_well();
        run.summary.health = Some(health.clone());
        if well {
            return Ok(());
        }
        if health.ailments.iter().any(|ailment| !ailment.lasting) {
            waits = Instant::now();
        }
        if waits.elapsed() > LASTING || begin.elapsed() > run.options.deadline {
            return Err(give_up(run, &health));
        }
        for ailment in &health.ailments {
            let host = ailment.host.clone().unwrap_or_else(|| "cluster".into());
            run.observer.on(Progress::Host { host, text: ailment.what.clone() });
        }
        tokio::time::sleep(ASK_AGAIN).await;
    }
}

fn give_up(run: &Run, health: &Health) -> Stop {
    for ailment in &health.ailments {
        let host = ailment.host.clone().unwrap_or_else(|| "cluster".into());
        let message = format!("{}; {}", ailment.what, ailment.cure);
        run.observer.on(Progress::Failure { host, message });
    }
    if health.ailments.iter().all(|ailment| ailment.lasting) {
        return Stop::Failed(
            "the cluster is not well, and waiting cures nothing (see above)".into(),
        );
    }
    let seconds = run.options.deadline.as_secs();
    Stop::Failed(format!(
        "the cluster was not well within {seconds} s (see above); --timeout sets how long that may take"
    ))
}

/// Asks all hosts that have a connection.
pub(super) async fn ask(run: &Run) -> Reports {
    ask_those(run, |_| true).await
}

/// Asks those of the hosts that are `wanted`.
pub(super) async fn ask_those(run: &Run, wanted: impl Fn(&HostRun) -> bool) -> Reports {
    let asked = run.hosts.iter().filter(|host| wanted(host)).map(|host| async move {
        let report = ask_one(host).await;
        (host.spec.name.clone(), report.map_err(|stop| stop.without(&host.spec.name)))
    });
    futures::stream::iter(asked).buffer_unordered(run.options.forks).collect().await
}

/// In the session where there is one, since another command would call sudo again.
async fn ask_one(host: &HostRun) -> Result<HostReport, Stop> {
    if let (None, Some(session)) = (&host.failure, &host.session) {
        match session.report().await {
            Ok(Some(report)) => return Ok(report),
            // The host may have given the session up, and still be there.
            Ok(None) | Err(SessionError::Lost(_) | SessionError::Silent(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    match (&host.connection, &host.failure) {
        (Some(connection), _) => ask_by_command(connection).await,
        (None, Some(failure)) => Err(failure.clone()),
        (None, None) => Err(Stop::Unreachable("there is no connection to it".into())),
    }
}

async fn ask_by_command(connection: &Connection) -> Result<HostReport, Stop> {
    let command = format!("{} report", Places::system().bin.join("mesoform").display());
    let output = connection.exec_as_root(&command, b"").await?;
    serde_json::from_slice(&output.stdout).map_err(|error| {
        Stop::Failed(match (&output.exit, output.stderr.trim()) {
            (Exit::Code(NOT_FOUND), _) => "mesoform is not installed there".to_owned(),
            (_, "") => format!("its report is not understood: {error}"),
            (_, said) => format!("it could not be asked: {said}"),
        })
    })
}
