use crate::levels::{LevelError, Levels};
use crate::mvcc::{self, MvccError};
use crate::raft::{Entry, LogId, Membership};
use crate::wire::command::Kind;
use crate::wire::{Batch, Command, unseal};
use mesoform_etcd::pb::request_op::Request;
use mesoform_etcd::pb::{RequestOp, TxnRequest};
use openraft::EntryPayload;

/// A transaction on more keys than this is handed to a thread that may take its time.
const FEW: usize = 16;
/// As above, for all commands.
const MANY: usize = 64;

/// What a command takes in memory beside its bytes, about.
const OVERHEAD: usize = 256;

/// Log entries, read and ready to be applied.
pub struct Work {
    pub entries: Vec<(LogId, Content)>,
    /// About how much it brings into the state.
    pub bytes: usize,
}

pub enum Content {
    Nothing,
    Commands(Batch),
    Membership(Membership),
}

impl Work {
    /// # Errors
    /// An entry cannot be read by a version that knows these levels: fatal.
    pub fn read(entries: impl IntoIterator<Item = Entry>, known: Levels) -> mvcc::Result<Self> {
        let mut bytes = 0;
        let entries = entries.into_iter().map(|entry| {
            bytes += weight(&entry);
            Ok((entry.log_id, read(entry, known)?))
        });
        let entries = entries.collect::<mvcc::Result<_>>()?;
        let work = Self { entries, bytes };
        match work.raises() {
            Some(level) if level > known.newest() => {
                Err(LevelError::Outgrown { level, known }.into())
            }
            _ => Ok(work),
        }
    }

    /// To which level it raises the cluster's, if it does.
    pub fn raises(&self) -> Option<u32> {
        let batches = self.entries.iter().filter_map(|(_, content)| match content {
            Content::Commands(batch) => Some(&batch.commands),
            Content::Nothing | Content::Membership(_) => None,
        });
        let raise = |command: &Command| match &command.kind {
            Some(Kind::Raise(raise)) => Some(raise.level),
            _ => None,
        };
        batches.flatten().filter_map(raise).max()
    }

    /// About how many bytes of memory it takes.
    pub fn weight(&self) -> usize {
        let commands = |content: &Content| match content {
            Content::Commands(batch) => batch.commands.len(),
            Content::Nothing | Content::Membership(_) => 0,
        };
        let things = self.entries.iter().map(|(_, content)| 1 + commands(content)).sum::<usize>();
        self.bytes + things * OVERHEAD
    }

    /// Whether this is done faster than it is handed to another thread: what it touches is few keys,
    /// which it names.
    pub fn is_quick(&self) -> bool {
        let mut commands = self.commands();
        commands.by_ref().take(MANY).all(is_quick) && commands.next().is_none()
    }

    /// Whether it names all keys that it touches: so it takes no longer than there is to read of it.
    pub fn names_all(&self) -> bool {
        self.commands().all(is_quick)
    }

    fn commands(&self) -> impl Iterator<Item = &Command> {
        let batches = self.entries.iter().filter_map(|(_, content)| match content {
            Content::Commands(batch) => Some(&batch.commands),
            Content::Nothing | Content::Membership(_) => None,
        });
        batches.flatten()
    }
}

fn weight(entry: &Entry) -> usize {
    match &entry.payload {
        EntryPayload::Normal(proposal) => proposal.0.len(),
        EntryPayload::Blank | EntryPayload::Membership(_) => 0,
    }
}

fn read(entry: Entry, known: Levels) -> mvcc::Result<Content> {
    Ok(match entry.payload {
        EntryPayload::Blank => Content::Nothing,
        EntryPayload::Normal(proposal) => {
            let batch = unseal(proposal.0, known);
            Content::Commands(batch.map_err(|error| MvccError::unread(error, known))?)
        }
        EntryPayload::Membership(membership) => {
            Content::Membership(Membership::new(Some(entry.log_id), membership))
        }
    })
}

fn is_quick(command: &Command) -> bool {
    match &command.kind {
        Some(Kind::Put(_) | Kind::LeaseGrant(_)) | None => true,
        Some(Kind::DeleteRange(request)) => request.range_end.is_empty(),
        Some(Kind::Txn(request)) => is_quick_txn(request),
        // Nobody knows how much they hold.
        Some(Kind::Compact(_) | Kind::LeaseRevoke(_)) => false,
        // A file is written.
        Some(Kind::Raise(_)) => false,
    }
}

fn is_quick_txn(request: &TxnRequest) -> bool {
    let mut ops = request.success.iter().chain(&request.failure);
    request.compare.len() + request.success.len() + request.failure.len() <= FEW
        && request.compare.iter().all(|compare| compare.range_end.is_empty())
        && ops.all(is_quick_op)
}

fn is_quick_op(op: &RequestOp) -> bool {
    match &op.request {
        Some(Request::RequestPut(_)) | None => true,
        Some(Request::RequestRange(request)) => request.range_end.is_empty(),
        Some(Request::RequestDeleteRange(request)) => request.range_end.is_empty(),
        Some(Request::RequestTxn(_)) => false,
    }
}
