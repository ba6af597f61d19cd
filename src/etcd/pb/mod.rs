//! Messages of the packages `etcdserverpb`, `mvccpb`, `v3electionpb` and `v3lockpb`.
//!
//! Byte fields are [`bytes::Bytes`]: a value is shared, not copied, on its way to many watchers.

mod cluster;
mod election;
mod kv;
mod lease;
mod lock;
mod maintenance;
mod mvcc;
mod txn;
mod watch;

pub use cluster::*;
pub use election::*;
pub use kv::*;
pub use lease::*;
pub use lock::*;
pub use maintenance::*;
pub use mvcc::*;
pub use txn::*;
pub use watch::*;

/// Stands at the head of every response.
#[derive(Clone, Copy, PartialEq, Eq, Hash, prost::Message)]
pub struct ResponseHeader {
    /// The cluster that answered.
    #[prost(uint64, tag = "1")]
    pub cluster_id: u64,
    /// The member that answered.
    #[prost(uint64, tag = "2")]
    pub member_id: u64,
    /// The store's revision when the request was applied.
    #[prost(int64, tag = "3")]
    pub revision: i64,
    /// The Raft term when the request was applied.
    #[prost(uint64, tag = "4")]
    pub raft_term: u64,
}
