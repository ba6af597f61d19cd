//! Messages of the package `v3lockpb`.

use super::ResponseHeader;
use bytes::Bytes;

/// Waits for a lock, and takes it.
#[derive(Clone, PartialEq, Eq, Hash, prost::Message)]
pub struct LockRequest {
    #[prost(bytes = "bytes", tag = "1")]
    pub name: Bytes,
    /// The lock is given up with it. Locking twice with the same lease is one lock.
    #[prost(int64, tag = "2")]
    pub lease: i64,
}

#[derive(Clone, PartialEq, Eq, Hash, prost::Message)]
pub struct LockResponse {
    #[prost(message, optional, tag = "1")]
    pub header: Option<ResponseHeader>,
    /// Exists for as long as the lock is held.
    #[prost(bytes = "bytes", tag = "2")]
    pub key: Bytes,
}

#[derive(Clone, PartialEq, Eq, Hash, prost::Message)]
pub struct UnlockRequest {
    /// What locking answered.
    #[prost(bytes = "bytes", tag = "1")]
    pub key: Bytes,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, prost::Message)]
pub struct UnlockResponse {
    #[prost(message, optional, tag = "1")]
    pub header: Option<ResponseHeader>,
}
