use super::*;
use crate::mvcc::{keys_of, leases};

fn leased(store: &mut Store, key: &str, lease: i64) -> Result<(), Refusal> {
    store.apply(Kind::Put(PutRequest { lease, ..put(key, "") })).map(|_| ())
}

#[test]
fn a_lease_takes_its_keys_with_it_in_one_revision() {
    let mut store = Store::new();
    store.grant(7, 60).unwrap();
    for key in ["b", "a", "c"] {
        leased(&mut store, key, 7).unwrap();
    }
    store.put("d", "");
    // Put again without it, a key is free.
    store.put("c", "");
    assert_eq!(keys_of(&store.read(), 7).unwrap(), [b("a"), b("b")]);
    store.changes.clear();
    store.revoke(7).unwrap();
    assert_eq!(store.all(0).unwrap(), ["c= c4 m6 v2", "d= c5 m5 v1"]);
    assert_eq!(store.revision(), 7);
    assert_eq!(store.changes.len(), 2);
    assert_eq!(leases(&store.read()).unwrap(), []);
}

#[test]
fn leases_are_there_or_not() {
    let mut store = Store::new();
    assert_eq!(leased(&mut store, "a", 7), Err(Refusal::LeaseNotFound));
    assert_eq!(store.revoke(7), Err(Refusal::LeaseNotFound));
    store.grant(7, 60).unwrap();
    assert_eq!(store.grant(7, 60), Err(Refusal::LeaseExists));
    assert_eq!(leases(&store.read()).unwrap(), [(7, 60)]);
    store.revoke(7).unwrap();
    assert_eq!(store.revision(), 1);
}

#[test]
fn a_key_belongs_to_one_lease() {
    let mut store = Store::new();
    store.grant(1, 60).unwrap();
    store.grant(2, 60).unwrap();
    leased(&mut store, "a", 1).unwrap();
    leased(&mut store, "a", 2).unwrap();
    store.revoke(1).unwrap();
    assert_eq!(store.all(0).unwrap(), ["a= c2 m3 v2 l2"]);
    store.delete("a", "");
    assert_eq!(keys_of(&store.read(), 2).unwrap(), Vec::<Bytes>::new());
}
