use bytes::Bytes;

/// A key at one revision (`mvccpb.KeyValue`).
#[derive(Clone, PartialEq, Eq, Hash, prost::Message)]
pub struct KeyValue {
    #[prost(bytes = "bytes", tag = "1")]
    pub key: Bytes,
    /// The revision of the last creation of this key.
    #[prost(int64, tag = "2")]
    pub create_revision: i64,
    /// The revision of the last change of this key.
    #[prost(int64, tag = "3")]
    pub mod_revision: i64,
    /// 1 at creation, one more with every change; deletion starts anew.
    #[prost(int64, tag = "4")]
    pub version: i64,
    #[prost(bytes = "bytes", tag = "5")]
    pub value: Bytes,
    /// The lease that holds this key; 0: none.
    #[prost(int64, tag = "6")]
    pub lease: i64,
}

/// A change of a key (`mvccpb.Event`).
#[derive(Clone, PartialEq, Eq, Hash, prost::Message)]
pub struct Event {
    #[prost(enumeration = "EventType", tag = "1")]
    pub r#type: i32,
    /// For a deletion only `key` and `mod_revision` are set.
    #[prost(message, optional, tag = "2")]
    pub kv: Option<KeyValue>,
    #[prost(message, optional, tag = "3")]
    pub prev_kv: Option<KeyValue>,
}

/// `mvccpb.Event.EventType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub enum EventType {
    Put = 0,
    Delete = 1,
}
