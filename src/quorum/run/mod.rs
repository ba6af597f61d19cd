//! Puts a voter together and runs it.

mod assembly;
mod config;
mod port;

use crate::error::{QuorumError, Result};
use crate::serve::listen;
use crate::tuning::Tuning;
use assembly::{Assembly, Ports};
use mesoform_identity::{Identity, Role};
use mesoform_settings::QuorumSettings;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

/// For requests under way when the service is to end.
const GRACE: Duration = Duration::from_secs(2);

/// Runs one voter until `shutdown`.
///
/// # Errors
/// It could not start, or its storage failed. Then the process must end: started again it finds
/// all that was acknowledged.
pub async fn run(settings: QuorumSettings, shutdown: CancellationToken) -> Result<()> {
    let peer_port = listen(settings.listen_peer)?;
    let client_port = listen(settings.listen_client)?;
    serve(settings, Tuning::default(), peer_port, client_port, shutdown).await
}

/// As [`run`], on ports that are bound already, and with other sizes.
///
/// # Errors
/// As [`run`].
pub async fn serve(
    settings: QuorumSettings,
    tuning: Tuning,
    peer_port: TcpListener,
    client_port: TcpListener,
    shutdown: CancellationToken,
) -> Result<()> {
    let identity = Identity::load(&settings.pki)?.expect(Role::Quorum, &settings.cluster)?;
    let ports = Ports { peer: peer_port, client: client_port };
    let voter = Assembly::start(Arc::new(settings), &tuning, &identity, &shutdown).await?;
    let status = voter.status.clone();
    let raft = voter.raft.clone();
    let stopped = voter.introducer.leadership.clone().stopped();
    // What the voter does ends with these sets.
    let (mut servers, mut chores) = (JoinSet::new(), JoinSet::new());
    voter.serve(&mut servers, &mut chores, &identity, ports, &shutdown)?;
    let result = tokio::select! {
        () = shutdown.cancelled() => Ok(()),
        cause = stopped => Err(QuorumError::Raft { cause }),
        Some(ended) = servers.join_next() => flatten(ended),
        Some(ended) = chores.join_next() => flatten(ended),
    };
    status.stopping();
    shutdown.cancel();
    chores.abort_all();
    let end = async { while servers.join_next().await.is_some() {} };
    // A client that does not let go must not hold up the end.
    let _ = tokio::time::timeout(GRACE, end).await;
    servers.shutdown().await;
    // It only fails where its task panicked, and then it has ended too.
    let _ = raft.shutdown().await;
    result
}

fn flatten(ended: std::result::Result<Result<()>, JoinError>) -> Result<()> {
    ended.unwrap_or_else(|e| Err(QuorumError::Raft { cause: format!("a task failed: {e}") }))
}
