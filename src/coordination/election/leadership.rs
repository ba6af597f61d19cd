use super::perform::{Stand, created};
use super::stint::Standing;
use crate::call::{ATTEMPT, CALL, is_refusal, was_never_sent, words};
use crate::pool::Line;
use crate::{MAX_OPS, Op, WriteError};
use mesoform_etcd::client::KvClient;
use mesoform_etcd::pb::{TxnRequest, TxnResponse};
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout_at};
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::{Code, Status};

/// An election won. Dropping it gives it up, in the background; [`Self::resign`] waits for that.
pub struct Leadership {
    pub(super) stand: Arc<Stand>,
    pub(super) key: Vec<u8>,
    pub(super) quorum: u64,
    pub(super) revision: i64,
    pub(super) standing: watch::Receiver<Standing>,
    pub(super) over: CancellationToken,
    pub(super) deposed: mpsc::Sender<()>,
    pub(super) guard: DropGuard,
    pub(super) task: JoinHandle<()>,
}

impl Leadership {
    /// The quorum that this was elected in: etcd's cluster id, never 0. One that was formed anew, since
    /// the old one's data is lost, has another.
    pub fn quorum(&self) -> u64 {
        self.quorum
    }

    /// The create revision of the leader's key, higher than that of any leader before in the same
    /// quorum: together with [`Self::quorum`] it is the fencing token.
    pub fn revision(&self) -> i64 {
        self.revision
    }

    /// Cancelled when this leadership is over: the lease could not be renewed for two thirds of its
    /// life, the quorum has let it go, or the key was taken away.
    pub fn lost(&self) -> CancellationToken {
        self.over.clone()
    }

    /// Whether this still leads, by the clock of this moment. After a pause of the whole process the
    /// clock knows before [`Self::lost`] does: ask this before acts that no write fences.
    pub fn is_current(&self) -> bool {
        match &*self.standing.borrow() {
            Standing::Leading { until, .. } => Instant::now() < *until,
            Standing::Waiting | Standing::Ended(_) => false,
        }
    }

    /// Carries out all of `ops` in one transaction, or none, provided that this still leads. Returns
    /// the revision at which they were written.
    ///
    /// # Errors
    /// See [`WriteError`]; only after `Unknown` something may have been written. Nothing is repeated
    /// here that may have been sent.
    pub async fn write(&self, ops: Vec<Op>) -> Result<i64, WriteError> {
        if ops.len() > MAX_OPS {
            return Err(WriteError::TooManyOps { ops: ops.len(), max: MAX_OPS });
        }
        if !self.is_current() {
            return Err(WriteError::Deposed);
        }
        let answer = self.send(self.guarded(ops)).await?;
        let revision = answer.header.map_or(0, |header| header.revision);
        if answer.succeeded {
            return Ok(revision);
        }
        // Only this candidacy's end takes the key away: let everyone know.
        let _ = self.deposed.try_send(());
        Err(WriteError::Deposed)
    }

    fn guarded(&self, ops: Vec<Op>) -> TxnRequest {
        TxnRequest {
            compare: vec![created(self.key.clone(), self.revision)],
            success: ops.into_iter().map(|op| op.request(|key| self.stand.pool.key(key))).collect(),
            failure: Vec::new(),
        }
    }

    /// Sends `request` to one voter; to the next only if the first was never reached, or knew of no
    /// leader. All of them together have the time of one call.
    async fn send(&self, request: TxnRequest) -> Result<TxnResponse, WriteError> {
        let pool = &self.stand.pool;
        let deadline = Instant::now() + CALL;
        let mut tried = 0;
        loop {
            let line = pool.line();
            let mut client = KvClient::new(line.channel.clone());
            let answer = self.answer(&line, deadline, client.txn(request.clone())).await;
            let (status, cause) = match answer {
                Ok(answer) => return Ok(answer.into_inner()),
                Err(Some(status)) => {
                    let cause = words(&status);
                    (Some(status), cause)
                }
                Err(None) => (None, "no answer in time".to_owned()),
            };
            let failure = failure(status.as_ref(), cause.clone());
            if !matches!(failure, WriteError::Refused { .. }) {
                pool.leave(&line, &cause);
            }
            tried += 1;
            let retry = matches!(failure, WriteError::Unavailable { .. }) && tried < pool.voters();
            // Whoever is asked with little time left may do it and not be heard.
            if !retry || Instant::now() + ATTEMPT >= deadline {
                return Err(failure);
            }
        }
    }

    /// The answer of `call`; an error without a status where it takes too long. Others may find out
    /// earlier that the voter hangs: then there is little hope for this call either.
    async fn answer<T>(
        &self,
        line: &Line,
        deadline: Instant,
        call: impl Future<Output = Result<T, Status>>,
    ) -> Result<T, Option<Status>> {
        let hopeless = async {
            self.stand.pool.left(line).await;
            sleep(ATTEMPT).await;
        };
        tokio::select! {
            answer = timeout_at(deadline.into(), call) => answer.map_err(|_| None)?.map_err(Some),
            () = hopeless => Err(None),
        }
    }

    /// Gives the leadership up and waits until the quorum knows, so that the next one leads at once.
    pub async fn resign(self) {
        drop(self.guard);
        // It ends by itself within seconds, and does not panic.
        let _ = self.task.await;
    }
}

/// What a failed transaction means. `status` is none after a time-out.
fn failure(status: Option<&Status>, cause: String) -> WriteError {
    let Some(status) = status else { return WriteError::Unknown { cause } };
    // etcd says so before it proposes anything; its other "unavailable"s come after.
    let no_leader = status.code() == Code::Unavailable && cause.contains("no leader");
    if no_leader || was_never_sent(status) {
        return WriteError::Unavailable { cause };
    }
    match is_refusal(status) {
        true => WriteError::Refused { cause },
        false => WriteError::Unknown { cause },
    }
}

impl std::fmt::Debug for Leadership {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Leadership")
            .field("quorum", &self.quorum)
            .field("revision", &self.revision)
            .finish_non_exhaustive()
    }
}
