use super::{FreeSpace, Gauge, Headroom, Reusable, Room};
use crate::wire::Command;
use crate::wire::command::Kind;
use mesoform_etcd::pb::request_op::Request;
use mesoform_etcd::pb::{RequestOp, TxnRequest};
use prost::Message;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The disk is not asked more often, unless much was admitted since.
const FRESH: Duration = Duration::from_millis(20);
/// So many bytes are much: of what is written for them, a small part of the smallest reserve.
const MUCH: usize = 256 * 1024;
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
    reusable: Reusable,
    reserve: u64,
    gauge: Gauge,
    own: (Option<Instant>, Room),
    /// Bytes of commands that were admitted since the disk was asked.
    admitted: usize,
    /// It will not be long until the reserve is touched, or it is.
    low: Arc<AtomicBool>,
    /// What members said of themselves, or the leader of them.
    others: BTreeMap<u64, (Instant, Room)>,
}

impl Alarms {
    /// For the voter `me` with its data in `folder`. Sets `low` while the disk is nearly full.
    ///
    /// # Errors
    /// The file system cannot be asked.
    pub fn new(
        me: u64,
        folder: PathBuf,
        probe: FreeSpace,
        reusable: Reusable,
        low: Arc<AtomicBool>,
    ) -> std::io::Result<Self> {
        let reserve = probe.reserve(&folder)?;
        let known = Known {
            me,
            folder,
            probe,
            reusable,
            reserve,
            gauge: Gauge::new(reserve),
            own: (None, Room::Plenty),
            admitted: 0,
            low,
            others: BTreeMap::new(),
        };
        Ok(Self(Arc::new(Mutex::new(known))))
    }

    /// Whether this voter's disk is nearly full, whatever of its files can be used again.
    pub fn is_low(&self) -> bool {
        let mut known = self.known();
        known.own(Instant::now());
        known.low.load(Ordering::Relaxed)
    }

    /// Whether writes are refused because of this voter's disk, though much of its file could be used
    /// again.
    pub fn would_defragmentation_help(&self) -> bool {
        let mut known = self.known();
        known.own(Instant::now()) != Room::Plenty && known.reusable.bytes() >= known.reserve
    }

    /// Watches over what is received: it may take half of the reserve.
    pub fn headroom(&self) -> Headroom {
        self.known().headroom(2)
    }

