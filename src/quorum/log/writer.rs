use super::ahead::Flushed;
use super::ops::Op;
use super::store::{COMMITTED, LOG, META, PURGED, VOTE};
use crate::meters::Histogram;
use crate::raft::LogId;
use redb::{Database, ReadableTable, Table, WriteTransaction};
use serde::Serialize;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// How old the note may be of how far the log is committed: after a restart it only saves time, and
/// costs a page in each write.
const NOTE: Duration = Duration::from_millis(500);

type Log<'t> = Table<'t, u64, &'static [u8]>;
type Meta<'t> = Table<'t, &'static str, &'static [u8]>;

/// Carries out what comes in until nobody can ask any more. What waits together is flushed together.
///
/// After an error nothing is written any more: what the disk then holds is only known after a restart.
pub fn run(mut pen: Pen, ops: &Receiver<Op>) {
    while let Ok(first) = ops.recv() {
        pen.write(std::iter::once(first).chain(ops.try_iter()).collect());
    }
}

/// Writes batches down, until the first error.
pub struct Pen {
    database: Arc<Database>,
    broken: Option<String>,
    note: Note,
    times: Arc<Histogram>,
    flushed: watch::Sender<Flushed>,
}

impl Pen {
    /// Notes in `times` how long each write takes, and tells how far the log has got.
    pub fn new(
        database: Arc<Database>,
        times: Arc<Histogram>,
        flushed: watch::Sender<Flushed>,
    ) -> Self {
        Self { database, broken: None, note: Note::default(), times, flushed }
    }

    pub fn write(&mut self, batch: Vec<Op>) {
        self.note.take(&batch);
        let result = match &self.broken {
            Some(cause) => Err(cause.clone()),
            None => write(&self.database, &batch, &mut self.note, &self.times),
        };
        self.broken = result.as_ref().err().cloned();
        self.tell(batch.iter().filter_map(Op::last).max());
        for op in batch {
            op.finish(result.clone());
        }
    }
}

impl Pen {
    /// First of all: who is told that something is written may ask at once whether all is.
    fn tell(&self, last: Option<LogId>) {
        let failed = &self.broken;
        self.flushed.send_if_modified(|told| {
            if failed.is_some() {
                told.failed.clone_from(failed);
            } else {
                told.upto = told.upto.max(last);
            }
            failed.is_some() || last.is_some()
        });
    }
}

/// How far the log is committed.
#[derive(Default)]
struct Note {
    committed: Option<LogId>,
    written: Option<Instant>,
}

impl Note {
    fn take(&mut self, batch: &[Op]) {
        self.committed = batch.iter().rev().find_map(Op::committed).or(self.committed);
    }

    /// What is to be written now, if anything.
    fn due(&mut self) -> Option<LogId> {
        if self.written.is_some_and(|written| written.elapsed() < NOTE) {
            return None;
        }
        self.written = self.committed.map(|_| Instant::now());
        self.committed.take()
    }
}

fn write(
    database: &Database,
    batch: &[Op],
    note: &mut Note,
    times: &Histogram,
) -> Result<(), String> {
    // How far the log is committed is not worth a flush: the next batch carries it.
    if batch.iter().all(|op| op.committed().is_some()) {
        return Ok(());
    }
    let transaction = database.begin_write().map_err(|e| e.to_string())?;
    write_all(&transaction, batch, note.due()).map_err(|e| e.to_string())?;
    times.time(|| transaction.commit()).map_err(|e| e.to_string())
}

fn write_all(
    transaction: &WriteTransaction,
    batch: &[Op],
    committed: Option<LogId>,
) -> Result<(), redb::Error> {
    let mut log = transaction.open_table(LOG)?;
    batch.iter().try_for_each(|op| write_entries(&mut log, op))?;
    // To open a table costs, also for nothing.
    if committed.is_none() && !batch.iter().any(Op::has_facts) {
        return Ok(());
    }
    let mut meta = transaction.open_table(META)?;
    batch.iter().try_for_each(|op| write_facts(&mut meta, op))?;
    committed.map_or(Ok(()), |committed| set(&mut meta, COMMITTED, &committed))
}

fn write_entries(log: &mut Log<'_>, op: &Op) -> Result<(), redb::Error> {
    match op {
        Op::Append { entries, .. } => {
            for (index, entry) in entries {
                log.insert(index, entry.as_slice())?;
            }
        }
        Op::Truncate { from, .. } => log.retain_in(*from.., |_, _| false)?,
        Op::Purge { upto, .. } => log.retain_in(..=upto.index, |_, _| false)?,
        Op::Vote { .. } | Op::Committed(_) => {}
    }
    Ok(())
}

fn write_facts(meta: &mut Meta<'_>, op: &Op) -> Result<(), redb::Error> {
    match op {
        Op::Vote { vote, .. } => set(meta, VOTE, vote)?,
        // Two can come in the wrong order, and what is gone does not come back.
        Op::Purge { upto, .. } if purged(meta)? < Some(*upto) => set(meta, PURGED, upto)?,
        _ => {}
    }
    Ok(())
}

fn purged(meta: &Meta<'_>) -> Result<Option<LogId>, redb::Error> {
    let Some(json) = meta.get(PURGED)? else { return Ok(None) };
    Ok(Some(serde_json::from_slice(json.value()).map_err(std::io::Error::from)?))
}

fn set(meta: &mut Meta<'_>, name: &str, fact: &impl Serialize) -> Result<(), redb::Error> {
    let json = serde_json::to_vec(fact).map_err(std::io::Error::from)?;
    meta.insert(name, json.as_slice())?;
    Ok(())
}
