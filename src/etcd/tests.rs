//! Bytes that etcd's own Go code wrote or would write: field numbers, not only round trips.

use crate::pb::{
    Compare, Event, EventType, KeyValue, LeaseTimeToLiveResponse, Member, RangeRequest,
    WatchResponse, compare,
};
use bytes::Bytes;
use prost::Message;

#[test]
fn a_compare_carries_its_range_end_in_field_64() {
    let compare = Compare {
        result: compare::CompareResult::Greater as i32,
        target: compare::CompareTarget::Lease as i32,
        key: Bytes::from_static(b"a"),
        target_union: Some(compare::TargetUnion::Lease(7)),
        range_end: Bytes::from_static(b"b"),
    };
    // 64 << 3 | 2 = 514 = varint 82 04
    let wire = [0x08, 1, 0x10, 4, 0x1a, 1, b'a', 0x40, 7, 0x82, 0x04, 1, b'b'];
    assert_eq!(compare.encode_to_vec(), wire);
    assert_eq!(Compare::decode(&wire[..]).unwrap(), compare);
}

#[test]
fn a_watch_response_carries_its_events_in_field_11() {
    let event = Event { r#type: EventType::Delete as i32, kv: None, prev_kv: None };
    let response = WatchResponse { watch_id: 3, events: vec![event], ..Default::default() };
    assert_eq!(response.encode_to_vec(), [0x10, 3, 0x5a, 2, 0x08, 1]);
}

#[test]
fn a_range_request_numbers_its_filters_10_to_13() {
    let request = RangeRequest {
        min_mod_revision: 1,
        max_mod_revision: 2,
        min_create_revision: 3,
        max_create_revision: 4,
        ..Default::default()
    };
    assert_eq!(request.encode_to_vec(), [0x50, 1, 0x58, 2, 0x60, 3, 0x68, 4]);
}

#[test]
fn a_key_value_is_laid_out_as_mvccpb() {
    let kv = KeyValue {
        key: Bytes::from_static(b"k"),
        create_revision: 2,
        mod_revision: 3,
        version: 4,
        value: Bytes::from_static(b"v"),
        lease: 5,
    };
    let wire = [0x0a, 1, b'k', 0x10, 2, 0x18, 3, 0x20, 4, 0x2a, 1, b'v', 0x30, 5];
    assert_eq!(kv.encode_to_vec(), wire);
}

#[test]
fn minus_one_is_a_ten_byte_varint() {
    let gone = LeaseTimeToLiveResponse { ttl: -1, ..Default::default() };
    let wire = gone.encode_to_vec();
    assert_eq!(wire.len(), 11);
    assert_eq!(LeaseTimeToLiveResponse::decode(&wire[..]).unwrap().ttl, -1);
}

#[test]
fn a_member_lists_its_addresses() {
    let member =
        Member { id: 1, name: "h".into(), peer_urls: vec!["p".into()], ..Default::default() };
    assert_eq!(member.encode_to_vec(), [0x08, 1, 0x12, 1, b'h', 0x1a, 1, b'p']);
}
