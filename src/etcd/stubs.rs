//! What `build.rs` made, sorted into clients and servers.

// The code is tonic's, not ours.
#![allow(clippy::all, clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod generated {
    pub mod kv {
        include!(concat!(env!("OUT_DIR"), "/etcdserverpb.KV.rs"));
    }
    pub mod watch {
        include!(concat!(env!("OUT_DIR"), "/etcdserverpb.Watch.rs"));
    }
    pub mod lease {
        include!(concat!(env!("OUT_DIR"), "/etcdserverpb.Lease.rs"));
    }
    pub mod cluster {
        include!(concat!(env!("OUT_DIR"), "/etcdserverpb.Cluster.rs"));
    }
    pub mod election {
        include!(concat!(env!("OUT_DIR"), "/v3electionpb.Election.rs"));
    }
    pub mod lock {
        include!(concat!(env!("OUT_DIR"), "/v3lockpb.Lock.rs"));
    }
    pub mod maintenance {
        include!(concat!(env!("OUT_DIR"), "/etcdserverpb.Maintenance.rs"));
    }
}

/// Clients of the services, generic over tonic's transport.
pub mod client {
    pub use super::generated::cluster::cluster_client::ClusterClient;
    pub use super::generated::election::election_client::ElectionClient;
    pub use super::generated::kv::k_v_client::KVClient as KvClient;
    pub use super::generated::lease::lease_client::LeaseClient;
    pub use super::generated::lock::lock_client::LockClient;
    pub use super::generated::maintenance::maintenance_client::MaintenanceClient;
    pub use super::generated::watch::watch_client::WatchClient;
}

/// The services as traits to implement, and the tonic servers that carry them.
pub mod server {
    pub use super::generated::cluster::cluster_server::{Cluster, ClusterServer};
    pub use super::generated::election::election_server::{Election, ElectionServer};
    pub use super::generated::kv::k_v_server::{KV as Kv, KVServer as KvServer};
    pub use super::generated::lease::lease_server::{Lease, LeaseServer};
    pub use super::generated::lock::lock_server::{Lock, LockServer};
    pub use super::generated::maintenance::maintenance_server::{Maintenance, MaintenanceServer};
    pub use super::generated::watch::watch_server::{Watch, WatchServer};
}
