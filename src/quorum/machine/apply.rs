use super::work::{Content, Work};
use super::{Progress, State};
use crate::mvcc::{self, Change, Tables, Writer, meta};
use crate::wire::{Batch, Replies};

impl State {
    /// Applies log entries in one transaction; the replies are theirs, in order.
    ///
    /// # Errors
    /// The storage failed: fatal.
    pub(super) fn apply(&self, work: &Work) -> mvcc::Result<Vec<Replies>> {
        let Some((last, _)) = work.entries.last() else { return Ok(Vec::new()) };
        let transaction = self.begin_apply(work.bytes)?;
        let mut changes = Vec::new();
        let mut writer = Writer::open(&transaction)?;
        let mut replies = Vec::with_capacity(work.entries.len());
        for (_, content) in &work.entries {
            replies.push(apply_content(&mut writer, content, &mut changes)?);
        }
        meta::set(&mut writer.tables.meta, meta::APPLIED, last)?;
        let revision = writer.tables.revision();
        writer.finish()?;
        self.commits.time(|| transaction.commit())?;
        // Watchers learn of a change before its client does, and both can then read it.
        self.listener.changed(changes);
        self.set_progress(Progress { applied: Some(*last), revision });
        Ok(replies)
    }
}

fn apply_content(
    writer: &mut Writer<'_>,
    content: &Content,
    changes: &mut Vec<Change>,
) -> mvcc::Result<Replies> {
    match content {
        Content::Nothing => Ok(Replies::default()),
        Content::Commands(batch) => apply_batch(writer, batch, changes),
        Content::Membership(membership) => {
            meta::set(&mut writer.tables.meta, meta::MEMBERSHIP, membership)?;
            Ok(Replies::default())
        }
    }
}

fn apply_batch(
    writer: &mut Writer<'_>,
    batch: &Batch,
    changes: &mut Vec<Change>,
) -> mvcc::Result<Replies> {
    let mut replies = Vec::with_capacity(batch.commands.len());
    for command in &batch.commands {
        let applied = writer.apply(command)?;
        changes.extend(applied.changes);
        replies.push(applied.reply);
    }
    Ok(Replies { replies })
}
