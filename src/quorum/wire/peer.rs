use super::{Command, LogEntry, Reply};
use crate::levels::{Levels, Mark};
use bytes::Bytes;
use std::collections::BTreeMap;

/// What a voter knows about itself and its cluster; asked before and while it takes part.
#[derive(Clone, PartialEq, prost::Message)]
pub struct HelloRequest {
    #[prost(uint32, tag = "1")]
    pub protocol: u32,
    /// Who asks.
    #[prost(message, optional, tag = "2")]
    pub from: Option<Introduction>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct HelloResponse {
    #[prost(uint32, tag = "1")]
    pub protocol: u32,
    #[prost(message, optional, tag = "2")]
    pub from: Option<Introduction>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct Introduction {
    /// The cluster's name.
    #[prost(string, tag = "1")]
    pub cluster: String,
    #[prost(uint32, tag = "2")]
    pub slot: u32,
    #[prost(uint64, tag = "3")]
    pub node_id: u64,
    /// Its log holds a membership.
    #[prost(bool, tag = "4")]
    pub initialized: bool,
    /// The cluster it has been part of or heard of; 0: none.
    #[prost(uint64, tag = "5")]
    pub cluster_id: u64,
    /// The leader it knows; 0: none.
    #[prost(uint64, tag = "6")]
    pub leader: u64,
    #[prost(message, optional, tag = "7")]
    pub last_log: Option<LogId>,
    /// The slots of all voters in its settings.
    #[prost(uint32, repeated, tag = "8")]
    pub voters: Vec<u32>,
    /// The host's name in the inventory; empty in older versions.
    #[prost(string, tag = "9")]
    pub name: String,
    /// The ids of all members, as its log has them.
    #[prost(uint64, repeated, tag = "10")]
    pub members: Vec<u64>,
    /// The log entry that says so.
    #[prost(uint64, tag = "11")]
    pub members_at: u64,
    /// The levels that it knows; 0 in versions from before there were any.
    #[prost(uint32, tag = "12")]
    pub oldest: u32,
    #[prost(uint32, tag = "13")]
    pub newest: u32,
    /// The cluster's level, where it is part of one.
    #[prost(uint32, tag = "14")]
    pub level: u32,
}

impl Introduction {
    /// Which levels it knows.
    pub fn levels(&self) -> Levels {
        Levels::heard(self.oldest, self.newest)
    }
}

/// Asks the leader to take this voter in, or to note its new address.
#[derive(Clone, PartialEq, prost::Message)]
pub struct JoinRequest {
    #[prost(uint32, tag = "1")]
    pub protocol: u32,
    #[prost(string, tag = "2")]
    pub cluster: String,
    #[prost(uint64, tag = "3")]
    pub node_id: u64,
    #[prost(uint32, tag = "4")]
    pub slot: u32,
    #[prost(string, tag = "5")]
    pub name: String,
    #[prost(string, tag = "6")]
    pub peer: String,
    #[prost(string, tag = "7")]
    pub client: String,
    /// A voter that does not lead has passed it on.
    #[prost(bool, tag = "8")]
    pub forwarded: bool,
    /// The levels that it knows; 0 in versions from before there were any.
    #[prost(uint32, tag = "9")]
    pub oldest: u32,
    #[prost(uint32, tag = "10")]
    pub newest: u32,
    /// The cluster whose data it has; 0: none, or it does not say.
    #[prost(uint64, tag = "11")]
    pub cluster_id: u64,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct JoinResponse {
    #[prost(enumeration = "JoinOutcome", tag = "1")]
    pub outcome: i32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub enum JoinOutcome {
    /// Another one leads, or none does: ask again.
    NotLeader = 0,
    /// It is a voter.
    Joined = 1,
    /// It is being taken in, or another change is under way: ask again.
    Underway = 2,
    /// It is a learner until somebody promotes it.
    Attending = 3,
}

/// Asks the leader to change the members, for an operator.
#[derive(Clone, PartialEq, prost::Message)]
pub struct MembersRequest {
    #[prost(message, optional, tag = "1")]
    pub envelope: Option<Envelope>,
    #[prost(oneof = "members_request::Wish", tags = "2, 3, 4")]
    pub wish: Option<members_request::Wish>,
}

pub mod members_request {
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Update {
        #[prost(uint64, tag = "1")]
        pub id: u64,
        /// `host:port`.
        #[prost(string, tag = "2")]
        pub peer: String,
    }

    #[derive(Clone, PartialEq, prost::Oneof)]
    pub enum Wish {
        #[prost(uint64, tag = "2")]
        Promote(u64),
        #[prost(uint64, tag = "3")]
        Remove(u64),
        #[prost(message, tag = "4")]
        Update(Update),
    }
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct MembersResponse {
    /// All of them, after the change.
    #[prost(message, repeated, tag = "1")]
    pub members: Vec<mesoform_etcd::pb::Member>,
}

#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct LogId {
    #[prost(uint64, tag = "1")]
    pub term: u64,
    #[prost(uint64, tag = "2")]
    pub node_id: u64,
    #[prost(uint64, tag = "3")]
    pub index: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct Ballot {
    #[prost(uint64, tag = "1")]
    pub term: u64,
    #[prost(uint64, tag = "2")]
    pub node_id: u64,
    #[prost(bool, tag = "3")]
    pub committed: bool,
}

/// To whom a Raft message goes: an address can have changed hands, a Raft id never does. And of which
/// version it comes.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct Envelope {
    /// The level at which the message is to be read.
    #[prost(uint32, tag = "1")]
    pub protocol: u32,
    /// 0: not known yet.
    #[prost(uint64, tag = "2")]
    pub cluster_id: u64,
    #[prost(uint64, tag = "3")]
    pub target: u64,
    /// The levels that its sender knows; 0 in versions from before there were any.
    #[prost(uint32, tag = "4")]
    pub oldest: u32,
    #[prost(uint32, tag = "5")]
    pub newest: u32,
    /// The cluster's level, as far as its sender has come.
    #[prost(uint32, tag = "6")]
    pub level: u32,
}

impl Envelope {
    pub fn new(mark: Mark, cluster_id: u64, target: u64) -> Self {
        let Mark { protocol, oldest, newest, level } = mark;
        Self { protocol, cluster_id, target, oldest, newest, level }
    }

    /// Which levels its sender knows.
    pub fn levels(&self) -> Levels {
        Levels::heard(self.oldest, self.newest)
    }
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct AppendRequest {
    #[prost(message, optional, tag = "1")]
    pub envelope: Option<Envelope>,
    #[prost(message, optional, tag = "2")]
    pub vote: Option<Ballot>,
    #[prost(message, optional, tag = "3")]
    pub previous: Option<LogId>,
    #[prost(message, repeated, tag = "4")]
    pub entries: Vec<LogEntry>,
    #[prost(message, optional, tag = "5")]
    pub commit: Option<LogId>,
    /// Which members' disks are nearly full: how nearly, by their ids.
    #[prost(btree_map = "uint64, uint32", tag = "6")]
    pub rooms: BTreeMap<u64, u32>,
    /// Stands in the answer too: one that nobody waits for any more is no answer to the next.
    #[prost(uint64, tag = "7")]
    pub call: u64,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct AppendResponse {
    #[prost(enumeration = "AppendOutcome", tag = "1")]
    pub outcome: i32,
    /// How far it got, for `Partial`; nothing: nowhere.
    #[prost(message, optional, tag = "2")]
    pub matching: Option<LogId>,
    /// For `HigherVote`.
    #[prost(message, optional, tag = "3")]
    pub vote: Option<Ballot>,
    /// How nearly the disk of who answers is full; 0: it has room.
    #[prost(uint32, tag = "4")]
    pub room: u32,
    /// The levels that it knows; 0 in versions from before there were any.
    #[prost(uint32, tag = "5")]
    pub oldest: u32,
    #[prost(uint32, tag = "6")]
    pub newest: u32,
    /// That of the request.
    #[prost(uint64, tag = "7")]
    pub call: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub enum AppendOutcome {
    Unknown = 0,
    Success = 1,
    Partial = 2,
    Conflict = 3,
    HigherVote = 4,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct VoteRequest {
    #[prost(message, optional, tag = "1")]
    pub envelope: Option<Envelope>,
    #[prost(message, optional, tag = "2")]
    pub vote: Option<Ballot>,
    #[prost(message, optional, tag = "3")]
    pub last_log: Option<LogId>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct VoteResponse {
    #[prost(message, optional, tag = "1")]
    pub vote: Option<Ballot>,
    #[prost(bool, tag = "2")]
    pub granted: bool,
    #[prost(message, optional, tag = "3")]
    pub last_log: Option<LogId>,
}

/// The first chunk carries the envelope, the vote and what the snapshot holds; the rest bytes.
#[derive(Clone, PartialEq, prost::Message)]
pub struct SnapshotChunk {
    #[prost(message, optional, tag = "1")]
    pub envelope: Option<Envelope>,
    #[prost(message, optional, tag = "2")]
    pub vote: Option<Ballot>,
    /// openraft's `SnapshotMeta` as JSON.
    #[prost(bytes = "bytes", tag = "3")]
    pub meta: Bytes,
    #[prost(bytes = "bytes", tag = "4")]
    pub data: Bytes,
    /// The sender came to the end; a stream that merely ends was cut.
    #[prost(bool, tag = "5")]
    pub done: bool,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct SnapshotResponse {
    #[prost(message, optional, tag = "1")]
    pub vote: Option<Ballot>,
}

/// Commands for the leader from a voter that does not lead.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ForwardRequest {
    #[prost(message, optional, tag = "1")]
    pub envelope: Option<Envelope>,
    #[prost(message, repeated, tag = "2")]
    pub commands: Vec<Command>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct ForwardResponse {
    #[prost(message, repeated, tag = "1")]
    pub replies: Vec<Reply>,
    /// Nothing was proposed: this voter does not lead (any more).
    #[prost(bool, tag = "2")]
    pub not_leader: bool,
    #[prost(uint64, tag = "3")]
    pub term: u64,
    /// Where in the log they are; 0: a voter of an older version does not say.
    #[prost(uint64, tag = "4")]
    pub index: u64,
}

/// The leader hands over to the voter of this vote: the receiver stands if it is that one, and else
/// gives it its promise.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct GiveWayRequest {
    #[prost(message, optional, tag = "1")]
    pub envelope: Option<Envelope>,
    #[prost(message, optional, tag = "2")]
    pub vote: Option<Ballot>,
}

#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct GiveWayResponse {}

/// Which log index must be applied before a read is linearizable?
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct ReadIndexRequest {
    #[prost(message, optional, tag = "1")]
    pub envelope: Option<Envelope>,
}

#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct ReadIndexResponse {
    #[prost(bool, tag = "1")]
    pub not_leader: bool,
    #[prost(uint64, tag = "2")]
    pub index: u64,
}

/// Renews leases, or asks how long they still have.
#[derive(Clone, PartialEq, prost::Message)]
pub struct RenewRequest {
    #[prost(message, optional, tag = "1")]
    pub envelope: Option<Envelope>,
    #[prost(int64, tag = "2")]
    pub lease: i64,
    /// Only look.
    #[prost(bool, tag = "3")]
    pub peek: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct RenewResponse {
    #[prost(bool, tag = "1")]
    pub not_leader: bool,
    /// Milliseconds left; 0: it has run out, or (with `granted` 0 too) there is no such lease.
    #[prost(uint64, tag = "2")]
    pub left_ms: u64,
    /// Seconds, as granted.
    #[prost(int64, tag = "3")]
    pub granted: i64,
}
