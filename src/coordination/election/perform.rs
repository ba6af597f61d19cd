//! The effects of a candidacy, each as a future that ends in an input.

use super::candidate::{Effect, Input};
use crate::call::{ATTEMPT, repeated, words};
use crate::keys::{candidate_key, election_prefix, prefix_end};
use crate::list::{position_of, range};
use crate::pool::{Line, Pool};
use crate::watch::await_gone;
use crate::{CoordinationError, Result};
use mesoform_etcd::client::{KvClient, LeaseClient};
use mesoform_etcd::pb::compare::{CompareResult, CompareTarget, TargetUnion};
use mesoform_etcd::pb::request_op::Request;
use mesoform_etcd::pb::response_op::Response;
use mesoform_etcd::pb::{
    Compare, LeaseGrantRequest, LeaseKeepAliveRequest, LeaseRevokeRequest, PutRequest,
    RangeRequest, RequestOp, SortOrder, SortTarget, TxnRequest, TxnResponse,
};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::{sleep, timeout};
use tokio_stream::{StreamExt, iter, pending};
use tonic::{Code, Status};

const PAUSE: Duration = Duration::from_millis(200);
/// For giving a lease back: it ends by itself anyway.
const REVOKE: Duration = Duration::from_secs(2);

/// Who stands for what.
pub(super) struct Stand {
    pub(super) pool: Arc<Pool>,
    pub(super) election: String,
    pub(super) candidate: Vec<u8>,
    pub(super) ttl: Duration,
}

impl Stand {
    /// Its key as the quorum has it.
    pub(super) fn key(&self, lease: i64) -> String {
        self.pool.key(&candidate_key(&self.election, lease))
    }

    /// Does what the candidate asks for; through outages, except for renewals, which it times itself.
    pub(super) async fn perform(self: Arc<Self>, effect: Effect) -> Result<Input> {
        loop {
            match self.attempt(&effect).await {
                Err(CoordinationError::Unavailable { what, cause }) => {
                    tracing::debug!(election = self.election, what, cause, "trying again");
                    sleep(PAUSE).await;
                }
                done => return done,
            }
        }
    }

    async fn attempt(&self, effect: &Effect) -> Result<Input> {
        match effect {
            Effect::Grant => self.grant().await,
            Effect::Join { lease } => self.join(*lease).await,
            Effect::GuardOwn { lease, made } => {
                await_gone(&self.pool, self.key(*lease).into_bytes(), made.next()).await?;
                Ok(Input::OwnGone)
            }
            Effect::LookAhead { revision } => self.look_ahead(*revision).await,
            Effect::AwaitGone { key, from } => {
                await_gone(&self.pool, key.clone(), *from).await?;
                Ok(Input::AheadGone)
            }
            Effect::Renew { lease, patience } => Ok(self.renew(*lease, *patience).await),
        }
    }

    /// A grant whose answer was lost leaves a lease without keys, which ends by itself.
    async fn grant(&self) -> Result<Input> {
        let sent = Instant::now();
        let ttl = i64::try_from(self.ttl.as_secs()).unwrap_or(i64::MAX);
        let granted = repeated(&self.pool, "lease", ATTEMPT, |line| async move {
            LeaseClient::new(line.channel).lease_grant(LeaseGrantRequest { ttl, id: 0 }).await
        })
        .await?;
        Ok(Input::Granted { lease: granted.id, sent })
    }

    /// May be repeated: the key names the lease, so nobody else makes it.
    async fn join(&self, lease: i64) -> Result<Input> {
        let request = self.join_request(lease);
        let joined = repeated(&self.pool, "join", ATTEMPT, |line| {
            let request = request.clone();
            async move { KvClient::new(line.channel).txn(request).await }
        })
        .await;
        match joined {
            Ok(answer) => {
                Ok(Input::Joined { quorum: quorum_of(&answer)?, revision: created_at(&answer)? })
            }
            Err(CoordinationError::Refused { cause, .. }) if cause.contains("lease not found") => {
                Ok(Input::LeaseGone)
            }
            Err(error) => Err(error),
        }
    }

