use super::*;
use mesoform_etcd::pb::{EventType, SortOrder, SortTarget};

fn range(key: &str, end: &str) -> RangeRequest {
    RangeRequest { key: b(key), range_end: b(end), ..Default::default() }
}

fn keys(response: &RangeResponse) -> Vec<String> {
    response.kvs.iter().map(|kv| String::from_utf8_lossy(&kv.key).into_owned()).collect()
}

#[test]
fn versions_and_revisions_count_as_in_etcd() {
    let mut store = Store::new();
    assert_eq!(store.revision(), 1);
    store.put("a", "1");
    store.put("a", "2");
    assert_eq!(store.all(0).unwrap(), ["a=2 c2 m3 v2"]);
    assert_eq!(store.delete("a", ""), ["a=2 c2 m3 v2"]);
    store.put("a", "3");
    assert_eq!(store.all(0).unwrap(), ["a=3 c5 m5 v1"]);
}

#[test]
fn every_revision_can_be_read() {
    let mut store = Store::new();
    store.put("a", "1");
    store.put("b", "1");
    store.put("a", "2");
    store.delete("a", "");
    store.put("ab", "1");
    assert_eq!(store.all(1).unwrap(), Vec::<String>::new());
    assert_eq!(store.all(2).unwrap(), ["a=1 c2 m2 v1"]);
    assert_eq!(store.all(3).unwrap(), ["a=1 c2 m2 v1", "b=1 c3 m3 v1"]);
    assert_eq!(store.all(4).unwrap(), ["a=2 c2 m4 v2", "b=1 c3 m3 v1"]);
    assert_eq!(store.all(5).unwrap(), ["b=1 c3 m3 v1"]);
    assert_eq!(store.all(7), Err(Refusal::FutureRevision));
    let one = RangeRequest { revision: 4, ..range("a", "") };
    assert_eq!(store.range(&one).unwrap().count, 1);
}

#[test]
fn deleting_nothing_makes_no_revision() {
    let mut store = Store::new();
    assert_eq!(store.delete("a", "z"), Vec::<String>::new());
    assert_eq!(store.revision(), 1);
    assert!(store.changes.is_empty());
}

#[test]
fn ranges_end_where_they_say() {
    let mut store = Store::new();
    for key in ["a", "aa", "ab", "b", "c"] {
        store.put(key, "");
    }
    assert_eq!(keys(&store.range(&range("a", "")).unwrap()), ["a"]);
    assert_eq!(keys(&store.range(&range("a", "b")).unwrap()), ["a", "aa", "ab"]);
    assert_eq!(keys(&store.range(&range("aa", "\0")).unwrap()), ["aa", "ab", "b", "c"]);
    assert_eq!(keys(&store.range(&range("b", "a")).unwrap()), Vec::<String>::new());
    let past = RangeRequest { revision: 3, ..range("c", "a") };
    assert_eq!(keys(&store.range(&past).unwrap()), Vec::<String>::new());
}

#[test]
fn a_limit_says_that_there_is_more_and_counts_all() {
    let mut store = Store::new();
    for key in ["a", "b", "c"] {
        store.put(key, "");
    }
    let response = store.range(&RangeRequest { limit: 2, ..range("a", "\0") }).unwrap();
    assert_eq!(
        (keys(&response), response.more, response.count),
        (vec!["a".into(), "b".into()], true, 3)
    );
    let response = store.range(&RangeRequest { limit: 3, ..range("a", "\0") }).unwrap();
    assert!(!response.more);
    let response = store.range(&RangeRequest { count_only: true, ..range("a", "\0") }).unwrap();
    assert_eq!((response.kvs.len(), response.count), (0, 3));
    let past = RangeRequest { limit: 1, revision: 3, ..range("a", "\0") };
    let response = store.range(&past).unwrap();
    assert_eq!((keys(&response), response.more, response.count), (vec!["a".into()], true, 2));
}

#[test]
fn orders_and_filters() {
    let mut store = Store::new();
    for (key, value) in [("a", "3"), ("b", "1"), ("c", "2"), ("a", "0")] {
        store.put(key, value);
    }
    let sorted = |order: SortOrder, target: SortTarget| {
        let request = RangeRequest {
            sort_order: order as i32,
            sort_target: target as i32,
            ..range("\0", "\0")
        };
        keys(&store.range(&request).unwrap()).concat()
    };
    assert_eq!(sorted(SortOrder::Descend, SortTarget::Key), "cba");
    assert_eq!(sorted(SortOrder::Ascend, SortTarget::Mod), "bca");
    assert_eq!(sorted(SortOrder::None, SortTarget::Mod), "bca");
    assert_eq!(sorted(SortOrder::Descend, SortTarget::Create), "cba");
    assert_eq!(sorted(SortOrder::Descend, SortTarget::Version), "abc");
    assert_eq!(sorted(SortOrder::Ascend, SortTarget::Value), "abc");
    let filtered =
        RangeRequest { min_mod_revision: 4, max_create_revision: 3, ..range("\0", "\0") };
    let response = store.range(&filtered).unwrap();
    assert_eq!((keys(&response).concat(), response.count), ("a".into(), 3));
    let bare = store.range(&RangeRequest { keys_only: true, ..range("a", "") }).unwrap();
    assert!(bare.kvs[0].value.is_empty());
}

#[test]
fn a_put_may_keep_value_or_lease() {
    let mut store = Store::new();
    let keep_value = PutRequest { ignore_value: true, ..put("a", "") };
    assert_eq!(store.apply(Kind::Put(keep_value.clone())), Err(Refusal::KeyNotFound));
    store.grant(7, 60).unwrap();
    store.apply(Kind::Put(PutRequest { lease: 7, ..put("a", "1") })).unwrap();
    store.apply(Kind::Put(PutRequest { ignore_lease: true, ..put("a", "2") })).unwrap();
    assert_eq!(store.all(0).unwrap(), ["a=2 c2 m3 v2 l7"]);
    let reply = store.apply(Kind::Put(PutRequest { prev_kv: true, ..keep_value })).unwrap();
    let reply::Kind::Put(response) = reply else { panic!() };
    assert_eq!(show(&response.prev_kv.unwrap()), "a=2 c2 m3 v2 l7");
    assert_eq!(store.all(0).unwrap(), ["a=2 c2 m4 v3"]);
}

#[test]
fn events_of_a_revision_carry_what_was_before() {
    let mut store = Store::new();
    store.put("a", "1");
    store.put("b", "1");
    store.changes.clear();
    store.delete("a", "c");
    let [Change::Revision { revision: 4, events }] = &store.changes[..] else {
        panic!("{:?}", store.changes)
    };
    assert_eq!(events.len(), 2);
    for event in events {
        assert_eq!(event.r#type(), EventType::Delete);
        assert_eq!(event.kv.as_ref().unwrap().mod_revision, 4);
        assert!(event.prev_kv.is_some());
    }
}
