use super::links::Wire;
use super::{Directory, Links};
use crate::leadership::Leadership;
use crate::raft::{Member, Raft};
use crate::wire::{Envelope, PeerClient};
use std::sync::Arc;
use tokio::sync::RwLock;
use tonic::Status;

/// This voter among the others: its Raft, who leads, and how to reach him.
#[derive(Clone)]
pub struct Peers {
    pub me: u64,
    pub raft: Raft,
    pub leadership: Leadership,
    pub links: Arc<Links>,
    pub directory: Directory,
    /// Whoever proposes reads it; while it is written nothing is proposed here.
    pub gate: Arc<RwLock<()>>,
}

impl Peers {
    /// A client of another member. It connects when it is used.
    ///
    /// # Errors
    /// Its address is none.
    pub fn client(&self, member: &Member) -> Result<PeerClient<Wire>, Status> {
        self.links.to(&self.address(member))
    }

    /// Where to try to reach another member now.
    pub fn address(&self, member: &Member) -> String {
        self.links.choose(&self.directory.addresses(member)).to_owned()
    }

    /// The head of a message to the member `id`.
    pub fn envelope(&self, id: u64) -> Option<Envelope> {
        Some(self.directory.envelope(id))
    }
}
