use super::transfer::{place, read_records};
use super::work::Work;
use super::{Progress, State};
use crate::mvcc::{self, WriteTables, Writer, clear};
use crate::raft::{Entry, SnapshotMeta};
use std::fs::File;

/// What is done to a state that nobody serves.
impl State {
    /// Puts the records that begin at the file's place into the state, which then stands where `meta`
    /// says; the revisions leap by `bump`. Returns the revision.
    ///
    /// # Errors
    /// The records are damaged, or the storage failed.
    pub fn fill(&self, meta: &SnapshotMeta, records: &mut File, bump: i64) -> mvcc::Result<i64> {
        let mut transaction = self.begin_write()?;
        transaction.set_quick_repair(true);
        clear(&transaction)?;
        let mut tables = WriteTables::open(&transaction)?;
        read_records(&mut tables, records, self.ladder.own())?;
        place(&mut tables, meta)?;
        drop(tables);
        let mut writer = Writer::open(&transaction)?;
        let revision = writer.leap(bump)?;
        writer.finish()?;
        transaction.commit()?;
        self.rise(mvcc::level(&self.read()?)?);
        self.set_progress(Progress { applied: meta.last_log_id, revision });
        Ok(revision)
    }

    /// Applies entries of the log, and brings them to the disk.
    ///
    /// # Errors
    /// The storage failed, or the log holds what this version cannot read.
    pub fn replay(&self, entries: Vec<Entry>) -> mvcc::Result<()> {
        self.apply(Work::read(entries, self.ladder.own())?)?;
        self.flush()
    }
}
