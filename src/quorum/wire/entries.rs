use super::peer::LogId;
use crate::raft::{Entry, Proposal};
use bytes::Bytes;
use openraft::EntryPayload;
use prost::Message;

/// A Raft log entry, on disk and between voters. Without a payload it is the blank one with which
/// a leader begins.
#[derive(Clone, PartialEq, prost::Message)]
pub struct LogEntry {
    #[prost(message, optional, tag = "1")]
    pub log_id: Option<LogId>,
    #[prost(oneof = "log_entry::Payload", tags = "2, 3")]
    pub payload: Option<log_entry::Payload>,
}

pub mod log_entry {
    use bytes::Bytes;

    #[derive(Clone, PartialEq, prost::Oneof)]
    pub enum Payload {
        /// A `Batch`, as `seal` encodes it.
        #[prost(bytes = "bytes", tag = "2")]
        Batch(Bytes),
        /// openraft's `Membership` as JSON.
        #[prost(bytes = "bytes", tag = "3")]
        Membership(Bytes),
    }
}

impl TryFrom<LogEntry> for Entry {
    type Error = String;

    fn try_from(entry: LogEntry) -> Result<Self, String> {
        let log_id = entry.log_id.ok_or("a log entry without its id")?.into();
        let payload = match entry.payload {
            None => EntryPayload::Blank,
            Some(log_entry::Payload::Batch(bytes)) => EntryPayload::Normal(Proposal(bytes)),
            Some(log_entry::Payload::Membership(json)) => EntryPayload::Membership(
                serde_json::from_slice(&json).map_err(|e| format!("a membership: {e}"))?,
            ),
        };
        Ok(Self { log_id, payload })
    }
}

impl TryFrom<&Entry> for LogEntry {
    type Error = String;

    fn try_from(entry: &Entry) -> Result<Self, String> {
        let payload = match &entry.payload {
            EntryPayload::Blank => None,
            EntryPayload::Normal(Proposal(bytes)) => Some(log_entry::Payload::Batch(bytes.clone())),
            EntryPayload::Membership(membership) => {
                let json = serde_json::to_vec(membership).map_err(|e| e.to_string())?;
                Some(log_entry::Payload::Membership(Bytes::from(json)))
            }
        };
        Ok(Self { log_id: Some(entry.log_id.into()), payload })
    }
}

/// The bytes of an entry as they stand in the log.
///
/// # Errors
/// A membership cannot be written as JSON.
pub fn encode_entry(entry: &Entry) -> Result<Vec<u8>, String> {
    LogEntry::try_from(entry).map(|entry| entry.encode_to_vec())
}

/// Reads an entry of the log.
///
/// # Errors
/// The bytes are not one.
pub fn decode_entry(bytes: Bytes) -> Result<Entry, String> {
    LogEntry::decode(bytes).map_err(|e| e.to_string())?.try_into()
}
