//! The etcd v3 API on the client port, one file per service.

mod access;
mod cluster;
mod errors;
mod headers;
mod kv;
mod lease;
mod maintenance;
mod watch;

pub use access::READERS;
pub use headers::Headers;

use crate::leadership::Leadership;
use crate::lease::Leases;
use crate::machine::State;
use crate::members::Members;
use crate::propose::Proposer;
use crate::read::ReadIndex;
use crate::watch::Hub;
use mesoform_etcd::server::{ClusterServer, KvServer, LeaseServer, MaintenanceServer, WatchServer};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;

/// What a client may send at once. etcd's limit is on the request itself and has its own message.
const MAX_MESSAGE: usize = 16 * 1024 * 1024;

/// The API; each service has a clone.
#[derive(Clone)]
pub struct Api {
    pub state: Arc<State>,
    pub hub: Arc<Hub>,
    pub headers: Headers,
    pub leadership: Leadership,
    pub proposer: Proposer,
    pub read_index: ReadIndex,
    pub leases: Leases,
    pub members: Members,
    /// Shorter TTLs are raised to it: a lease must outlive a change of leaders.
    pub min_ttl: Duration,
    pub shutdown: CancellationToken,
}

impl Api {
    /// All services.
    pub fn routes(&self) -> Routes {
        Routes::new(KvServer::new(self.clone()).max_decoding_message_size(MAX_MESSAGE))
            .add_service(WatchServer::new(self.clone()))
            .add_service(LeaseServer::new(self.clone()))
            .add_service(ClusterServer::new(self.clone()))
            .add_service(MaintenanceServer::new(self.clone()))
    }
}
