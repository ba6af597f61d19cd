//! Errors in etcd's codes and words (its `rpctypes` package): clients go by both.

use crate::handover::HandOverError;
use crate::lease::RenewError;
use crate::machine::DefragmentError;
use crate::mvcc::{Malformed, MvccError};
use crate::propose::ProposeError;
use crate::read_index::ReadError;
use crate::wire::Refusal;
use tonic::{Code, Status};

pub const NO_LEADER: &str = "etcdserver: no leader";
const TIMED_OUT: &str = "etcdserver: request timed out";
const LEADER_LOST: &str = "etcdserver: request timed out, possibly due to previous leader failure";
pub const TOO_MANY: &str = "etcdserver: too many requests";
pub const STOPPED: &str = "etcdserver: server stopped";

pub fn permission_denied() -> Status {
    Status::permission_denied("etcdserver: permission denied")
}

pub fn too_large() -> Status {
    Status::invalid_argument("etcdserver: request is too large")
}

/// Not etcd's quota, but the disk itself; clients know what to do about it.
pub fn no_space() -> Status {
    Status::resource_exhausted("etcdserver: mvcc: database space exceeded")
}

pub fn ttl_too_large() -> Status {
    Status::out_of_range("etcdserver: too large lease TTL")
}

pub fn not_supported(what: &str) -> Status {
    Status::unimplemented(format!("etcdserver: {what} is not supported by mesoform"))
}

/// What the Election and the Lock service say of a refusal. In etcd they are clients of the rest, and
/// pass on the words without the code.
pub fn as_client(status: Status) -> Status {
    match status.code() {
        Code::Unavailable | Code::PermissionDenied | Code::ResourceExhausted => status,
        _ => Status::unknown(status.message()),
    }
}

impl From<Refusal> for Status {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Unknown => Self::unimplemented(
                "etcdserver: a voter of an older version does not know this request",
            ),
            Refusal::KeyNotFound => Self::invalid_argument("etcdserver: key not found"),
            Refusal::LeaseNotFound => Self::not_found("etcdserver: requested lease not found"),
            Refusal::LeaseExists => Self::failed_precondition("etcdserver: lease already exists"),
            Refusal::Compacted => {
                Self::out_of_range("etcdserver: mvcc: required revision has been compacted")
            }
            Refusal::FutureRevision => {
                Self::out_of_range("etcdserver: mvcc: required revision is a future revision")
            }
        }
    }
}

impl From<Malformed> for Status {
    fn from(malformed: Malformed) -> Self {
        Self::invalid_argument(match malformed {
            Malformed::EmptyKey => "etcdserver: key is not provided",
            Malformed::ValueProvided => "etcdserver: value is provided",
            Malformed::LeaseProvided => "etcdserver: lease is provided",
            Malformed::TooManyOps => "etcdserver: too many operations in txn request",
            Malformed::DuplicateKey => "etcdserver: duplicate key given in txn request",
            Malformed::InvalidSortOption => "etcdserver: invalid sort option",
            Malformed::EmptyOperation => "etcdserver: key not found",
        })
    }
}

impl From<ProposeError> for Status {
    fn from(error: ProposeError) -> Self {
        match error {
            ProposeError::NoLeader => Self::unavailable(NO_LEADER),
            ProposeError::TimedOut => Self::unavailable(TIMED_OUT),
            ProposeError::LeaderLost => Self::unavailable(LEADER_LOST),
            ProposeError::TooMany => Self::resource_exhausted(TOO_MANY),
            ProposeError::Stopped => Self::unavailable(STOPPED),
        }
    }
}

impl From<ReadError> for Status {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::NoLeader => Self::unavailable(NO_LEADER),
            ReadError::TimedOut => Self::unavailable(TIMED_OUT),
            ReadError::TooMany => Self::resource_exhausted(TOO_MANY),
            ReadError::Stopped => Self::unavailable(STOPPED),
        }
    }
}

impl From<RenewError> for Status {
    fn from(error: RenewError) -> Self {
        Self::unavailable(match error {
            RenewError::NoLeader => NO_LEADER,
            RenewError::TimedOut => TIMED_OUT,
        })
    }
}

impl From<HandOverError> for Status {
    fn from(error: HandOverError) -> Self {
        match error {
            HandOverError::NotLeader => Self::failed_precondition("etcdserver: not leader"),
            HandOverError::NoSuccessor => {
                Self::failed_precondition("etcdserver: bad leader transferee")
            }
            HandOverError::TimedOut => {
                Self::unavailable("etcdserver: request timed out, leader transfer took too long")
            }
        }
    }
}

impl From<DefragmentError> for Status {
    fn from(error: DefragmentError) -> Self {
        let words = format!("etcdserver: {error}");
        match error {
            DefragmentError::NoRoom(_) => Self::resource_exhausted(words),
            DefragmentError::TooMuch | DefragmentError::Replaced => Self::unavailable(words),
            DefragmentError::Ending => Self::unavailable(STOPPED),
            DefragmentError::Different | DefragmentError::File(_) | DefragmentError::Storage(_) => {
                Self::internal(words)
            }
        }
    }
}

impl From<MvccError> for Status {
    fn from(error: MvccError) -> Self {
        match error {
            MvccError::Refused(refusal) => refusal.into(),
            MvccError::Storage(_) | MvccError::Damaged(_) | MvccError::Level(_) => {
                Self::internal(error.to_string())
            }
        }
    }
}