    /// As [`Self::headroom`], for a copy of the state. Nobody's writes are refused for it; where they are
    /// already, it may take most of the reserve, since it makes room in the end.
    pub fn headroom_to_defragment(&self) -> Headroom {
        let mut known = self.known();
        let room = known.own(Instant::now());
        known.headroom(match room {
            Room::Plenty if known.reusable.bytes() < known.reserve => 1,
            // As many free pages count as room as there is really free.
            Room::Plenty => 2,
            Room::Scarce | Room::None => 4,
        })
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

    /// That writes are refused, because of whose disk, and what cures it; `name` says who a voter is. None
    /// while they are accepted.
    pub fn complaint(&self, name: impl Fn(u64) -> Option<String>) -> Option<String> {
        let mut known = self.known();
        let full = known.all(Instant::now());
        let worst = full.values().max()?;
        let (refused, cure) = match worst {
            Room::None => ("writes and deletions", "compact"),
            Room::Plenty | Room::Scarce => ("writes", "delete and compact"),
        };
        let others: Vec<String> = full
            .keys()
            .filter(|id| **id != known.me)
            .map(|id| name(*id).unwrap_or_else(|| format!("{id:x}")))
            .collect();
        let here = full.contains_key(&known.me);
        let own = here.then(|| format!("{} is nearly full", known.folder.display()));
        let theirs = (!others.is_empty())
            .then(|| format!("the disk of {} is nearly full", others.join(", ")));
        let why = [own, theirs].into_iter().flatten().collect::<Vec<_>>().join(", and ");
        Some(format!("refuses {refused}, since {why}: make room there, or {cure}"))
    }

    /// Whether a command may be proposed: the fullest disk decides.
    pub fn admits(&self, command: &Command) -> bool {
        let mut known = self.known();
        let worst = known.all(Instant::now()).into_values().max().unwrap_or_default();
        let admitted = match demand(command) {
            Demand::Takes => worst == Room::Plenty,
            Demand::Frees => worst < Room::None,
            Demand::Compacts => true,
        };
        if admitted {
            known.admitted = known.admitted.saturating_add(command.encoded_len());
        }
        admitted
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn headroom(&self, part: u64) -> Headroom {
        Headroom {
            folder: self.folder.clone(),
            probe: self.probe.clone(),
            reusable: self.reusable.clone(),
            kept: self.reserve / part,
        }
    }

    /// What counts as free too: only where it is much, and at most as much as there is really free.
    fn usable_again(&self, free: u64) -> u64 {
        let reusable = self.reusable.bytes();
        if reusable < self.reserve { 0 } else { reusable.min(free) }
    }

    fn own(&mut self, now: Instant) -> Room {
        let (asked, before) = self.own;
        let fresh = asked.is_some_and(|asked| now.saturating_duration_since(asked) < FRESH);
        if fresh && self.admitted < MUCH {
            return before;
        }
        self.admitted = 0;
        // A file system that does not answer says nothing about its room.
        let room = match self.probe.free(&self.folder) {
            Ok(free) => {
                self.low.store(free < self.reserve * 2, Ordering::Relaxed);
                self.gauge.judge(free.saturating_add(self.usable_again(free)))
            }
            Err(_) => before,
        };
        if (room == Room::Plenty) != (before == Room::Plenty) {
            tell(room, &self.folder);
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

fn tell(room: Room, folder: &Path) {
    let folder = folder.display();
    if room == Room::Plenty {
        tracing::info!(%folder, "there is room on the disk again: writes are accepted");
    } else {
        tracing::warn!(
            %folder,
            "the disk is nearly full: all voters refuse writes until there is room again; make room \
             there, or delete keys and compact"
        );
    }
}

fn demand(command: &Command) -> Demand {
    match &command.kind {
        Some(Kind::Put(_) | Kind::LeaseGrant(_)) => Demand::Takes,
        Some(Kind::Txn(request)) if puts(request) => Demand::Takes,
        Some(Kind::Txn(_) | Kind::DeleteRange(_) | Kind::LeaseRevoke(_) | Kind::Raise(_))
        | None => Demand::Frees,
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
    use std::sync::atomic::AtomicU64;

    const MIB: u64 = 1024 * 1024;

    fn with(free: u64) -> (Alarms, Arc<AtomicU64>) {
        let (alarms, free, _) = with_reusable(free);
        (alarms, free)
    }

    fn with_reusable(free: u64) -> (Alarms, Arc<AtomicU64>, Arc<AtomicU64>) {
        let (free, reusable) = (Arc::new(AtomicU64::new(free)), Arc::new(AtomicU64::new(0)));
        let (of_disk, of_file) = (free.clone(), reusable.clone());
        let probe = FreeSpace::told_by(0, move |_| of_disk.load(Ordering::Relaxed));
        let told = Reusable::told_by(move || of_file.load(Ordering::Relaxed));
        (Alarms::new(1, PathBuf::new(), probe, told, Arc::default()).unwrap(), free, reusable)
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
    fn pages_that_can_be_used_again_are_room_but_not_alone() {
        let (alarms, free, reusable) = with_reusable(15 * MIB);
        assert_eq!(admitted(&alarms), [false, true, true]);
        assert!(alarms.is_low());
        for (bytes, admits) in [(15 * MIB, false), (16 * MIB, true)] {
            reusable.store(bytes, Ordering::Relaxed);
            later(&alarms);
            assert_eq!(admitted(&alarms), [admits, true, true]);
            assert!(!alarms.would_defragmentation_help());
        }
        // However many there are: half of what is wanted must really be free.
        reusable.store(1000 * MIB, Ordering::Relaxed);
        free.store(7 * MIB, Ordering::Relaxed);
        later(&alarms);
        assert_eq!(admitted(&alarms), [false, true, true]);
        assert!(alarms.would_defragmentation_help());
        free.store(3 * MIB, Ordering::Relaxed);
        later(&alarms);
        assert_eq!(admitted(&alarms), [false, false, true]);
        free.store(100 * MIB, Ordering::Relaxed);
        later(&alarms);
        assert!(!alarms.is_low() && !alarms.would_defragmentation_help());
    }

    #[test]
    fn nobody_is_refused_for_a_copy_of_the_state() {
        let (alarms, free, reusable) = with_reusable(100 * MIB);
        let kept = |alarms: &Alarms| alarms.headroom_to_defragment().kept / MIB;
        assert_eq!(kept(&alarms), 16);
        free.store(15 * MIB, Ordering::Relaxed);
        reusable.store(50 * MIB, Ordering::Relaxed);
        later(&alarms);
        assert_eq!(kept(&alarms), 8, "free pages are room too");
        reusable.store(0, Ordering::Relaxed);
        later(&alarms);
        assert_eq!(kept(&alarms), 4, "they are refused already");
    }

    #[test]
    fn a_disk_is_asked_again_when_much_was_admitted() {
        let (alarms, free) = with(100 * MIB);
        assert_eq!(admitted(&alarms), [true, true, true]);
        alarms.known().own.0 = Some(Instant::now() + Duration::from_secs(3600));
        free.store(15 * MIB, Ordering::Relaxed);
        let put = PutRequest { value: vec![7; MUCH].into(), ..Default::default() };
        let put: Command = Kind::Put(put).into();
        assert_eq!([(); 3].map(|()| alarms.admits(&put)), [true, false, false]);
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
    fn whose_disk_it_is_and_what_cures_it_is_said() {
        let free = Arc::new(AtomicU64::new(100 * MIB));
        let told = free.clone();
        let probe = FreeSpace::told_by(0, move |_| told.load(Ordering::Relaxed));
        let folder = PathBuf::from("/data");
        let alarms =
            Alarms::new(1, folder, probe, Reusable::told_by(|| 0), Arc::default()).unwrap();
        let said = || alarms.complaint(|id| (id == 2).then(|| "h2".to_owned())).unwrap_or_default();
        assert_eq!(said(), "");
        alarms.hear(2, Room::Scarce);
        let another = "refuses writes, since the disk of h2 is nearly full: make room there, or \
                       delete and compact";
        assert_eq!(said(), another);
        free.store(7 * MIB, Ordering::Relaxed);
        later(&alarms);
        alarms.hear(171, Room::Scarce);
        let all = "refuses writes and deletions, since /data is nearly full, and the disk of h2, ab is \
                   nearly full: make room there, or compact";
        assert_eq!(said(), all);
        alarms.learn(&BTreeMap::new());
        let own =
            "refuses writes and deletions, since /data is nearly full: make room there, or compact";
        assert_eq!(said(), own);
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
