use super::candidate::{Candidate, End, Input, Phase};
use super::perform::Stand;
use crate::CoordinationError;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::{mpsc, watch};
use tokio::time::sleep_until;
use tokio_util::sync::CancellationToken;

/// What others see of a candidacy.
#[derive(Debug, Clone)]
pub(super) enum Standing {
    Waiting,
    /// Elected; certain until `until`, which moves on with each renewal.
    Leading {
        lease: i64,
        quorum: u64,
        revision: i64,
        until: Instant,
    },
    Ended(Why),
}

/// Why a candidacy is over.
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum Why {
    #[error("{0}")]
    Lost(End),
    #[error("it was given up")]
    Resigned,
    #[error("{0}")]
    Refused(Arc<CoordinationError>),
}

/// Carries out one candidacy: the shell around [`Candidate`].
pub(super) struct Stint {
    pub(super) stand: Arc<Stand>,
    pub(super) standing: watch::Sender<Standing>,
    /// Cancelled from outside to resign.
    pub(super) resign: CancellationToken,
    /// Cancelled from here when an election was lost or never won.
    pub(super) over: CancellationToken,
    /// Word of writes that were refused because the key is gone.
    pub(super) deposed: mpsc::Receiver<()>,
}

type Pending = FuturesUnordered<BoxFuture<'static, crate::Result<Input>>>;

impl Stint {
    pub(super) async fn run(mut self) {
        let mut candidate = Candidate::new(self.stand.ttl);
        let why = self.carry_out(&mut candidate).await;
        tracing::info!(election = self.stand.election, %why, "candidacy over");
        // First nobody acts on this leadership any more, then the next one may lead.
        self.standing.send_replace(Standing::Ended(why));
        self.over.cancel();
        if let Some(lease) = candidate.lease() {
            self.stand.revoke(lease).await;
        }
    }

    async fn carry_out(&mut self, candidate: &mut Candidate) -> Why {
        let mut pending: Pending = FuturesUnordered::new();
        let mut effects = candidate.start();
        loop {
            for effect in effects {
                pending.push(self.stand.clone().perform(effect).boxed());
            }
            let input = tokio::select! {
                () = self.resign.cancelled() => return Why::Resigned,
                Some(()) = self.deposed.recv() => Input::OwnGone,
                Some(done) = pending.next() => match done {
                    Ok(input) => input,
                    Err(error) => return Why::Refused(Arc::new(error)),
                },
                () = tick(candidate.wake_at()) => Input::Tick,
            };
            effects = candidate.handle(input, Instant::now());
            if let Phase::Ended(end) = candidate.phase() {
                return Why::Lost(end);
            }
            self.show(candidate);
        }
    }

    fn show(&self, candidate: &Candidate) {
        let Phase::Leading { revision } = candidate.phase() else { return };
        let (Some(lease), Some(until)) = (candidate.lease(), candidate.valid_until()) else {
            return;
        };
        let quorum = candidate.quorum();
        self.standing.send_if_modified(|old| {
            let elected = !matches!(old, Standing::Leading { .. });
            *old = Standing::Leading { lease, quorum, revision, until };
            elected
        });
    }
}

async fn tick(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}
