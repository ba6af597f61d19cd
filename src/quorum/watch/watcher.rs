use crate::mvcc::Interval;
use mesoform_etcd::pb::{Event, EventType, FilterType, WatchCreateRequest};
use tokio::time::Instant;

/// One watch of a client, and how far it has come.
#[derive(Debug, Clone)]
pub struct Watcher {
    pub id: i64,
    pub interval: Interval,
    /// The first revision that it has not been told of.
    pub next: i64,
    pub prev_kv: bool,
    pub fragment: bool,
    /// Wants to hear now and then that there was nothing to hear.
    pub progress: bool,
    /// When it last heard something.
    pub heard: Instant,
    no_puts: bool,
    no_deletes: bool,
}

impl Watcher {
    pub fn new(id: i64, interval: Interval, next: i64, request: &WatchCreateRequest) -> Self {
        let without = |filter| request.filters.contains(&(filter as i32));
        Self {
            id,
            interval,
            next,
            prev_kv: request.prev_kv,
            fragment: request.fragment,
            progress: request.progress_notify,
            heard: Instant::now(),
            no_puts: without(FilterType::Noput),
            no_deletes: without(FilterType::Nodelete),
        }
    }

    pub fn wants(&self, event: &Event) -> bool {
        let filtered = match event.r#type() {
            EventType::Put => self.no_puts,
            EventType::Delete => self.no_deletes,
        };
        !filtered && self.interval.concerns(event)
    }

    /// The event as this watcher wants to see it.
    pub fn view(&self, event: &Event) -> Event {
        let prev_kv = event.prev_kv.clone().filter(|_| self.prev_kv);
        Event { r#type: event.r#type, kv: event.kv.clone(), prev_kv }
    }
}