    fn join_request(&self, lease: i64) -> TxnRequest {
        let key = self.key(lease).into_bytes();
        let value = self.candidate.clone().into();
        let put = PutRequest { key: key.clone().into(), value, lease, ..Default::default() };
        let get = RangeRequest { key: key.clone().into(), ..Default::default() };
        TxnRequest {
            compare: vec![created(key, 0)],
            success: vec![RequestOp { request: Some(Request::RequestPut(put)) }],
            failure: vec![RequestOp { request: Some(Request::RequestRange(get)) }],
        }
    }

    async fn look_ahead(&self, revision: i64) -> Result<Input> {
        let prefix = self.pool.key(&election_prefix(&self.election));
        let request = RangeRequest {
            range_end: prefix_end(&prefix).into(),
            key: prefix.into(),
            limit: 1,
            sort_order: SortOrder::Descend.into(),
            sort_target: SortTarget::Create.into(),
            max_create_revision: revision - 1,
            keys_only: true,
            ..Default::default()
        };
        let answer = range(&self.pool, "election", request).await?;
        let at = position_of(&answer)?;
        let key = answer.kvs.into_iter().next().map(|kv| kv.key.to_vec());
        Ok(Input::Ahead { key, at })
    }

    /// One attempt at one voter; a failed one leaves that voter.
    async fn renew(&self, lease: i64, patience: Duration) -> Input {
        let (line, sent) = (self.pool.line(), Instant::now());
        let cause = match timeout(patience.min(ATTEMPT), keep_alive(&line, lease)).await {
            Ok(Ok(Some(ttl))) if ttl > 0 => return Input::Renewed { sent },
            Ok(Ok(Some(_))) => return Input::LeaseGone,
            Ok(Ok(None)) => "no answer to the renewal".to_owned(),
            Ok(Err(status)) if status.code() == Code::NotFound => return Input::LeaseGone,
            Ok(Err(status)) => words(&status),
            Err(_) => "no answer to the renewal in time".to_owned(),
        };
        tracing::debug!(election = self.election, cause, "the lease was not renewed");
        self.pool.leave(&line, &cause);
        Input::NotRenewed
    }

    /// Gives the lease back, so that the next one need not wait for its end.
    pub(super) async fn revoke(&self, lease: i64) {
        let revoked = repeated(&self.pool, "resign", ATTEMPT, |line| async move {
            LeaseClient::new(line.channel).lease_revoke(LeaseRevokeRequest { id: lease }).await
        });
        if let Ok(Err(error)) = timeout(REVOKE, revoked).await {
            tracing::debug!(%error, election = self.election, "the lease ends by itself");
        }
    }
}

/// The condition that `key` was made at `revision` (0: does not exist).
pub(crate) fn created(key: Vec<u8>, revision: i64) -> Compare {
    Compare {
        result: CompareResult::Equal.into(),
        target: CompareTarget::Create.into(),
        key: key.into(),
        target_union: Some(TargetUnion::CreateRevision(revision)),
        range_end: Default::default(),
    }
}

/// The quorum that a join was made in. A voter that does not know its own yet is asked again.
fn quorum_of(answer: &TxnResponse) -> Result<u64> {
    match answer.header.map_or(0, |header| header.cluster_id) {
        0 => Err(CoordinationError::Unavailable {
            what: "join",
            cause: "the voter does not say which quorum it belongs to".to_owned(),
        }),
        quorum => Ok(quorum),
    }
}

/// When the key of a join was made: by this transaction, or by an earlier attempt.
fn created_at(answer: &TxnResponse) -> Result<i64> {
    let wrong = |cause| CoordinationError::Answer { what: "join", cause };
    if answer.succeeded {
        return answer.header.map(|header| header.revision).ok_or(wrong("it has no header"));
    }
    match answer.responses.first().and_then(|first| first.response.as_ref()) {
        Some(Response::ResponseRange(found)) => {
            found.kvs.first().map(|kv| kv.create_revision).ok_or(wrong("the key is not there"))
        }
        _ => Err(wrong("it is no range")),
    }
}

/// The renewed time to live; none where the stream ended without an answer.
async fn keep_alive(line: &Line, id: i64) -> std::result::Result<Option<i64>, Status> {
    let requests = iter([LeaseKeepAliveRequest { id }]).chain(pending());
    let mut client = LeaseClient::new(line.channel.clone());
    let mut answers = client.lease_keep_alive(requests).await?.into_inner();
    Ok(answers.message().await?.map(|answer| answer.ttl))
}
