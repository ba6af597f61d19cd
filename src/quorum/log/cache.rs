use crate::raft::Entry;
use openraft::EntryPayload;
use std::collections::VecDeque;
use std::ops::Range;

const MAX_ENTRIES: usize = 4096;
const MAX_BYTES: usize = 8 * 1024 * 1024;

/// The newest log entries, without gaps.
#[derive(Default)]
pub struct Cache {
    entries: VecDeque<Entry>,
    bytes: usize,
}

impl Cache {
    /// Adds what follows the newest entry. What does not follow replaces everything.
    pub fn push(&mut self, entry: Entry) {
        let follows =
            self.entries.back().is_none_or(|last| last.log_id.index + 1 == entry.log_id.index);
        if !follows {
            self.clear();
        }
        self.bytes += weight(&entry);
        self.entries.push_back(entry);
    }

    /// Gives up the oldest entries above the limits. Only for entries that are on disk.
    pub fn trim(&mut self) {
        while self.entries.len() > MAX_ENTRIES || self.bytes > MAX_BYTES {
            let Some(entry) = self.entries.pop_front() else { return };
            self.bytes -= weight(&entry);
        }
    }

    /// Drops the entries from `index` on.
    pub fn truncate(&mut self, index: u64) {
        while self.entries.back().is_some_and(|last| last.log_id.index >= index) {
            self.bytes -= self.entries.pop_back().as_ref().map_or(0, weight);
        }
    }

    /// Drops the entries up to `index`.
    pub fn purge(&mut self, index: u64) {
        while self.entries.front().is_some_and(|first| first.log_id.index <= index) {
            self.bytes -= self.entries.pop_front().as_ref().map_or(0, weight);
        }
    }

    /// The entries of `range`, up to about `budget` bytes; none if the first is not here.
    pub fn get(&self, range: &Range<u64>, budget: usize) -> Option<Vec<Entry>> {
        let first = self.entries.front()?.log_id.index;
        let skip = usize::try_from(range.start.checked_sub(first)?).ok()?;
        if skip >= self.entries.len() {
            return None;
        }
        let mut left = budget;
        let entries = self.entries.range(skip..).take_while(|entry| {
            let fits = left > 0 && entry.log_id.index < range.end;
            left = left.saturating_sub(weight(entry).max(1));
            fits
        });
        Some(entries.cloned().collect())
    }

    fn clear(&mut self) {
        self.entries.clear();
        self.bytes = 0;
    }
}

fn weight(entry: &Entry) -> usize {
    match &entry.payload {
        EntryPayload::Normal(proposal) => proposal.0.len() + std::mem::size_of::<Entry>(),
        _ => std::mem::size_of::<Entry>(),
    }
}
