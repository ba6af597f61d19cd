use super::config::{min_ttl, open_log, open_state, raft_config, raft_error};
use super::port::serve_port;
use crate::api::{Api, Headers, READERS};
use crate::bootstrap::{self, Introducer};
use crate::compactor;
use crate::data_dir::DataDir;
use crate::error::{QuorumError, Result};
use crate::leadership::Leadership;
use crate::lease::{LeaseClock, Leases};
use crate::machine::Machine;
use crate::members::Members;
use crate::peer::{Directory, Links, Network, PeerService, Pulse};
use crate::propose::Proposer;
use crate::raft::Raft;
use crate::read::ReadIndex;
use crate::tuning::Tuning;
use crate::wire::PeerServer;
use mesoform_identity::{Clients, Identity, Role};
use mesoform_notify::Notifier;
use mesoform_settings::QuorumSettings;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
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
    pub raft: Raft,
    pub status: Notifier,
    pub introducer: Introducer,
    peer: PeerService,
    api: Api,
}

impl Assembly {
    /// Opens the data and starts Raft; nobody is served yet.
    pub async fn start(
        settings: Arc<QuorumSettings>,
        tuning: &Tuning,
        identity: &Identity,
        shutdown: &CancellationToken,
    ) -> Result<Self> {
        if !settings.voters.iter().any(|voter| voter.slot == settings.slot) {
            return Err(QuorumError::NoSuchSlot { slot: settings.slot });
        }
        let mut data_dir = DataDir::open(&settings.data_dir, &settings.cluster)?;
        let node_id = data_dir.node_id();
        let links = Arc::new(Links::new(identity)?);
        let directory = Directory::new(&settings, data_dir.cluster_id());
        let clock = LeaseClock::default();
        let (state, hub) = open_state(&data_dir, tuning, clock.clone())?;
        let mut log = open_log(&data_dir, tuning, &state)?;
        data_dir.remember_databases()?;
        log.relax_vote(node_id).await.map_err(raft_error)?;
        let pulse = Pulse::default();
        let network =
            Network { links: links.clone(), directory: directory.clone(), pulse: pulse.clone() };
        let machine = Machine::new(state.clone(), data_dir.path().to_owned());
        let config = Arc::new(raft_config(&settings, tuning)?);
        let raft =
            Raft::new(node_id, config, network, log.clone(), machine).await.map_err(raft_error)?;

        let patience = Duration::from_millis(settings.election_timeout_ms * 2);
        let leadership = Leadership::new(&raft, node_id, patience);
        let headers = Headers {
            member_id: node_id,
            directory: directory.clone(),
            leadership: leadership.clone(),
        };
        let proposer =
            Proposer::start(raft.clone(), leadership.clone(), links.clone(), directory.clone());
        let read_index = ReadIndex::start(
            raft.clone(),
            leadership.clone(),
            links.clone(),
            directory.clone(),
            state.clone(),
        );
        let leases = Leases {
            clock,
            state: state.clone(),
            proposer: proposer.clone(),
            read_index: read_index.clone(),
            leadership: leadership.clone(),
            links: links.clone(),
            directory: directory.clone(),
        };
        let members = Members {
            me: node_id,
            raft: raft.clone(),
            leadership: leadership.clone(),
            links: links.clone(),
            directory: directory.clone(),
            pulse,
            busy: Arc::default(),
        };
        let introducer = Introducer {
            data_dir: Arc::new(Mutex::new(data_dir)),
            log,
            leadership: leadership.clone(),
            links,
            directory: directory.clone(),
            settings: settings.clone(),
            bell: Arc::default(),
        };
        let peer = PeerService {
            node_id,
            raft: raft.clone(),
            introducer: introducer.clone(),
            members: members.clone(),
            proposer: proposer.clone(),
            read_index: read_index.clone(),
            leases: leases.clone(),
        };
        let api = Api {
            state,
            hub,
            headers,
            leadership,
            proposer,
            read_index,
            leases,
            members,
            min_ttl: min_ttl(&settings),
            shutdown: shutdown.clone(),
        };
        Ok(Self { raft, status: Notifier::default(), introducer, peer, api })
    }

    /// Serves both ports in `servers`, and does what a voter does by itself in `chores`.
    pub fn serve(
        self,
        servers: &mut JoinSet<Result<()>>,
        chores: &mut JoinSet<Result<()>>,
        identity: &Identity,
        ports: Ports,
        shutdown: &CancellationToken,
    ) -> Result<()> {
        let api = self.api;
        let peers = Routes::new(PeerServer::new(self.peer).max_decoding_message_size(MAX_MESSAGE));
        let tls = TlsAcceptor::from(identity.server_config(Clients::Required, &[b"h2"])?);
        let cluster = identity.cluster();
        let shutdown = shutdown.clone();
        let serve = |port, roles, routes| {
            serve_port(port, tls.clone(), cluster.to_owned(), roles, routes, shutdown.clone())
        };
        servers.spawn(serve(ports.peer, &[Role::Quorum], peers));
        servers.spawn(serve(ports.client, READERS, api.routes()));
        chores.spawn(endless(api.leases.clone().keep()));
        chores.spawn(endless(compactor::run(api.state, api.leadership, api.proposer)));
        chores.spawn(endless(bootstrap::report(
            self.introducer.clone(),
            api.read_index,
            self.status.clone(),
        )));
        let formed = bootstrap::form(self.introducer, self.raft, self.status);
        chores.spawn(async move {
            formed.await?;
            std::future::pending().await
        });
        Ok(())
    }
}

async fn endless(task: impl Future<Output = ()>) -> Result<()> {
    task.await;
    Ok(())
}
