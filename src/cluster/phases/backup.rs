//! The quorum's data, brought to the operator.

use super::connect;
use super::membership::ask_voters;
use crate::report::{QuorumView, View};
use crate::run::{Run, Stop};
use crate::{Places, Progress};
use mesoform_transport::{Channel, Exit};
use std::time::Duration;
use tokio::io::{AsyncWrite, AsyncWriteExt};

/// For all of it.
const LIMIT: Duration = Duration::from_secs(3600);

/// Copies a backup from the voter that knows most into `sink`, and says from which host it came.
///
/// # Errors
/// No voter with data can be reached, or the copy was cut.
pub async fn backup(run: &mut Run, sink: &mut (impl AsyncWrite + Unpin)) -> Result<String, Stop> {
    run.spec.own_quorum("`etcdctl snapshot save` backs it up, with all that is in it")?;
    run.phase("connect", "Connect and look", async |run: &mut Run| {
        connect::look(run).await;
        Ok(())
    })
    .await?;
    let name = choose(run).await?;
    run.phase("copy", "Copy the quorum's data", async |run: &mut Run| copy(run, &name, sink).await)
        .await?;
    Ok(name)
}

/// With consensus any voter that leads or follows has all that counts; without it the one with the
/// longest log has most.
async fn choose(run: &mut Run) -> Result<String, Stop> {
    let reports = ask_voters(run).await;
    let views = reports.iter().filter_map(|(host, report)| {
        match report.as_ref().ok()?.services.get(&crate::Service::Quorum)?.view.as_ref()? {
            View::Quorum(view) if view.raft_index > 0 => Some((host, view)),
            _ => None,
        }
    });
    let rank =
        |(_, view): &(&String, &QuorumView)| (view.leader_id != 0, view.applied, view.raft_index);
    let none =
        || Stop::Unreachable("no voter with data can be asked; see `mesoform status`".into());
    let (host, view) = views.max_by_key(rank).ok_or_else(none)?;
    if view.leader_id == 0 {
        let message = format!(
            "the quorum has no consensus: this is what {host} has, and other voters may have more"
        );
        run.observer.on(Progress::Notice { message });
    }
    Ok(host.clone())
}

async fn copy(run: &Run, name: &str, sink: &mut (impl AsyncWrite + Unpin)) -> Result<(), Stop> {
    let host = run.hosts.iter().find(|host| host.spec.name == name);
    let host = host.ok_or_else(|| Stop::Unreachable(format!("{name} is gone")))?;
    let command = format!("{} voter backup", Places::system().bin.join("mesoform").display());
    let channel = host.connection()?.stream_as_root(&command).await?;
    let Channel { stdin, mut stdout, mut end } = channel;
    let copied = tokio::time::timeout(LIMIT, tokio::io::copy(&mut stdout, sink)).await;
    drop(stdin);
    copied
        .map_err(|_| Stop::Failed("the copy took too long".into()))?
        .map_err(|e| Stop::Failed(format!("the copy was cut: {e}")))?;
    sink.flush().await.map_err(|e| Stop::Failed(format!("the copy cannot be written: {e}")))?;
    match end.wait().await? {
        Exit::Code(0) => Ok(()),
        _ => Err(Stop::Failed(format!("{name}: {}", end.stderr().trim()))),
    }
}
