//! Puts a voter together and runs it.

mod assembly;
mod config;
mod foundation;
mod services;

use crate::error::{QuorumError, Result};
use crate::handover::{HandOver, HandOverError};
use crate::levels::Ladder;
use crate::peer::Links;
use crate::port::listen;
use crate::tuning::Tuning;
pub use assembly::Assembly;
use assembly::Ports;
pub use foundation::Foundation;
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
    let links = Arc::new(Links::new(&identity)?);
    let foundation = Foundation::lay(Arc::new(settings), tuning, links).await?;
    // Clients are served until another voter leads.
    let ending = CancellationToken::new();
    let voter = Assembly::new(foundation, &ending);
    let (peers, status) = (voter.peers.clone(), voter.status.clone());
    let hand_over = voter.hand_over.clone();
    let stopped = peers.leadership.clone().stopped();
    let ladder = peers.directory.ladder().clone();
    // What the voter does ends with these sets.
    let (mut servers, mut chores) = (JoinSet::new(), JoinSet::new());
    voter.serve(&mut servers, &mut chores, &identity, ports, &ending)?;
    let result = tokio::select! {
        () = shutdown.cancelled() => {
            status.stopping();
            give_up(&hand_over).await;
            Ok(())
        }
        error = ladder.outgrown() => Err(error.into()),
        cause = stopped => Err(ended(&ladder, cause)),
        Some(ended) = servers.join_next() => flatten(ended),
        Some(ended) = chores.join_next() => flatten(ended),
    };
    status.stopping();
    ending.cancel();
    chores.abort_all();
    let end = async { while servers.join_next().await.is_some() {} };
    // A client that does not let go must not hold up the end.
    let _ = tokio::time::timeout(GRACE, end).await;
    servers.shutdown().await;
    // It only fails where its task panicked, and then it has ended too.
    let _ = peers.raft.shutdown().await;
    result
}

/// Why Raft has ended.
fn ended(ladder: &Ladder, cause: String) -> QuorumError {
    ladder.is_outgrown().map_or(QuorumError::Raft { cause }, QuorumError::Level)
}

/// A leader that ends makes another voter lead first, if it can.
async fn give_up(hand_over: &HandOver) {
    match hand_over.to(None).await {
        Ok(()) | Err(HandOverError::NotLeader | HandOverError::NoSuccessor) => {}
        Err(error @ HandOverError::TimedOut) => {
            tracing::warn!(%error, "the leadership was not handed over");
        }
    }
}

fn flatten(ended: std::result::Result<Result<()>, JoinError>) -> Result<()> {
    ended.unwrap_or_else(|e| Err(QuorumError::Raft { cause: format!("a task failed: {e}") }))
}
