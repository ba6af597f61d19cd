//! Messages of the package `v3electionpb`.

use super::{KeyValue, ResponseHeader};
use bytes::Bytes;

/// Stands for an election, and waits until elected.
#[derive(Clone, PartialEq, Eq, Hash, prost::Message)]
pub struct CampaignRequest {
    #[prost(bytes = "bytes", tag = "1")]
    pub name: Bytes,
    /// The candidacy ends with it.
    #[prost(int64, tag = "2")]
    pub lease: i64,
    #[prost(bytes = "bytes", tag = "3")]
    pub value: Bytes,
}

#[derive(Clone, PartialEq, Eq, Hash, prost::Message)]
pub struct CampaignResponse {
    #[prost(message, optional, tag = "1")]
    pub header: Option<ResponseHeader>,
    #[prost(message, optional, tag = "2")]
    pub leader: Option<LeaderKey>,
}

/// A leadership that was won.
#[derive(Clone, PartialEq, Eq, Hash, prost::Message)]
pub struct LeaderKey {
    /// The election's name.
    #[prost(bytes = "bytes", tag = "1")]
    pub name: Bytes,
    /// When it is deleted the leadership is lost.
    #[prost(bytes = "bytes", tag = "2")]
    pub key: Bytes,
    /// The key's create revision: the fencing token.
    #[prost(int64, tag = "3")]
    pub rev: i64,
    #[prost(int64, tag = "4")]
    pub lease: i64,
}

#[derive(Clone, PartialEq, Eq, Hash, prost::Message)]
pub struct LeaderRequest {
    /// The election's name.
    #[prost(bytes = "bytes", tag = "1")]
    pub name: Bytes,
}

#[derive(Clone, PartialEq, Eq, Hash, prost::Message)]
pub struct LeaderResponse {
    #[prost(message, optional, tag = "1")]
    pub header: Option<ResponseHeader>,
    /// The leader's key, with what it last proclaimed.
    #[prost(message, optional, tag = "2")]
    pub kv: Option<KeyValue>,
}

#[derive(Clone, PartialEq, Eq, Hash, prost::Message)]
pub struct ResignRequest {
    #[prost(message, optional, tag = "1")]
    pub leader: Option<LeaderKey>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, prost::Message)]
pub struct ResignResponse {
    #[prost(message, optional, tag = "1")]
    pub header: Option<ResponseHeader>,
}

/// Gives the leader's key another value.
#[derive(Clone, PartialEq, Eq, Hash, prost::Message)]
pub struct ProclaimRequest {
    #[prost(message, optional, tag = "1")]
    pub leader: Option<LeaderKey>,
    #[prost(bytes = "bytes", tag = "2")]
    pub value: Bytes,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, prost::Message)]
pub struct ProclaimResponse {
    #[prost(message, optional, tag = "1")]
    pub header: Option<ResponseHeader>,
}
