use super::{Event, ResponseHeader};
use bytes::Bytes;

#[derive(Clone, PartialEq, Eq, Hash, prost::Message)]
pub struct WatchRequest {
    #[prost(oneof = "watch_request::RequestUnion", tags = "1, 2, 3")]
    pub request_union: Option<watch_request::RequestUnion>,
}

pub mod watch_request {
    use super::{WatchCancelRequest, WatchCreateRequest, WatchProgressRequest};

    #[derive(Clone, PartialEq, Eq, Hash, prost::Oneof)]
    pub enum RequestUnion {
        #[prost(message, tag = "1")]
        CreateRequest(WatchCreateRequest),
        #[prost(message, tag = "2")]
        CancelRequest(WatchCancelRequest),
        #[prost(message, tag = "3")]
        ProgressRequest(WatchProgressRequest),
    }
}

/// Watches the keys in `[key, range_end)`.
#[derive(Clone, PartialEq, Eq, Hash, prost::Message)]
pub struct WatchCreateRequest {
    #[prost(bytes = "bytes", tag = "1")]
    pub key: Bytes,
    /// Empty: only `key`. `\0`: all keys from `key` on.
    #[prost(bytes = "bytes", tag = "2")]
    pub range_end: Bytes,
    /// The first revision to tell of; 0: from now on.
    #[prost(int64, tag = "3")]
    pub start_revision: i64,
    /// Say now and then that there was nothing to say.
    #[prost(bool, tag = "4")]
    pub progress_notify: bool,
    #[prost(enumeration = "FilterType", repeated, tag = "5")]
    pub filters: Vec<i32>,
    #[prost(bool, tag = "6")]
    pub prev_kv: bool,
    /// 0: the server chooses.
    #[prost(int64, tag = "7")]
    pub watch_id: i64,
    /// Large revisions may come in several responses.
    #[prost(bool, tag = "8")]
    pub fragment: bool,
}

/// `WatchCreateRequest.FilterType`: what is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub enum FilterType {
    Noput = 0,
    Nodelete = 1,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, prost::Message)]
pub struct WatchCancelRequest {
    #[prost(int64, tag = "1")]
    pub watch_id: i64,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, prost::Message)]
pub struct WatchProgressRequest {}

#[derive(Clone, PartialEq, Eq, Hash, prost::Message)]
pub struct WatchResponse {
    #[prost(message, optional, tag = "1")]
    pub header: Option<ResponseHeader>,
    #[prost(int64, tag = "2")]
    pub watch_id: i64,
    #[prost(bool, tag = "3")]
    pub created: bool,
    #[prost(bool, tag = "4")]
    pub canceled: bool,
    /// Not 0: the wanted revisions are compacted; this is the first that is kept.
    #[prost(int64, tag = "5")]
    pub compact_revision: i64,
    #[prost(string, tag = "6")]
    pub cancel_reason: String,
    /// More of the same revision follows.
    #[prost(bool, tag = "7")]
    pub fragment: bool,
    #[prost(message, repeated, tag = "11")]
    pub events: Vec<Event>,
}
