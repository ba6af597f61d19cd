use mesoform_etcd::pb;

/// One change of the state, as a client asked for it. Whatever is not determined by the state was
/// decided before it was proposed: a lease's id and TTL, that a lease has run out.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Command {
    #[prost(oneof = "command::Kind", tags = "1, 2, 3, 4, 5, 6, 7")]
    pub kind: Option<command::Kind>,
}

pub mod command {
    use mesoform_etcd::pb;

    #[derive(Clone, PartialEq, prost::Oneof)]
    pub enum Kind {
        #[prost(message, tag = "1")]
        Put(pb::PutRequest),
        #[prost(message, tag = "2")]
        DeleteRange(pb::DeleteRangeRequest),
        #[prost(message, tag = "3")]
        Txn(pb::TxnRequest),
        #[prost(message, tag = "4")]
        Compact(pb::CompactionRequest),
        #[prost(message, tag = "5")]
        LeaseGrant(pb::LeaseGrantRequest),
        #[prost(message, tag = "6")]
        LeaseRevoke(pb::LeaseRevokeRequest),
        #[prost(message, tag = "7")]
        Raise(Raise),
    }

    /// Raises the cluster's level. Also its reply: the level then.
    #[derive(Clone, Copy, PartialEq, prost::Message)]
    pub struct Raise {
        #[prost(uint32, tag = "1")]
        pub level: u32,
    }

    impl From<Kind> for super::Command {
        fn from(kind: Kind) -> Self {
            Self { kind: Some(kind) }
        }
    }
}

/// The commands of one log entry: they share one write to disk.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Batch {
    #[prost(message, repeated, tag = "1")]
    pub commands: Vec<Command>,
}

/// What came of a [`Command`].
#[derive(Clone, PartialEq, prost::Message)]
pub struct Reply {
    #[prost(oneof = "reply::Kind", tags = "1, 2, 3, 4, 5, 6, 7, 8")]
    pub kind: Option<reply::Kind>,
}

pub mod reply {
    use super::pb;

    #[derive(Clone, PartialEq, prost::Oneof)]
    pub enum Kind {
        #[prost(message, tag = "1")]
        Put(pb::PutResponse),
        #[prost(message, tag = "2")]
        DeleteRange(pb::DeleteRangeResponse),
        #[prost(message, tag = "3")]
        Txn(pb::TxnResponse),
        #[prost(message, tag = "4")]
        Compact(pb::CompactionResponse),
        #[prost(message, tag = "5")]
        LeaseGrant(pb::LeaseGrantResponse),
        #[prost(message, tag = "6")]
        LeaseRevoke(pb::LeaseRevokeResponse),
        #[prost(enumeration = "super::Refusal", tag = "7")]
        Refused(i32),
        #[prost(message, tag = "8")]
        Raised(super::command::Raise),
    }

    impl From<Kind> for super::Reply {
        fn from(kind: Kind) -> Self {
            Self { kind: Some(kind) }
        }
    }
}

/// The replies to a [`Batch`], in its order.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Replies {
    #[prost(message, repeated, tag = "1")]
    pub replies: Vec<Reply>,
}

/// Why the state does not allow a request. Nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub enum Refusal {
    /// The command came from a newer version and is not understood here.
    Unknown = 0,
    KeyNotFound = 1,
    LeaseNotFound = 2,
    LeaseExists = 3,
    Compacted = 4,
    FutureRevision = 5,
}

impl Refusal {
    pub fn reply(self) -> Reply {
        reply::Kind::Refused(self as i32).into()
    }
}
