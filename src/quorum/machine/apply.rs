use super::work::{Content, Work};
use super::{Progress, State};
use crate::mvcc::{self, Change, Tables, Writer, meta};
use crate::wire::{Batch, Replies};
use redb::WriteTransaction;

impl State {
    /// Applies log entries, all or none of them; the replies are theirs, in order.
    ///
    /// # Errors
    /// The storage failed: fatal.
    pub(super) fn apply(&self, work: Work) -> mvcc::Result<Vec<Replies>> {
        let Some((last, _)) = work.entries.last() else { return Ok(Vec::new()) };
        let last = *last;
        let raised = work.raises();
        raised.map_or(Ok(()), |level| self.ladder.expect(level))?;
        let flush = self.is_time_to_flush();
        let done = if work.names_all() && !flush {
            self.apply_openly(&work)?
        } else {
            self.apply_and_commit(&work, flush)?
        };
        self.count(work.bytes, flush);
        self.usage.wrote(work.bytes);
        self.note(work);
        if let Some(level) = raised {
            self.rise(level);
        }
        // Watchers learn of a change before its client does, and both can then read it.
        self.listener.changed(done.changes);
        self.set_progress(Progress { applied: Some(last), revision: done.revision });
        Ok(done.replies)
    }

    fn apply_and_commit(&self, work: &Work, flush: bool) -> mvcc::Result<Done> {
        let transaction = self.begin_apply(flush)?;
        let done = apply_all(&transaction, std::slice::from_ref(work))?;
        self.commits.time(|| transaction.commit())?;
        Ok(done)
    }
}

/// What came of log entries.
pub(super) struct Done {
    pub replies: Vec<Replies>,
    pub changes: Vec<Change>,
    pub revision: i64,
}

/// Applies log entries within a transaction.
///
/// # Errors
/// The storage failed.
pub(super) fn apply_all(transaction: &WriteTransaction, works: &[Work]) -> mvcc::Result<Done> {
    let mut changes = Vec::new();
    let mut writer = Writer::open(transaction)?;
    let mut replies = Vec::new();
    let mut last = None;
    for (at, content) in works.iter().flat_map(|work| &work.entries) {
        replies.push(apply_content(&mut writer, content, &mut changes)?);
        last = Some(at);
    }
    if let Some(last) = last {
        meta::set(&mut writer.tables.meta, meta::APPLIED, last)?;
    }
    let revision = writer.tables.revision();
    writer.finish()?;
    Ok(Done { replies, changes, revision })
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
