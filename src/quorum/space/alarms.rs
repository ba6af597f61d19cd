use super::{FreeSpace, Gauge, Room};
use crate::wire::Command;
use crate::wire::command::Kind;
use mesoform_etcd::pb::request_op::Request;
use mesoform_etcd::pb::{RequestOp, TxnRequest};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The disk is not asked more often.
const FRESH: Duration = Duration::from_millis(20);
/// What another voter said counts for so long: one that is gone must not hold up the others.
const VALID: Duration = Duration::from_secs(3);

/// What a command does to the disks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Demand {
    /// Takes room for good, until someone deletes it.
    Takes,
    /// Takes a little, so that more can be forgotten.
    Frees,
    /// Forgets.
    Compacts,
}

/// Which voters' disks are nearly full: this one's, and what the others say of theirs. A leader hears
/// it with every answer, and tells everyone with every message.
#[derive(Clone)]
pub struct Alarms(Arc<Mutex<Known>>);

struct Known {
    me: u64,
    folder: PathBuf,
    probe: FreeSpace,
    gauge: Gauge,
    own: (Option<Instant>, Room),
    /// What members said of themselves, or the leader of them.
    others: BTreeMap<u64, (Instant, Room)>,
}

impl Alarms {
    /// For the voter `me` with its data in `folder`.
    ///
    /// # Errors
    /// The file system cannot be asked.
    pub fn new(me: u64, folder: PathBuf, probe: FreeSpace) -> std::io::Result<Self> {
        let gauge = Gauge::new(probe.reserve(&folder)?);
        let own = (None, Room::Plenty);
        let known = Known { me, folder, probe, gauge, own, others: BTreeMap::new() };
        Ok(Self(Arc::new(Mutex::new(known))))
    }

    /// The room on this voter's disk.
    pub fn own(&self) -> Room {
        self.known().own(Instant::now())
    }

    /// Notes what is said of the voter `id`.
    pub fn hear(&self, id: u64, room: Room) {
        let mut known = self.known();
        if id != known.me {
            known.others.insert(id, (Instant::now(), room));
        }
    }

    /// Notes what the leader says of all voters: who is not named has room.
    pub fn learn(&self, rooms: &BTreeMap<u64, u32>) {
        let mut known = self.known();
        let (me, now) = (known.me, Instant::now());
        let others = rooms.iter().filter(|(id, _)| **id != me);
        known.others = others.map(|(id, room)| (*id, (now, Room::from_number(*room)))).collect();
    }

    /// As [`Self::all`], for the others.
    pub fn to_tell(&self) -> BTreeMap<u64, u32> {
        self.all().into_iter().map(|(id, room)| (id, room.as_number())).collect()
    }

    /// All voters that have little room, or none.
    pub fn all(&self) -> BTreeMap<u64, Room> {
        self.known().all(Instant::now())
    }

