//! The types that openraft is run with.

use crate::machine::SnapshotData;
use crate::wire::Replies;
use bytes::Bytes;
use prost::Message;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

openraft::declare_raft_types!(
    /// openraft's type parameters for this service.
    pub Config:
        D = Proposal,
        R = Replies,
        NodeId = u64,
        Node = Member,
        SnapshotData = SnapshotData,
);

pub type Raft = openraft::Raft<Config>;
pub type Entry = openraft::Entry<Config>;
pub type LogId = openraft::LogId<u64>;
pub type Vote = openraft::Vote<u64>;
pub type Membership = openraft::StoredMembership<u64, Member>;
pub type SnapshotMeta = openraft::SnapshotMeta<u64, Member>;
pub type StorageError = openraft::StorageError<u64>;

/// A [`crate::wire::Batch`] as [`crate::wire::seal`] encodes it. It stays encoded from where it is proposed to where it is
/// applied, and is shared rather than copied.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Proposal(pub Bytes);

impl Serialize for Proposal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Proposal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(|bytes| Self(bytes.into()))
    }
}

// openraft wants its types to have serde; these only ever travel as protobuf.
impl Serialize for Replies {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.encode_to_vec())
    }
}

impl<'de> Deserialize<'de> for Replies {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = Vec::deserialize(deserializer)?;
        Self::decode(bytes.as_slice()).map_err(D::Error::custom)
    }
}

/// A voter as the membership knows it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Member {
    /// The slot's name in the inventory (`zoo_id`).
    pub slot: u8,
    /// The host's name in the inventory.
    pub name: String,
    /// `host:port` for the other voters.
    pub peer: String,
    /// `host:port` for clients.
    pub client: String,
}
