//! The etcd v3 API on the client port, one file per service.

mod access;
mod cluster;
mod election;
mod errors;
mod headers;
mod http;
mod kv;
mod lease;
mod lock;
mod maintenance;
mod snapshot;
mod transaction;
mod waiting;
mod watch;

pub use access::READERS;
pub use errors::TOO_MANY;
pub use headers::Headers;

use crate::handover::HandOver;
use crate::leadership::Leadership;
use crate::lease::Leases;
use crate::log::LogStore;
use crate::machine::State;
use crate::members::Members;
use crate::propose::Proposer;
use crate::read_index::ReadIndex;
use crate::space::Alarms;
use crate::watch::Hub;
use mesoform_etcd::server::{
    ClusterServer, ElectionServer, KvServer, LeaseServer, LockServer, MaintenanceServer,
    WatchServer,
};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;

/// The version of etcd's API that is spoken here; clients choose by it what to ask for.
const API_VERSION: &str = "3.5.0";
/// What a client may send at once. etcd's limit is on the request itself and has its own message.
const MAX_MESSAGE: usize = 16 * 1024 * 1024;

/// The API; each service has a clone.
#[derive(Clone)]
pub struct Api {
    /// The cluster's name.
    pub cluster: String,
    pub state: Arc<State>,
    pub hub: Arc<Hub>,
    pub log: LogStore,
    pub headers: Headers,
    pub leadership: Leadership,
    pub proposer: Proposer,
    pub read_index: ReadIndex,
    pub leases: Leases,
    pub members: Members,
    pub hand_over: HandOver,
    /// Whose disks are nearly full.
    pub alarms: Alarms,
    /// Shorter TTLs are raised to it: a lease must outlive a change of leaders.
    pub min_ttl: Duration,
    /// How often watches that want to hear of progress do.
    pub progress: Duration,
    pub shutdown: CancellationToken,
}

impl Api {
    /// All services, and what is served beside them.
    pub fn routes(&self) -> Routes {
        let grpc = Routes::new(KvServer::new(self.clone()).max_decoding_message_size(MAX_MESSAGE))
            .add_service(WatchServer::new(self.clone()))
            .add_service(LeaseServer::new(self.clone()))
            .add_service(ClusterServer::new(self.clone()))
            .add_service(MaintenanceServer::new(self.clone()))
            .add_service(ElectionServer::new(self.clone()))
            .add_service(LockServer::new(self.clone()));
        Routes::from(self.http(grpc.into_axum_router()))
    }
}
