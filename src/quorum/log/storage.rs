//! The log as openraft wants it.

use super::ops::Op;
use super::store::{COMMITTED, LogReader, LogStore, VOTE, last_stored};
use crate::raft::{Config, Entry, LogId, StorageError, Vote};
use crate::wire::encode_entry;
use openraft::storage::{LogFlushed, LogState, RaftLogStorage};
use openraft::{AnyError, ErrorSubject, ErrorVerb, OptionalSend, RaftLogReader, StorageIOError};
use std::fmt::Debug;
use std::ops::{Bound, RangeBounds};

/// About how many bytes of entries go into one message to a follower: it must arrive and be on
/// disk within a heartbeat.
const MESSAGE_BYTES: usize = 1024 * 1024;

fn failed(verb: ErrorVerb) -> impl FnOnce(String) -> StorageError {
    move |cause| StorageIOError::new(ErrorSubject::Logs, verb, AnyError::error(cause)).into()
}

impl RaftLogReader<Config> for LogStore {
    async fn try_get_log_entries<R: RangeBounds<u64> + Clone + Debug + OptionalSend>(
        &mut self,
        range: R,
    ) -> Result<Vec<Entry>, StorageError> {
        let start = match range.start_bound() {
            Bound::Included(start) => *start,
            Bound::Excluded(start) => start.saturating_add(1),
            Bound::Unbounded => 0,
        };
        let end = match range.end_bound() {
            Bound::Included(end) => end.saturating_add(1),
            Bound::Excluded(end) => *end,
            Bound::Unbounded => u64::MAX,
        };
        self.entries(start..end, usize::MAX).map_err(failed(ErrorVerb::Read))
    }

    async fn limited_get_log_entries(
        &mut self,
        start: u64,
        end: u64,
    ) -> Result<Vec<Entry>, StorageError> {
        self.entries(start..end, MESSAGE_BYTES).map_err(failed(ErrorVerb::Read))
    }
}

impl RaftLogStorage<Config> for LogStore {
    type LogReader = LogReader;

    async fn get_log_state(&mut self) -> Result<LogState<Config>, StorageError> {
        let shared = self.shared();
        Ok(LogState { last_purged_log_id: shared.purged, last_log_id: shared.last })
    }

    async fn get_log_reader(&mut self) -> LogReader {
        self.clone()
    }

    async fn save_vote(&mut self, vote: &Vote) -> Result<(), StorageError> {
        let vote = *vote;
        self.write(|done| Op::Vote { vote, done }).await.map_err(failed(ErrorVerb::Write))?;
        self.shared().vote = Some(vote);
        Ok(())
    }

    async fn read_vote(&mut self) -> Result<Option<Vote>, StorageError> {
        self.fact(VOTE).map_err(failed(ErrorVerb::Read))
    }

    async fn save_committed(&mut self, committed: Option<LogId>) -> Result<(), StorageError> {
        // Raft applies what is committed when this has returned.
        self.flushed(committed).await.map_err(failed(ErrorVerb::Write))?;
        let hint = committed.map_or(Ok(()), |committed| self.send(Op::Committed(committed)));
        hint.map_err(failed(ErrorVerb::Write))
    }

    async fn read_committed(&mut self) -> Result<Option<LogId>, StorageError> {
        self.fact(COMMITTED).map_err(failed(ErrorVerb::Read))
    }

    async fn append<I>(
        &mut self,
        entries: I,
        callback: LogFlushed<Config>,
    ) -> Result<(), StorageError>
    where
        I: IntoIterator<Item = Entry> + OptionalSend,
        I::IntoIter: OptionalSend,
    {
        self.settle().await.map_err(failed(ErrorVerb::Write))?;
        let entries: Vec<Entry> = entries.into_iter().collect();
        let last = entries.last().map(|entry| entry.log_id);
        let runs_ahead = self.may_run_ahead(&entries);
        let all_on_disk = !self.is_ahead();
        let mut encoded = Vec::new();
        {
            let mut shared = self.shared();
            if all_on_disk {
                shared.cache.trim();
            }
            if runs_ahead {
                shared.ahead = last;
            }
            for entry in entries {
                let bytes = encode_entry(&entry).map_err(failed(ErrorVerb::Write))?;
                shared.weights.push(entry.log_id.index, bytes.len());
                encoded.push((entry.log_id.index, bytes));
                shared.last = Some(entry.log_id);
                shared.cache.push(entry);
            }
        }
        self.weigh();
        let (now, later) = if runs_ahead { (Some(callback), None) } else { (None, Some(callback)) };
        let op = Op::Append { entries: encoded, last, done: later };
        self.send(op).map_err(failed(ErrorVerb::Write))?;
        if let Some(callback) = now {
            callback.log_io_completed(Ok(()));
        }
        Ok(())
    }

    async fn truncate(&mut self, log_id: LogId) -> Result<(), StorageError> {
        let from = log_id.index;
        self.write(|done| Op::Truncate { from, done }).await.map_err(failed(ErrorVerb::Write))?;
        self.shared().cache.truncate(from);
        self.shared().weights.truncate(from);
        self.weigh();
        let last = last_stored(&self.database).map_err(failed(ErrorVerb::Read))?;
        let mut shared = self.shared();
        shared.last = last.max(shared.purged);
        Ok(())
    }

    async fn purge(&mut self, log_id: LogId) -> Result<(), StorageError> {
        let covered = self.is_covered(log_id);
        {
            let mut shared = self.shared();
            shared.purged = Some(log_id);
            shared.cache.purge(log_id.index);
            shared.weights.purge(log_id.index);
            shared.last = shared.last.max(Some(log_id));
            if !covered {
                shared.pending = Some(log_id);
            }
        }
        self.weigh();
        if covered {
            return self.remove(log_id).await.map_err(failed(ErrorVerb::Write));
        }
        // Raft does not wait until a snapshot is taken in; but what it replaces must not go before.
        tokio::spawn(self.clone().remove_when_covered(log_id));
        Ok(())
    }
}
