use super::hub::Hub;
use super::pump::{Told, from_memory};
use super::shelf::Shelf;
use super::watcher::Watcher;
use crate::mvcc::Interval;
use bytes::Bytes;
use mesoform_etcd::pb::{Event, EventType, FilterType, KeyValue, WatchCreateRequest};

fn event(key: &str, revision: i64, kind: EventType) -> Event {
    let kv = KeyValue {
        key: Bytes::copy_from_slice(key.as_bytes()),
        mod_revision: revision,
        ..Default::default()
    };
    Event { r#type: kind as i32, kv: Some(kv.clone()), prev_kv: Some(kv) }
}

fn hub(events: &[(i64, &str)]) -> Hub {
    let hub = Hub::new(1);
    for (revision, keys) in events {
        let happened = keys.split(' ').map(|key| event(key, *revision, EventType::Put)).collect();
        hub.publish(vec![(*revision, happened)]);
    }
    hub
}

fn watcher(key: &str, end: &str, next: i64, request: WatchCreateRequest) -> Watcher {
    let bytes = |text: &str| Bytes::copy_from_slice(text.as_bytes());
    Watcher::new(0, Interval::new(&bytes(key), &bytes(end)), next, &request)
}

fn told(hub: &Hub, watcher: &Watcher) -> Option<(Vec<String>, i64)> {
    let newest = *hub.newest().borrow();
    from_memory(&mut Shelf::new(hub), watcher, newest).map(|told| match told {
        Told::Compacted(at) => panic!("compacted at {at}"),
        Told::Events(events, upto) => {
            let show = |event: Event| {
                let kv = event.kv.unwrap();
                format!("{}@{}", String::from_utf8_lossy(&kv.key), kv.mod_revision)
            };
            (events.into_iter().map(show).collect(), upto)
        }
    })
}

#[test]
fn a_watcher_hears_what_concerns_it_once_and_in_order() {
    let hub = hub(&[(2, "a b"), (3, "x"), (4, "b c")]);
    let all = |watcher| told(&hub, &watcher).unwrap();
    let default = WatchCreateRequest::default;
    assert_eq!(all(watcher("b", "", 2, default())), (vec!["b@2".into(), "b@4".into()], 4));
    assert_eq!(all(watcher("b", "", 3, default())), (vec!["b@4".into()], 4));
    assert_eq!(all(watcher("q", "", 2, default())), (vec![], 4));
    let (events, _) = all(watcher("a", "c", 2, default()));
    assert_eq!(events, ["a@2", "b@2", "b@4"]);
}

#[test]
fn filters_leave_out_and_previous_values_come_only_where_wanted() {
    let hub = hub(&[(2, "a")]);
    hub.publish(vec![(3, vec![event("a", 3, EventType::Delete)].into())]);
    let without = |filter: FilterType| WatchCreateRequest {
        filters: vec![filter as i32],
        ..Default::default()
    };
    let all = |watcher: &Watcher| told(&hub, watcher).unwrap().0;
    assert_eq!(all(&watcher("a", "", 2, without(FilterType::Noput))), ["a@3"]);
    assert_eq!(all(&watcher("a", "", 2, without(FilterType::Nodelete))), ["a@2"]);
    let happened = event("a", 3, EventType::Delete);
    let plain = watcher("a", "", 2, WatchCreateRequest::default());
    assert_eq!(plain.view(&happened).prev_kv, None);
    let previous = watcher("a", "", 2, WatchCreateRequest { prev_kv: true, ..Default::default() });
    assert!(previous.view(&happened).prev_kv.is_some());
}

#[test]
fn what_is_not_in_memory_is_not_guessed() {
    let hub = hub(&[(2, "a"), (3, "a")]);
    assert!(told(&hub, &watcher("a", "", 1, WatchCreateRequest::default())).is_none());
    hub.reset(9);
    assert!(told(&hub, &watcher("a", "", 3, WatchCreateRequest::default())).is_none());
    let next = watcher("a", "", 10, WatchCreateRequest::default());
    assert_eq!(told(&hub, &next), Some((vec![], 9)));
}

#[test]
fn memory_is_bounded() {
    let hub = Hub::new(1);
    for revision in 2..40_000 {
        hub.publish(vec![(revision, vec![event("a", revision, EventType::Put)].into())]);
    }
    assert!(hub.since(2, 1).is_none());
    assert_eq!(hub.since(39_999, 10).unwrap().len(), 1);
    // From the oldest that is here on nothing is missing.
    let oldest = (2..40_000).find(|from| hub.since(*from, 1).is_some()).unwrap();
    assert_eq!(hub.since(oldest, usize::MAX).unwrap().len() as i64, 40_000 - oldest);
}
