use super::Api;
use super::errors::{NO_LEADER, STOPPED, no_space, permission_denied, too_large};
use crate::blocking::blocking;
use crate::leadership::Leader;
use crate::machine::Size;
use crate::mvcc::{MvccError, ReadTables, check_command};
use crate::port::caller;
use crate::wire::command::Kind;
use crate::wire::{Command, Refusal, reply};
use mesoform_identity::Role;
use prost::Message;
use tonic::{Request, Status};

/// As etcd's default for `--max-request-bytes`.
const MAX_REQUEST: usize = 3 * 512 * 1024;
/// With this in its metadata a call wants to fail when there is no leader.
const REQUIRE_LEADER: &str = "hasleader";

/// The roles that come in at all. Agents want nothing here, and whoever runs tasks of strangers must
/// not read what the apps of others keep secret.
pub const READERS: &[Role] = &[Role::Quorum, Role::Master, Role::Scheduler, Role::Operator];

/// Voters come to this port only to be asked how they are.
fn may_write(role: Role) -> bool {
    matches!(role, Role::Master | Role::Scheduler | Role::Operator)
}

/// Whether the caller may change something.
pub fn writer<T>(request: &Request<T>) -> Result<(), Status> {
    if may_write(caller(request)?.role) { Ok(()) } else { Err(permission_denied()) }
}

/// Whether the caller may change who belongs to the quorum, and who leads: the operator, and voters,
/// which could do it without asking. `mesoform up` comes through them.
pub fn changer<T>(request: &Request<T>) -> Result<(), Status> {
    let may = matches!(caller(request)?.role, Role::Operator | Role::Quorum);
    if may { Ok(()) } else { Err(permission_denied()) }
}

fn wants_leader<T>(request: &Request<T>) -> bool {
    request.metadata().get(REQUIRE_LEADER).is_some_and(|value| value == "true")
}

impl Api {
    /// Whether the call wants a leader, and there is none.
    pub fn check_leader<T>(&self, request: &Request<T>) -> Result<(), Status> {
        if wants_leader(request) && self.leadership.now() == Leader::None {
            return Err(Status::unavailable(NO_LEADER));
        }
        Ok(())
    }

    /// Ends when a stream must: with the service, or with the leader where the call wants one.
    pub fn end_of_stream<T>(&self, request: &Request<T>) -> impl Future<Output = Status> + use<T> {
        let wanted = wants_leader(request);
        let (leadership, shutdown) = (self.leadership.clone(), self.shutdown.clone());
        async move {
            tokio::select! {
                () = shutdown.cancelled() => Status::unavailable(STOPPED),
                () = leadership.lost(), if wanted => Status::unavailable(NO_LEADER),
            }
        }
    }

    /// Has a command carried out: its answer, and the term in which it was.
    pub async fn change(&self, kind: Kind) -> Result<(reply::Kind, u64), Status> {
        let command = Command::from(kind);
        check_command(&command)?;
        if command.encoded_len() > MAX_REQUEST {
            return Err(too_large());
        }
        if !self.alarms.admits(&command) {
            return Err(no_space());
        }
        let (reply, term) = self.proposer.propose(command).await?;
        match reply.kind {
            Some(reply::Kind::Refused(refusal)) => {
                Err(Refusal::try_from(refusal).unwrap_or(Refusal::Unknown).into())
            }
            Some(answer) => Ok((answer, term)),
            None => Err(unexpected()),
        }
    }

    /// How large the state is, as far as it is known.
    pub fn size(&self) -> Size {
        Size::known(&self.state)
    }

    /// Reads from the state; `heavy` reads get a thread that may wait for the disk.
    pub async fn read<T: Send + 'static>(
        &self,
        heavy: bool,
        read: impl FnOnce(&ReadTables) -> Result<T, MvccError> + Send + 'static,
    ) -> Result<T, Status> {
        let state = self.state.clone();
        let work = move || read(&state.read()?);
        let answer = if heavy || self.state.is_busy() {
            blocking(work).await.map_err(|e| Status::internal(e.to_string()))?
        } else {
            work()
        };
        Ok(answer?)
    }
}

/// A voter of another version answered something else than was asked.
pub fn unexpected() -> Status {
    Status::internal(
        "etcdserver: an unexpected answer from the leader; run the same version of mesoform on all voters",
    )
}
