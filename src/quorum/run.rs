use crate::api::{Api, Headers, READERS};
use crate::bootstrap::{self, Introducer, Members};
use crate::compactor;
use crate::data_dir::DataDir;
use crate::error::{QuorumError, Result};
use crate::leadership::Leadership;
use crate::lease::{LeaseClock, Leases};
use crate::listener::Audience;
use crate::log::LogStore;
use crate::machine::{Machine, State};
use crate::peer::{Directory, Links, Network, PeerService};
use crate::propose::Proposer;
use crate::raft::Raft;
use crate::read::ReadIndex;
use crate::serve::{incoming, listen};
use crate::status::Status;
use crate::tuning::Tuning;
use crate::watch::Hub;
use crate::wire::PeerServer;
use mesoform_identity::{Clients, Identity, Role};
use mesoform_settings::QuorumSettings;
use openraft::{Config, SnapshotPolicy};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tonic::transport::Server;

/// For requests under way when the service is to end.
const GRACE: Duration = Duration::from_secs(2);
/// Lost clients are noticed after twice this.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// Runs one voter until `shutdown`.
///
/// # Errors
/// It could not start, or its storage failed. Then the process must end: started again it finds
/// all that was acknowledged.
pub async fn run(settings: QuorumSettings, shutdown: CancellationToken) -> Result<()> {
    let peer_port = listen(settings.listen_peer)?;
    let client_port = listen(settings.listen_client)?;
    serve(settings, Tuning::default(), peer_port, client_port, shutdown).await
}

/// As [`run`], on ports that are bound already, and with other sizes.
///
/// # Errors
/// As [`run`].
pub async fn serve(
    settings: QuorumSettings,
    tuning: Tuning,
    peer_port: TcpListener,
    client_port: TcpListener,
    shutdown: CancellationToken,
) -> Result<()> {
    let identity = load_identity(&settings)?;
    let voter = Assembly::start(Arc::new(settings), &tuning, &identity).await?;
    let status = voter.status.clone();
    let raft = voter.raft.clone();
    let stopped = voter.introducer.leadership.clone().stopped();
    // Everything this voter does ends with this set.
    let mut tasks = JoinSet::new();
    voter.serve(&mut tasks, &identity, peer_port, client_port, &shutdown)?;
    let result = tokio::select! {
        () = shutdown.cancelled() => Ok(()),
        cause = stopped => Err(QuorumError::Raft { cause }),
        Some(ended) = tasks.join_next() => ended.unwrap_or_else(|e| {
            Err(QuorumError::Raft { cause: format!("a task failed: {e}") })
        }),
    };
    status.stopping();
    shutdown.cancel();
    let end = async { while tasks.join_next().await.is_some() {} };
    // Watches never end by themselves.
    let _ = tokio::time::timeout(GRACE, end).await;
    tasks.shutdown().await;
    // It only fails where its task panicked, and then it has ended too.
    let _ = raft.shutdown().await;
    result
}

fn load_identity(settings: &QuorumSettings) -> Result<Identity> {
    let identity = Identity::load(&settings.pki)?;
    if identity.role() != Role::Quorum || identity.cluster() != settings.cluster {
        return Err(QuorumError::WrongIdentity {
            found: identity.role().to_string(),
            cluster: identity.cluster().to_owned(),
            wanted: settings.cluster.clone(),
        });
    }
    Ok(identity)
}

/// All parts of a voter, put together.
struct Assembly {
    raft: Raft,
    status: Status,
    introducer: Introducer,
    peer: PeerService,
    api: Api,
}

