use super::{Progress, State};
use crate::mvcc::{self, Change, MvccError, Tables, Writer, meta};
use crate::raft::{Entry, Membership, Proposal};
use crate::wire::{Batch, Replies};
use openraft::EntryPayload;
use prost::Message;

impl State {
    /// Applies log entries in one transaction; the replies are theirs, in order.
    ///
    /// # Errors
    /// The storage failed, or the log holds what this version cannot read: fatal.
    pub(super) fn apply(&self, entries: &[Entry]) -> mvcc::Result<Vec<Replies>> {
        let Some(last) = entries.last() else { return Ok(Vec::new()) };
        let transaction = self.begin_apply()?;
        let mut changes = Vec::new();
        let mut writer = Writer::open(&transaction)?;
        let replies = entries
            .iter()
            .map(|entry| apply_entry(&mut writer, entry, &mut changes))
            .collect::<mvcc::Result<_>>()?;
        meta::set(&mut writer.tables.meta, meta::APPLIED, &last.log_id)?;
        let revision = writer.tables.revision();
        drop(writer);
        transaction.commit()?;
        // Watchers learn of a change before its client does, and both can then read it.
        self.listener.changed(changes);
        self.set_progress(Progress { applied: Some(last.log_id), revision });
        Ok(replies)
    }
}

fn apply_entry(
    writer: &mut Writer<'_>,
    entry: &Entry,
    changes: &mut Vec<Change>,
) -> mvcc::Result<Replies> {
    match &entry.payload {
        EntryPayload::Blank => Ok(Replies::default()),
        EntryPayload::Normal(proposal) => apply_batch(writer, proposal, changes),
        EntryPayload::Membership(membership) => {
            let membership = Membership::new(Some(entry.log_id), membership.clone());
            meta::set(&mut writer.tables.meta, meta::MEMBERSHIP, &membership)?;
            Ok(Replies::default())
        }
    }
}

fn apply_batch(
    writer: &mut Writer<'_>,
    proposal: &Proposal,
    changes: &mut Vec<Change>,
) -> mvcc::Result<Replies> {
    let batch = Batch::decode(proposal.0.clone())
        .map_err(|e| MvccError::Damaged(format!("a log entry: {e}")))?;
    let mut replies = Vec::with_capacity(batch.commands.len());
    for command in &batch.commands {
        let applied = writer.apply(command)?;
        changes.extend(applied.changes);
        replies.push(applied.reply);
    }
    Ok(Replies { replies })
}
