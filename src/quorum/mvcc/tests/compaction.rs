use super::*;
use crate::mvcc::events_between;
use redb::ReadableTableMetadata;

#[test]
fn it_refuses_what_is_gone_and_what_is_not_yet() {
    let mut store = Store::new();
    store.put("a", "1");
    store.put("a", "2");
    store.put("a", "3");
    assert_eq!(store.compact(9), Err(Refusal::FutureRevision));
    store.compact(3).unwrap();
    assert_eq!(store.compact(3), Err(Refusal::Compacted));
    assert_eq!(store.all(2), Err(Refusal::Compacted));
    assert_eq!(store.all(3).unwrap(), ["a=2 c2 m3 v2"]);
    assert_eq!(store.all(0).unwrap(), ["a=3 c2 m4 v3"]);
}

#[test]
fn what_is_still_needed_stays_and_the_rest_goes() {
    let mut store = Store::new();
    store.put("old", "kept"); // 2
    store.put("a", "1"); // 3
    store.put("a", "2"); // 4
    store.delete("a", ""); // 5
    store.put("b", "1"); // 6
    store.delete("b", ""); // 7
    store.put("c", "1"); // 8
    store.compact(7).unwrap();
    assert_eq!(store.all(7).unwrap(), ["old=kept c2 m2 v1"]);
    // Of the deletions only the one at the compaction itself can still be watched for.
    let read = store.read();
    let (events, upto) = events_between(&read, 7, usize::MAX, |_| true).unwrap();
    assert_eq!(events.iter().map(|(revision, _)| *revision).collect::<Vec<_>>(), [7, 8]);
    assert_eq!(upto, 8);
    assert_eq!(rows(&store), (3, 3));
    store.compact(8).unwrap();
    assert_eq!(rows(&store), (2, 2));
}

/// Rows of revisions and of history.
fn rows(store: &Store) -> (u64, u64) {
    let transaction = store.database.begin_read().unwrap();
    let count = |name| {
        let tables = transaction.list_tables().unwrap();
        let table = tables.into_iter().find(|table| redb::TableHandle::name(table) == name);
        transaction.open_untyped_table(table.unwrap()).unwrap().len().unwrap()
    };
    (count("revisions"), count("history"))
}