impl Assembly {
    async fn start(
        settings: Arc<QuorumSettings>,
        tuning: &Tuning,
        identity: &Identity,
    ) -> Result<Self> {
        if !settings.voters.iter().any(|voter| voter.slot == settings.slot) {
            return Err(QuorumError::NoSuchSlot { slot: settings.slot });
        }
        let data_dir = DataDir::open(&settings.data_dir, &settings.cluster)?;
        let node_id = data_dir.node_id();
        let links = Arc::new(Links::new(identity)?);
        let directory = Directory::new(&settings, data_dir.cluster_id());
        let clock = LeaseClock::default();
        let (state, hub) = open_state(&data_dir, tuning, clock.clone())?;
        let mut log = LogStore::open(&data_dir.path().join("log.redb"), tuning.log_cache)?;
        log.relax_vote(node_id).await.map_err(raft_error)?;
        let network = Network { links: links.clone(), directory: directory.clone() };
        let machine = Machine::new(state.clone(), data_dir.path().to_owned());
        let config = Arc::new(raft_config(&settings, tuning)?);
        let raft =
            Raft::new(node_id, config, network, log.clone(), machine).await.map_err(raft_error)?;

        let patience = Duration::from_millis(settings.election_timeout_ms * 2);
        let leadership = Leadership::new(&raft, node_id, patience);
        let headers =
            Headers { member_id: node_id, directory: directory.clone(), leadership: leadership.clone() };
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
            members: Members::new(raft.clone(), leadership.clone()),
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
            min_ttl: min_ttl(&settings),
        };
        Ok(Self { raft, status: Status::default(), introducer, peer, api })
    }

    fn serve(
        self,
        tasks: &mut JoinSet<Result<()>>,
        identity: &Identity,
        peer_port: TcpListener,
        client_port: TcpListener,
        shutdown: &CancellationToken,
    ) -> Result<()> {
        let api = self.api;
        let peers = Routes::new(PeerServer::new(self.peer).max_decoding_message_size(32 << 20));
        let tls = TlsAcceptor::from(identity.server_config(Clients::Required, &[b"h2"])?);
        let cluster = identity.cluster();
        let shutdown = shutdown.clone();
        let serve = |port, roles, routes| {
            serve_port(port, tls.clone(), cluster.to_owned(), roles, routes, shutdown.clone())
        };
        tasks.spawn(serve(peer_port, &[Role::Quorum], peers));
        tasks.spawn(serve(client_port, READERS, api.routes()));
        tasks.spawn(endless(api.leases.clone().keep()));
        tasks.spawn(endless(compactor::run(api.state, api.leadership, api.proposer)));
        tasks.spawn(endless(bootstrap::report(
            self.introducer.clone(),
            api.read_index,
            self.status.clone(),
        )));
        let formed = bootstrap::form(self.introducer, self.raft, self.status);
        tasks.spawn(async move {
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

fn open_state(
    data_dir: &DataDir,
    tuning: &Tuning,
    clock: LeaseClock,
) -> Result<(Arc<State>, Arc<Hub>)> {
    let hub = Arc::new(Hub::new(0));
    let audience = Arc::new(Audience { hub: hub.clone(), clock });
    let state = State::open(&data_dir.path().join("state.redb"), tuning.state_cache, audience)?;
    hub.reset(state.now().revision);
    Ok((Arc::new(state), hub))
}

fn raft_config(settings: &QuorumSettings, tuning: &Tuning) -> Result<Config> {
    let config = Config {
        cluster_name: settings.cluster.clone(),
        heartbeat_interval: settings.heartbeat_ms,
        // openraft adds a random time between the two to the longer one: together that is from
        // one and a half to two times what the settings say.
        election_timeout_min: settings.election_timeout_ms.div_ceil(2),
        election_timeout_max: settings.election_timeout_ms,
        max_payload_entries: 256,
        snapshot_policy: SnapshotPolicy::LogsSinceLast(tuning.entries_to_snapshot),
        max_in_snapshot_log_to_keep: tuning.entries_to_keep,
        ..Config::default()
    };
    config
        .validate()
        .map_err(|e| QuorumError::Settings { what: "Raft's times", cause: e.to_string() })
}

/// One and a half times the longest that an election takes to begin, in whole seconds.
fn min_ttl(settings: &QuorumSettings) -> Duration {
    Duration::from_secs((settings.election_timeout_ms * 3).div_ceil(1000).max(1))
}

fn raft_error(error: impl std::fmt::Display) -> QuorumError {
    QuorumError::Raft { cause: error.to_string() }
}

async fn serve_port(
    port: TcpListener,
    tls: TlsAcceptor,
    cluster: String,
    roles: &'static [Role],
    routes: Routes,
    shutdown: CancellationToken,
) -> Result<()> {
    let address = port
        .local_addr()
        .map_err(|e| QuorumError::Settings { what: "a port", cause: e.to_string() })?;
    Server::builder()
        .http2_keepalive_interval(Some(KEEP_ALIVE))
        .http2_keepalive_timeout(Some(KEEP_ALIVE))
        .initial_stream_window_size(2 << 20)
        .initial_connection_window_size(8 << 20)
        .max_concurrent_streams(16_384)
        .add_routes(routes)
        .serve_with_incoming_shutdown(incoming(port, tls, cluster, roles), shutdown.cancelled())
        .await
        .map_err(|e| QuorumError::Serve { address, cause: e.to_string() })
}
