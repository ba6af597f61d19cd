use crate::Entry;
use crate::entry::key_without;
use mesoform_etcd::pb::{Event, EventType};

/// A change, or the end of a watch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WatchEvent {
    /// The key was made or changed.
    Put(Entry),
    /// The key was deleted, at `revision`.
    Delete { key: String, revision: i64 },
    /// Changes were missed that the quorum no longer knows (all before `revision`): list again, then
    /// watch from there. It is the last event.
    Compacted { revision: i64 },
}

impl WatchEvent {
    /// The event as services know it: without what stands before all keys in the quorum.
    pub(crate) fn without(self, prefix: &str) -> Self {
        match self {
            Self::Put(entry) => Self::Put(entry.without(prefix)),
            Self::Delete { key, revision } => {
                Self::Delete { key: key_without(key, prefix), revision }
            }
            Self::Compacted { .. } => self,
        }
    }

    /// The change in an event of etcd, and its revision.
    pub(crate) fn read(event: Event) -> Option<(i64, Self)> {
        let is_put = event.r#type() == EventType::Put;
        let entry = Entry::from(event.kv?);
        let revision = entry.mod_revision;
        let event = match is_put {
            true => Self::Put(entry),
            false => Self::Delete { key: entry.key, revision },
        };
        Some((revision, event))
    }
}
