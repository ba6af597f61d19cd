//! Reads on for the watchers of one stream.

use super::shelf::Shelf;
use super::watcher::Watcher;
use crate::machine::State;
use crate::mvcc::{self, Tables, events_between, with_previous};
use mesoform_etcd::pb::Event;
use prost::Message;

/// Revisions that are looked at in one go.
pub(super) const REVISIONS: usize = 1024;
/// About how many bytes of events go into one response.
const BYTES: usize = 512 * 1024;

/// What there is to tell one watcher.
#[derive(Debug, PartialEq)]
pub enum Told {
    /// These events, in order; the watcher has then heard of all up to this revision.
    Events(Vec<Event>, i64),
    /// What it wants to hear was compacted at this revision.
    Compacted(i64),
}

/// Reads on from where `watcher` is, whole revisions at a time; none: the database must be asked.
pub fn from_memory(shelf: &mut Shelf<'_>, watcher: &Watcher, newest: i64) -> Option<Told> {
    let revisions = shelf.since(watcher.next)?;
    let all = revisions.len() < REVISIONS;
    let mut upto = watcher.next - 1;
    let mut events = Vec::new();
    let mut bytes = 0;
    for (revision, happened) in revisions {
        if bytes >= BYTES {
            return Some(Told::Events(events, upto));
        }
        for event in happened.iter().filter(|event| watcher.wants(event)) {
            let event = watcher.view(event);
            bytes += event.encoded_len();
            events.push(event);
        }
        upto = *revision;
    }
    // Nothing but what was looked at can have happened up to the newest revision that was known
    // before it was looked at.
    if all {
        upto = upto.max(newest);
    }
    Some(Told::Events(events, upto))
}

/// As [`from_memory`], for what is older. Blocks.
pub fn from_database(state: &State, watcher: &Watcher) -> mvcc::Result<Told> {
    let tables = state.read()?;
    if watcher.next < tables.compacted() {
        return Ok(Told::Compacted(tables.compacted()));
    }
    let (found, upto) =
        events_between(&tables, watcher.next, BYTES, |key| watcher.interval.contains(key))?;
    let mut events = Vec::with_capacity(found.len());
    for (revision, event) in found.into_iter().filter(|(_, event)| watcher.wants(event)) {
        let previous = watcher.prev_kv;
        events.push(if previous { with_previous(&tables, revision, event)? } else { event });
    }
    Ok(Told::Events(events, upto))
}
