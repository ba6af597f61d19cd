use super::{Keeper, Renewal};
use crate::leadership::Leader;
use crate::machine::State;
use crate::mvcc;
use crate::peer::Peers;
use crate::propose::{ProposeError, Proposer};
use crate::read_index::ReadIndex;
use crate::wire::command::Kind;
use crate::wire::{Command, RenewRequest, RenewResponse};
use mesoform_etcd::pb::LeaseRevokeRequest;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use thiserror::Error;
use tokio::sync::Notify;
use tokio::time::Instant;

/// For one renewal at the leader.
const TIMEOUT: Duration = Duration::from_secs(3);
/// Leases that are revoked together.
const REVOKED_AT_ONCE: usize = 256;

/// The keeper, and a bell for whoever waits for the next lease to run out. The state machine tells
/// it what happens to leases.
#[derive(Clone, Default)]
pub struct LeaseClock {
    keeper: Arc<Mutex<Keeper>>,
    bell: Arc<Notify>,
}

impl LeaseClock {
    pub fn granted(&self, id: i64, ttl: i64) {
        self.keeper().granted(id, ttl, Instant::now().into_std());
        self.bell.notify_one();
    }

    pub fn revoked(&self, id: i64) {
        self.keeper().revoked(id);
    }

    fn keeper(&self) -> MutexGuard<'_, Keeper> {
        self.keeper.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a lease was not renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RenewError {
    #[error("no leader")]
    NoLeader,
    #[error("timed out")]
    TimedOut,
}

/// Renews leases, wherever the leader is; revokes them where this voter leads.
#[derive(Clone)]
pub struct Leases {
    pub clock: LeaseClock,
    pub state: Arc<State>,
    pub proposer: Proposer,
    pub read_index: ReadIndex,
    pub peers: Peers,
}

impl Leases {
    /// Renews a lease (or only looks, with `peek`), at the leader.
    ///
    /// # Errors
    /// There is none, or it does not answer.
    pub async fn renew(&self, lease: i64, peek: bool) -> Result<RenewResponse, RenewError> {
        let deadline = Instant::now() + TIMEOUT;
        let mut leadership = self.peers.leadership.clone();
        loop {
            let leader = leadership.wait_for(deadline, |leader| *leader != Leader::None).await;
            let response = match leader {
                Leader::None => return Err(RenewError::NoLeader),
                Leader::Me => self.here(lease, peek).await,
                Leader::Other { id, member } => {
                    let mut client =
                        self.peers.client(&member).map_err(|_| RenewError::NoLeader)?;
                    let envelope = self.peers.envelope(id);
                    let call = client.renew(RenewRequest { envelope, lease, peek });
                    match tokio::time::timeout_at(deadline, call).await {
                        Ok(Ok(response)) => response.into_inner(),
                        // Renewing twice harms nobody.
                        Ok(Err(_)) => RenewResponse { not_leader: true, ..Default::default() },
                        Err(_) => return Err(RenewError::TimedOut),
                    }
                }
            };
            if !response.not_leader {
                return Ok(response);
            }
            if Instant::now() >= deadline {
                return Err(RenewError::TimedOut);
            }
            let pause = Instant::now() + Duration::from_millis(30);
            leadership.changed(pause.min(deadline)).await;
        }
    }

    /// As [`Self::renew`], if this voter leads. A majority must have confirmed that after the
    /// request came: else a new leader could already be counting the lease's time.
    pub async fn here(&self, lease: i64, peek: bool) -> RenewResponse {
        let Some(index) = self.read_index.here().await else {
            return RenewResponse { not_leader: true, ..Default::default() };
        };
        if self.state.now().applied.is_none_or(|id| id.index < index) {
            // The keeper may not have heard yet of a lease that was granted elsewhere.
            if self.read_index.wait().await.is_err() {
                return RenewResponse { not_leader: true, ..Default::default() };
            }
        }
        let Some(term) = self.term_led() else {
            return RenewResponse { not_leader: true, ..Default::default() };
        };
        let mut keeper = self.clock.keeper();
        // The task that keeps the time may not have heard yet that this voter leads again.
        if !self.take_over(&mut keeper, Some(term)) {
            return RenewResponse { not_leader: true, ..Default::default() };
        }
        let now = Instant::now().into_std();
        if !peek && keeper.renew(lease, now) == Renewal::Undecided {
            // Soon it is revoked, or another leader has given it its time again.
            return RenewResponse { not_leader: true, ..Default::default() };
        }
        let (left, granted) = keeper.left(lease, now).unwrap_or_default();
        RenewResponse {
            not_leader: false,
            left_ms: u64::try_from(left.as_millis()).unwrap_or(u64::MAX),
            granted: granted.as_secs().cast_signed(),
        }
    }

    /// Keeps the leases' time while this voter leads; ends never.
    pub async fn keep(self) {
        let mut leadership = self.peers.leadership.clone();
        loop {
            let term = self.term_led();
            self.take_over(&mut self.clock.keeper(), term);
            self.revoke_expired().await;
            let next = self.clock.keeper().next();
            let far = Instant::now() + Duration::from_secs(3600);
            let next = next.map_or(far, Instant::from_std);
            tokio::select! {
                _ = leadership.changed(next) => {}
                () = self.clock.bell.notified() => {}
            }
        }
    }

    /// The term in which this voter leads.
    fn term_led(&self) -> Option<u64> {
        let metrics = self.peers.leadership.metrics();
        metrics.state.is_leader().then_some(metrics.current_term)
    }

    /// Sees to it that the keeper keeps the time for the leader of this term: a new one gives all
    /// leases their full time again. The keeper is locked: what is applied from here on it is told
    /// after this. False: it does not keep it.
    fn take_over(&self, keeper: &mut Keeper, term: Option<u64>) -> bool {
        let Some(term) = term else {
            keeper.follow();
            return false;
        };
        if keeper.leads_in(term) {
            return true;
        }
        match self.state.read().and_then(|tables| mvcc::leases(&tables)) {
            Ok(leases) => {
                keeper.lead(term, leases, Instant::now().into_std());
                self.clock.bell.notify_one();
            }
            Err(error) => {
                keeper.follow();
                tracing::error!(%error, "the leases cannot be read");
            }
        }
        keeper.leads_in(term)
    }

    async fn revoke_expired(&self) {
        let expired = self.clock.keeper().expired(Instant::now().into_std());
        for some in expired.chunks(REVOKED_AT_ONCE) {
            let commands: Vec<Command> = some
                .iter()
                .map(|id| Kind::LeaseRevoke(LeaseRevokeRequest { id: *id }).into())
                .collect();
            let proposer = self.proposer.clone();
            // Not waited for: other leases run out meanwhile, and what fails is asked for again.
            tokio::spawn(async move {
                match proposer.propose_here(commands).await {
                    Ok(_) | Err(ProposeError::NoLeader | ProposeError::Stopped) => {}
                    Err(error) => {
                        tracing::warn!(%error, "leases that have run out are not revoked yet")
                    }
                }
            });
        }
    }
}
