//! Asking all hosts how their services are.

use crate::health::NOT_INSTALLED;
use crate::report::HostReport;
use crate::run::{HostRun, Run, Stop};
use crate::session::SessionError;
use crate::{Places, Reports};
use futures::StreamExt;
use mesoform_transport::{Connection, Exit};

/// What a shell exits with where there is no such command.
const NOT_FOUND: u32 = 127;

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
            (Exit::Code(NOT_FOUND), _) => NOT_INSTALLED.to_owned(),
            (_, "") => format!("its report is not understood: {error}"),
            (_, said) => format!("it could not be asked: {said}"),
        })
    })
}
