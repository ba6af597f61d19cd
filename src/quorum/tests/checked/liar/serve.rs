use super::Lie;
use crate::kit::Cluster;
use mesoform_coordination::{Coordination, dial};
use mesoform_etcd::pb::RangeResponse;
use mesoform_etcd::server::{KvServer, LeaseServer, MaintenanceServer, WatchServer};
use mesoform_identity::{Clients, Role};
use mesoform_settings::QuorumClientSettings;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio_rustls::TlsAcceptor;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::{Channel, Server};

/// The services, as the honest voter's but for one lie.
#[derive(Clone)]
pub struct Liar {
    pub lie: Lie,
    pub voter: Channel,
    pub memory: Arc<Memory>,
}

#[derive(Default)]
pub struct Memory {
    count: AtomicU64,
    /// What keys were read to be, long ago.
    pub reads: Mutex<HashMap<bytes::Bytes, (u64, RangeResponse)>>,
}

impl Liar {
    /// One in so many times it is time to lie.
    pub fn is_time(&self, lie: Lie, every: u64) -> bool {
        self.lie == lie && self.count() % every == every - 1
    }

    pub fn count(&self) -> u64 {
        self.memory.count.fetch_add(1, Ordering::Relaxed)
    }
}

/// Where it serves; it ends with this value.
pub struct Serving {
    address: SocketAddr,
    task: AbortHandle,
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Serving {
    pub fn channel(&self, cluster: &Cluster) -> Channel {
        dial(&self.address.to_string(), &cluster.identity(Role::Operator)).unwrap()
    }

    pub fn coordination(&self, cluster: &Cluster) -> Coordination {
        let settings = QuorumClientSettings::own(vec![self.address.to_string()]);
        Coordination::connect(&settings, &cluster.identity(Role::Master)).unwrap()
    }
}

/// Serves a liar in front of a cluster's first voter, with a voter's certificate.
pub async fn serve(cluster: &Cluster, lie: Lie) -> Serving {
    let liar = Liar { lie, voter: cluster.channel(0), memory: Arc::default() };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let config = cluster.identity(Role::Quorum).server_config(Clients::Required, &[b"h2"]).unwrap();
    let tls = TlsAcceptor::from(config);
    let (accepted, incoming) = mpsc::channel(16);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = stream.set_nodelay(true);
            let Ok(stream) = tls.accept(stream).await else { continue };
            if accepted.send(Ok::<_, std::io::Error>(stream)).await.is_err() {
                return;
            }
        }
    });
    let server = Server::builder()
        .add_service(KvServer::new(liar.clone()))
        .add_service(WatchServer::new(liar.clone()))
        .add_service(LeaseServer::new(liar.clone()))
        .add_service(MaintenanceServer::new(liar))
        .serve_with_incoming(ReceiverStream::new(incoming));
    let task = tokio::spawn(async move { drop(server.await) });
    Serving { address, task: task.abort_handle() }
}
