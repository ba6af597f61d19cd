use crate::recordio::RecordIoError;
use std::time::Duration;
use thiserror::Error;

/// Why a subscription or a call failed.
#[derive(Debug, Error)]
pub enum ClientError {
    #[error("no masters are named; name at least one as host:port")]
    NoMasters,
    #[error("'{text}' is no address of a master; write host:port or a URL ({cause})")]
    Address { text: String, cause: String },
    #[error("no HTTP client can be made: {cause}")]
    Setup { cause: String },
    #[error("{master} cannot be reached: {cause}")]
    Unreachable { master: String, cause: String },
    #[error("{master} did not answer within {} s", after.as_secs())]
    Silent { master: String, after: Duration },
    #[error("{master} redirects to '{location}', which will not be followed: {cause}")]
    Redirect { master: String, location: String, cause: &'static str },
    #[error("{master} answered {status}: {body}")]
    Refused { master: String, status: u16, body: String },
    #[error("{master} sends what is no stream of events: {cause}")]
    Stream { master: String, cause: String },
    #[error("{master} sends what is no RecordIO: {source}")]
    RecordIo { master: String, source: RecordIoError },
    #[error("{master} ended the stream of events{cause}")]
    Ended { master: String, cause: String },
    #[error("{master} sent nothing for {} s, not even heartbeats", after.as_secs())]
    Heartbeats { master: String, after: Duration },
    #[error("the call cannot be written as JSON: {cause}")]
    Encode { cause: String },
    #[error("the subscription has no framework id yet; wait for SUBSCRIBED")]
    NotSubscribed,
}

impl ClientError {
    /// The leading master understood and said no: another master would say the same.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused { status, .. } if (400..500).contains(status))
    }

    /// Nobody answered.
    pub fn is_silence(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Silent { .. })
    }

    /// Its HTTP status, if a master answered with one.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            _ => None,
        }
    }
}
