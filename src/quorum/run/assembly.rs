use super::foundation::Foundation;
use super::services::{Services, introducer, limit};
use crate::api::{Api, READERS};
use crate::bootstrap::{self, Introducer};
use crate::compactor;
use crate::error::Result;
use crate::handover::{HandOver, heed};
use crate::levels::Raiser;
use crate::log::Limit;
use crate::members::Members;
use crate::peer::{PeerService, Peers};
use crate::port::Port;
use crate::raft::Vote;
use crate::space;
use crate::wire::PeerServer;
use mesoform_identity::{Clients, Identity, Role};
use mesoform_notify::Notifier;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;

/// Far above what one message between voters carries.
const MAX_MESSAGE: usize = 32 << 20;

/// The ports of a voter, bound.
pub struct Ports {
    pub peer: TcpListener,
    pub client: TcpListener,
}

/// All parts of a voter, put together.
pub struct Assembly {
    pub peers: Peers,
    pub status: Notifier,
    pub hand_over: HandOver,
    introducer: Introducer,
    limit: Limit,
    raiser: Raiser,
    members: Members,
    peer: PeerService,
    api: Api,
    higher: mpsc::Receiver<Vote>,
}

impl Assembly {
    /// Puts the services onto a foundation; nobody is served yet. What lasts ends with `ending`.
    pub fn new(foundation: Foundation, ending: &CancellationToken) -> Self {
        let introducer = introducer(&foundation);
        let services = Services::start(&foundation);
        let (hand_over, raiser) = (services.hand_over.clone(), services.raiser.clone());
        let members = services.members.clone();
        let peer = services.for_peers(&foundation, &introducer, ending);
        let api = services.for_clients(&foundation, ending);
        let limit = limit(&foundation);
        let (peers, higher, status) = (foundation.peers, foundation.higher, Notifier::default());
        Self { peers, status, hand_over, introducer, limit, raiser, members, peer, api, higher }
    }

    /// Serves both ports in `servers`, and does what a voter does by itself in `chores`.
    pub fn serve(
        self,
        servers: &mut JoinSet<Result<()>>,
        chores: &mut JoinSet<Result<()>>,
        identity: &Identity,
        ports: Ports,
        ending: &CancellationToken,
    ) -> Result<()> {
        let (peers, clients) = self.routes();
        let cluster = identity.cluster().to_owned();
        let (listener, roles): (_, &[Role]) = (ports.peer, &[Role::Quorum]);
        let tls = TlsAcceptor::from(identity.server_config(Clients::Required, &[b"h2"])?);
        let port = Port { listener, tls, cluster: cluster.clone(), roles, http1: false };
        servers.spawn(port.serve(peers, ending.clone()));
        let (listener, roles) = (ports.client, READERS);
        let alpn: &[&[u8]] = &[b"h2", b"http/1.1"];
        let tls = TlsAcceptor::from(identity.server_config(Clients::Required, alpn)?);
        let port = Port { listener, tls, cluster, roles, http1: true };
        servers.spawn(port.serve(clients, ending.clone()));
        self.work(chores);
        Ok(())
    }

    /// What other voters are served, and what clients are.
    pub fn routes(&self) -> (Routes, Routes) {
        let peers = PeerServer::new(self.peer.clone()).max_decoding_message_size(MAX_MESSAGE);
        (Routes::new(peers), self.api.routes())
    }

    /// Does in `chores` what a voter does by itself.
    pub fn work(self, chores: &mut JoinSet<Result<()>>) {
        let api = self.api;
        chores.spawn(endless(api.leases.clone().keep()));
        chores.spawn(endless(self.limit.keep()));
        chores.spawn(endless(self.members.keep_whole()));
        chores.spawn(endless(self.raiser.keep()));
        chores.spawn(endless(heed(self.higher, self.peers.clone())));
        let for_report = api.state.clone();
        chores.spawn(endless(space::look(
            api.alarms.clone(),
            api.state.clone(),
            api.shutdown.clone(),
        )));
        chores.spawn(endless(compactor::run(api.state, api.leadership, api.proposer)));
        chores.spawn(endless(bootstrap::report(
            self.introducer.clone(),
            api.read_index,
            for_report,
            api.alarms,
            self.status.clone(),
        )));
        let formed = bootstrap::form(self.introducer, self.peers.raft, self.status);
        chores.spawn(async move {
            formed.await?;
            std::future::pending().await
        });
    }
}

async fn endless(task: impl Future<Output = ()>) -> Result<()> {
    task.await;
    Ok(())
}
