//! What `build.rs` made.

// The code is tonic's, not ours.
#![allow(clippy::all, clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod generated {
    include!(concat!(env!("OUT_DIR"), "/mesoform.quorum.Peer.rs"));
}

pub mod client {
    pub use super::generated::peer_client::PeerClient;
}

pub mod server {
    pub use super::generated::peer_server::{Peer, PeerServer};
}
