use super::leadership::Leadership;
use super::perform::Stand;
use super::stint::{Standing, Stint, Why};
use crate::admission::admit;
use crate::pool::Pool;
use crate::{CoordinationError, Result};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

const TTL_MIN: Duration = Duration::from_secs(1);
/// Before standing again after a candidacy that led to nothing.
const PAUSE: Duration = Duration::from_millis(100);

/// Stands again and again until elected.
pub(crate) async fn campaign(
    pool: &Arc<Pool>,
    election: &str,
    candidate: Vec<u8>,
    ttl: Duration,
) -> Result<Leadership> {
    let stand = Arc::new(Stand {
        pool: pool.clone(),
        election: election.to_owned(),
        candidate,
        ttl: whole_seconds(ttl.max(TTL_MIN)),
    });
    await_admission(pool).await?;
    loop {
        match stand_once(&stand).await {
            Ok(leadership) => return Ok(leadership),
            Err(Why::Refused(error)) => return Err(taken(error)),
            Err(Why::Lost(_) | Why::Resigned) => sleep(PAUSE).await,
        }
    }
}

/// Nobody stands in an etcd of others before that may be the quorum.
async fn await_admission(pool: &Arc<Pool>) -> Result<()> {
    loop {
        match admit(pool).await {
            Err(CoordinationError::Unavailable { .. }) => sleep(PAUSE).await,
            done => return done,
        }
    }
}

/// Leases live for whole seconds.
fn whole_seconds(ttl: Duration) -> Duration {
    Duration::from_secs(ttl.as_secs() + u64::from(ttl.subsec_nanos() > 0))
}

async fn stand_once(stand: &Arc<Stand>) -> std::result::Result<Leadership, Why> {
    let (standing, mut seen) = watch::channel(Standing::Waiting);
    let (resign, over) = (CancellationToken::new(), CancellationToken::new());
    // One word is enough: it ends the candidacy.
    let (deposed, heard) = mpsc::channel(1);
    // Dropping this future, or later the leadership, resigns.
    let guard = resign.clone().drop_guard();
    let (stand, over_too) = (stand.clone(), over.clone());
    let stint = Stint { stand: stand.clone(), standing, resign, over: over_too, deposed: heard };
    let task = stand.pool.candidacies.spawn(stint.run());
    let reached = seen.wait_for(|standing| !matches!(standing, Standing::Waiting)).await;
    match reached.map(|standing| standing.clone()) {
        Ok(Standing::Leading { lease, quorum, revision, .. }) => {
            let (key, standing) = (stand.key(lease).into_bytes(), seen);
            Ok(Leadership { stand, key, quorum, revision, standing, over, deposed, guard, task })
        }
        Ok(Standing::Ended(why)) => Err(why),
        // The task ended without a word: the runtime is shutting down.
        Ok(Standing::Waiting) | Err(_) => Err(Why::Resigned),
    }
}

fn taken(error: Arc<CoordinationError>) -> CoordinationError {
    Arc::try_unwrap(error).unwrap_or_else(|shared| CoordinationError::Unavailable {
        what: "election",
        cause: shared.to_string(),
    })
}