    /// Whether a command may be proposed: the fullest disk decides.
    pub fn admits(&self, command: &Command) -> bool {
        let worst = self.all().into_values().max().unwrap_or_default();
        match demand(command) {
            Demand::Takes => worst == Room::Plenty,
            Demand::Frees => worst < Room::None,
            Demand::Compacts => true,
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn own(&mut self, now: Instant) -> Room {
        let (asked, before) = self.own;
        if asked.is_some_and(|asked| now.saturating_duration_since(asked) < FRESH) {
            return before;
        }
        // A file system that does not answer says nothing about its room.
        let room = match self.probe.free(&self.folder) {
            Ok(free) => self.gauge.judge(free),
            Err(_) => before,
        };
        if (room == Room::Plenty) != (before == Room::Plenty) {
            tell(room);
        }
        self.own = (Some(now), room);
        room
    }

    fn all(&mut self, now: Instant) -> BTreeMap<u64, Room> {
        self.others.retain(|_, (heard, _)| now.saturating_duration_since(*heard) < VALID);
        let mut all: BTreeMap<u64, Room> =
            self.others.iter().map(|(id, (_, room))| (*id, *room)).collect();
        all.insert(self.me, self.own(now));
        all.retain(|_, room| *room != Room::Plenty);
        all
    }
}

fn tell(room: Room) {
    if room == Room::Plenty {
        tracing::info!("there is room on the disk again: writes are accepted");
    } else {
        tracing::warn!("the disk is nearly full: writes are refused until there is room again");
    }
}

fn demand(command: &Command) -> Demand {
    match &command.kind {
        Some(Kind::Put(_) | Kind::LeaseGrant(_)) => Demand::Takes,
        Some(Kind::Txn(request)) if puts(request) => Demand::Takes,
        Some(Kind::Txn(_) | Kind::DeleteRange(_) | Kind::LeaseRevoke(_)) | None => Demand::Frees,
        Some(Kind::Compact(_)) => Demand::Compacts,
    }
}

fn puts(request: &TxnRequest) -> bool {
    let mut ops = request.success.iter().chain(&request.failure);
    ops.any(|op: &RequestOp| match &op.request {
        Some(Request::RequestPut(_)) => true,
        Some(Request::RequestTxn(inner)) => puts(inner),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use mesoform_etcd::pb::{CompactionRequest, DeleteRangeRequest, PutRequest};
    use std::sync::atomic::{AtomicU64, Ordering};

    const MIB: u64 = 1024 * 1024;

    fn with(free: u64) -> (Alarms, Arc<AtomicU64>) {
        let free = Arc::new(AtomicU64::new(free));
        let told = free.clone();
        let probe = FreeSpace::told_by(0, move |_| told.load(Ordering::Relaxed));
        (Alarms::new(1, PathBuf::new(), probe).unwrap(), free)
    }

    fn later(alarms: &Alarms) {
        alarms.known().own.0 = None;
    }

    fn admitted(alarms: &Alarms) -> [bool; 3] {
        let put = Kind::Put(PutRequest::default()).into();
        let delete = Kind::DeleteRange(DeleteRangeRequest::default()).into();
        let compact = Kind::Compact(CompactionRequest::default()).into();
        [put, delete, compact].map(|command| alarms.admits(&command))
    }

    #[test]
    fn the_fuller_the_less_is_admitted() {
        let (alarms, free) = with(100 * MIB);
        assert_eq!(admitted(&alarms), [true, true, true]);
        free.store(15 * MIB, Ordering::Relaxed);
        later(&alarms);
        assert_eq!(admitted(&alarms), [false, true, true]);
        free.store(7 * MIB, Ordering::Relaxed);
        later(&alarms);
        assert_eq!(admitted(&alarms), [false, false, true]);
        free.store(100 * MIB, Ordering::Relaxed);
        later(&alarms);
        assert_eq!(admitted(&alarms), [true, true, true]);
    }

    #[test]
    fn another_voters_disk_counts_while_it_is_heard_of() {
        let (alarms, _) = with(100 * MIB);
        alarms.hear(2, Room::Scarce);
        assert_eq!(admitted(&alarms), [false, true, true]);
        assert_eq!(alarms.all(), BTreeMap::from([(2, Room::Scarce)]));
        alarms.hear(2, Room::Plenty);
        assert_eq!(admitted(&alarms), [true, true, true]);
        alarms.hear(2, Room::None);
        let long_after = Instant::now() + VALID;
        assert!(alarms.known().all(long_after).is_empty());
    }

    #[test]
    fn a_transaction_takes_room_if_any_of_it_puts() {
        let (alarms, _) = with(10 * MIB);
        let txn = |request: Request| {
            let success = vec![RequestOp { request: Some(request) }];
            TxnRequest { success, ..Default::default() }
        };
        let delete = txn(Request::RequestDeleteRange(DeleteRangeRequest::default()));
        let put = txn(Request::RequestPut(PutRequest::default()));
        let nested = txn(Request::RequestTxn(put.clone()));
        let admitted = [delete, put, nested].map(|txn| alarms.admits(&Kind::Txn(txn).into()));
        assert_eq!(admitted, [true, false, false]);
    }
}
