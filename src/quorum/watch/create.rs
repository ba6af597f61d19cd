use super::watcher::Watcher;
use crate::mvcc::Interval;
use bytes::Bytes;
use mesoform_etcd::pb::WatchCreateRequest;
use std::collections::BTreeMap;

/// What a client is told that gets no watcher.
pub const NO_ID: i64 = -1;
/// Watches on one stream; a client that wants more opens another.
const MAX_WATCHERS: usize = 65_536;

/// The watchers of one stream.
#[derive(Default)]
pub struct Watchers {
    pub by_id: BTreeMap<i64, Watcher>,
    next_id: i64,
}

impl Watchers {
    /// Adds a watcher to a store at `revision`: its id, or why there is none.
    pub fn create(
        &mut self,
        request: &WatchCreateRequest,
        revision: i64,
    ) -> Result<i64, &'static str> {
        // No key means the smallest one.
        let smallest = Bytes::from_static(&[0]);
        let key = if request.key.is_empty() { &smallest } else { &request.key };
        let interval = Interval::new(key, &request.range_end);
        if interval.is_empty() {
            return Err("mvcc: watcher range is empty");
        }
        if self.by_id.len() >= MAX_WATCHERS {
            return Err("etcdserver: too many watches on one stream");
        }
        let id = self.id(request.watch_id)?;
        let next = if request.start_revision <= 0 { revision + 1 } else { request.start_revision };
        self.by_id.insert(id, Watcher::new(id, interval, next, request));
        Ok(id)
    }

    fn id(&mut self, wanted: i64) -> Result<i64, &'static str> {
        if wanted != 0 {
            let taken = self.by_id.contains_key(&wanted);
            return if taken {
                Err("mvcc: duplicate watch ID provided on the WatchStream")
            } else {
                Ok(wanted)
            };
        }
        while self.by_id.contains_key(&self.next_id) {
            self.next_id += 1;
        }
        self.next_id += 1;
        Ok(self.next_id - 1)
    }
}
