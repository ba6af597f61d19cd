use super::tables::WriteTables;
use super::{MvccError, Result, compact, delete, lease, level, meta, put, txn};
use crate::wire::command::Kind;
use crate::wire::{Command, Refusal, Reply};
use mesoform_etcd::pb::{Event, KeyValue, ResponseHeader};
use prost::Message;
use redb::WriteTransaction;

/// What a command brought about beside the state.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// All events of one revision, each with the key's previous version.
    Revision {
        revision: i64,
        events: Vec<Event>,
    },
    Compacted {
        revision: i64,
    },
    LeaseGranted {
        id: i64,
        ttl: i64,
    },
    LeaseRevoked {
        id: i64,
    },
}

/// A command's reply, and what it changed.
#[derive(Debug)]
pub struct Applied {
    pub reply: Reply,
    pub changes: Vec<Change>,
}

/// Applies commands within one write transaction.
pub struct Writer<'t> {
    pub tables: WriteTables<'t>,
    /// What the command under way has done to keys.
    pub(super) events: Vec<Event>,
}

impl<'t> Writer<'t> {
    pub fn open(transaction: &'t WriteTransaction) -> Result<Self> {
        Ok(Self { tables: WriteTables::open(transaction)?, events: Vec::new() })
    }

    /// Applies one command: all of it, or nothing where it is refused.
    ///
    /// # Errors
    /// Only fatal ones; a refusal is a reply.
    pub fn apply(&mut self, command: &Command) -> Result<Applied> {
        let mut changes = Vec::new();
        let reply = match self.dispatch(command, &mut changes) {
            Ok(reply) => reply,
            Err(MvccError::Refused(refusal)) => refusal.reply(),
            Err(fatal) => return Err(fatal),
        };
        changes.extend(self.end_revision());
        Ok(Applied { reply, changes })
    }

    fn dispatch(&mut self, command: &Command, changes: &mut Vec<Change>) -> Result<Reply> {
        use crate::wire::reply::Kind as Answer;
        let answer = match &command.kind {
            None => return Err(Refusal::Unknown.into()),
            Some(Kind::Put(request)) => Answer::Put(put::put(self, request)?),
            Some(Kind::DeleteRange(request)) => {
                Answer::DeleteRange(delete::delete_range(self, request)?)
            }
            Some(Kind::Txn(request)) => Answer::Txn(txn::txn(self, request)?),
            Some(Kind::Compact(request)) => {
                let compacted = compact::compact(self, *request)?;
                changes.push(Change::Compacted { revision: request.revision });
                Answer::Compact(compacted)
            }
            Some(Kind::LeaseGrant(request)) => {
                let granted = lease::grant(self, *request)?;
                changes.push(Change::LeaseGranted { id: granted.id, ttl: granted.ttl });
                Answer::LeaseGrant(granted)
            }
            Some(Kind::LeaseRevoke(request)) => {
                let revoked = lease::revoke(self, *request)?;
                changes.push(Change::LeaseRevoked { id: request.id });
                Answer::LeaseRevoke(revoked)
            }
            Some(Kind::Raise(request)) => Answer::Raised(level::raise(self, *request)?),
        };
        Ok(answer.into())
    }

    /// The revision that a change of the command under way gets.
    pub(super) fn next_revision(&self) -> i64 {
        if self.events.is_empty() { self.tables.revision + 1 } else { self.tables.revision }
    }

    pub(super) fn header(&self) -> Option<ResponseHeader> {
        Some(ResponseHeader { revision: self.tables.revision, ..Default::default() })
    }

    /// Writes down that `event` happened to `key`, in the revision of the command under way.
    pub(super) fn record(&mut self, event: Event, previous: Option<KeyValue>) -> Result<()> {
        let revision = self.next_revision();
        let place = u32::try_from(self.events.len())
            .map_err(|_| MvccError::Damaged("too many events in one revision".to_owned()))?;
        let key = event.kv.as_ref().map(|kv| kv.key.clone()).unwrap_or_default();
        let at = revision.unsigned_abs();
        self.tables.revisions.insert((at, place), event.encode_to_vec().as_slice())?;
        self.tables.history.insert((key.as_ref(), at), place)?;
        self.tables.revision = revision;
        self.events.push(Event { prev_kv: previous, ..event });
        Ok(())
    }

    fn end_revision(&mut self) -> Option<Change> {
        let events = std::mem::take(&mut self.events);
        (!events.is_empty()).then_some(Change::Revision { revision: self.tables.revision, events })
    }

    /// Notes, before the transaction is committed, at which revision the store is.
    ///
    /// # Errors
    /// The storage failed.
    pub fn finish(mut self) -> Result<()> {
        meta::set_revision(&mut self.tables.meta, self.tables.revision)
    }
}
