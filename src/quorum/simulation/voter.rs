use super::lie::Lie;
use super::network::{Dialler, Port};
use super::power::Power;
use super::world::World;
use crate::error::QuorumError;
use crate::levels::{LevelError, Levels};
use crate::log::LogStore;
use crate::machine::{State, defragment};
use crate::peer::Links;
use crate::port::Caller;
use crate::run::{Assembly, Foundation};
use crate::space::Alarms;
use crate::tuning::Tuning;
use mesoform_checks::{Dice, Way, way};
use mesoform_identity::{Peer, Role};
use mesoform_settings::{PkiPaths, QuorumSettings, Voter as Slot};
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::{Service, StdError, http};
use tower::service_fn;

const CLUSTER: &str = "simulated";

/// Its version is too old for what is on its disk.
#[derive(Debug)]
pub struct Refused;

/// One life of a voter.
pub struct Voter {
    at: usize,
    folder: PathBuf,
    world: Arc<World>,
    power: Power,
    shutdown: CancellationToken,
    chores: JoinSet<crate::error::Result<()>>,
    raft: crate::raft::Raft,
    log: LogStore,
    alarms: Alarms,
    pub state: Arc<State>,
}

impl Voter {
    /// Its life begins, as a version that knows these levels, with what is on its disk; none: the power
    /// failed already.
    ///
    /// # Errors
    /// What is on its disk is at a level that it does not know.
    pub async fn start(
        world: &Arc<World>,
        home: &Path,
        at: usize,
        count: usize,
        levels: Levels,
    ) -> Result<Option<Self>, Refused> {
        let folder = folder(home, at);
        draw_id(world, &folder);
        let settings = Arc::new(settings(world, &folder, at, count));
        let tuning = Tuning { levels, ..tuning() };
        let power = Power::default();
        let shutdown = CancellationToken::new();
        let foundation = loop {
            world.begin(&folder, &power);
            let dialler = Dialler::new(world.clone(), at, power.clone());
            let links = Arc::new(Links::simulated(dialler));
            match Foundation::lay(settings.clone(), tuning.clone(), links).await {
                Ok(foundation) => break foundation,
                // What is left of the life before has not let go yet.
                Err(QuorumError::Locked { .. }) => sleep(Duration::from_millis(1)).await,
                Err(_) if power.is_off() => return Ok(None),
                Err(QuorumError::NewerFormat { .. }) => return Err(Refused),
                Err(error) => panic!("voter {at} does not start: {error}"),
            }
        };
        let (raft, log) = (foundation.peers.raft.clone(), foundation.log.clone());
        let (state, alarms) = (foundation.state.clone(), foundation.alarms.clone());
        let assembly = Assembly::new(foundation, &shutdown);
        let (peers, clients) = assembly.routes();
        let mut chores = JoinSet::new();
        assembly.work(&mut chores);
        for (address, routes) in [(peer_address(at), peers), (client_address(at), clients)] {
            world.network.listen(address, Port { voter: at, power: power.clone(), routes });
        }
        let world = world.clone();
        Ok(Some(Self { at, folder, world, power, shutdown, chores, raft, log, alarms, state }))
    }

    pub fn power(&self) -> &Power {
        &self.power
    }

    /// Its life ends at once.
    pub fn cut_power(mut self) {
        self.power.switch_off();
        self.chores.abort_all();
        self.shutdown.cancel();
        self.world.network.leave(self.at);
        self.world.lose(&self.folder);
        let raft = self.raft;
        // Only so that nothing of it is left; it can do nothing any more.
        tokio::spawn(async move { drop(raft.shutdown().await) });
    }

    /// At which level it says that the cluster is.
    pub fn level(&self) -> u32 {
        self.state.ladder.level()
    }

    /// The level for which it is too old, if it is.
    pub fn outgrown(&self) -> Option<u32> {
        match self.state.ladder.is_outgrown()? {
            LevelError::Outgrown { level, .. } => Some(level),
            other => panic!("{other}"),
        }
    }

    /// It begins to make its data file smaller.
    pub fn defragment(&self) {
        let (state, room) = (self.state.clone(), self.alarms.headroom_to_defragment());
        tokio::spawn(defragment(state, room, self.shutdown.clone()));
    }

    /// Bytes of its log.
    pub fn weight(&self) -> u64 {
        *self.log.weight().borrow()
    }

    /// Its disks are gone; it must have no power any more.
    pub fn wipe(world: &World, home: &Path, at: usize) {
        world.wipe(&folder(home, at));
    }

    /// Whether it votes, and with it just so many.
    pub fn is_one_of(&self, count: usize) -> bool {
        let metrics = self.raft.metrics().borrow().clone();
        let voters: BTreeSet<u64> = metrics.membership_config.membership().voter_ids().collect();
        voters.contains(&metrics.id) && voters.len() == count
    }

    /// Where it stands, for whoever looks for a bug.
    pub fn outlook(&self) -> String {
        let metrics = self.raft.metrics().borrow().clone();
        let (now, read) = (self.state.now(), self.state.read().err());
        let busy = self.state.turn.try_lock().is_err();
        format!("voter {}: {metrics}; its state: {now:?}, taken: {busy}, {read:?}", self.at)
    }

    /// Why its Raft has ended, if it has, though it has power.
    pub fn illness(&self) -> Option<String> {
        let metrics = self.raft.metrics().borrow().clone();
        let ended = metrics.running_state.err().filter(|_| !self.power.is_off());
        ended.map(|fatal| format!("voter {}: {fatal}", self.at))
    }
}

/// The only voter of a world of its own, which serves nobody and does nothing by itself.
pub async fn lay_alone(home: &Path) -> Foundation {
    let world = World::make(Dice::new(1), Lie::Nothing);
    let folder = folder(home, 0);
    draw_id(&world, &folder);
    let settings = Arc::new(settings(&world, &folder, 0, 1));
    let dialler = Dialler::new(world, 0, Power::default());
    let links = Arc::new(Links::simulated(dialler));
    Foundation::lay(settings, Tuning::default(), links).await.unwrap()
}

/// Has the voter of [`lay_alone`] serve the others, which are itself.
pub fn serve_alone(on: Foundation) {
    let peers = Assembly::new(on, &CancellationToken::new()).routes().0;
    let port = Port { voter: 0, power: Power::default(), routes: peers };
    World::here().unwrap().network.listen(peer_address(0), port);
}

/// So that a log is cut every few moments, for its entries or for its bytes.
pub fn tuning() -> Tuning {
    Tuning {
        entries_to_snapshot: 50,
        entries_to_keep: 15,
        bytes_to_snapshot: 16 * 1024,
        bytes_to_keep: 4 * 1024,
        ..Tuning::default()
    }
}

fn folder(home: &Path, at: usize) -> PathBuf {
    home.join(format!("v{at}"))
}

fn peer_address(at: usize) -> String {
    format!("v{at}:2380")
}

fn client_address(at: usize) -> String {
    format!("v{at}:2379")
}

/// Raft's ids come from the dice too.
fn draw_id(world: &World, folder: &Path) {
    let path = folder.join("voter.json");
    if path.exists() {
        return;
    }
    std::fs::create_dir_all(folder).unwrap();
    let id = world.with_dice(|dice| dice.between(1, 1 << 40));
    let record = format!(r#"{{"format": 1, "cluster": "{CLUSTER}", "node_id": {id}}}"#);
    std::fs::write(path, record).unwrap();
}

fn settings(world: &World, folder: &Path, at: usize, count: usize) -> QuorumSettings {
    let slot = |at: usize| Slot {
        slot: u8::try_from(at).unwrap() + 1,
        name: format!("v{at}"),
        peer: peer_address(at),
        client: client_address(at),
    };
    QuorumSettings {
        format: 1,
        cluster: CLUSTER.to_owned(),
        slot: slot(at).slot,
        voters: (0..count).map(slot).collect(),
        listen_client: ([127, 0, 0, 1], 0).into(),
        listen_peer: ([127, 0, 0, 1], 0).into(),
        data_dir: folder.to_owned(),
        pki: PkiPaths::in_dir(folder, "quorum"),
        heartbeat_ms: 60,
        election_timeout_ms: world.with_dice(|dice| dice.between(250, 500)),
    }
}

/// A client's way to a voter, whatever life it is in.
pub fn client_way(world: &Arc<World>, at: usize) -> Way {
    let world = world.clone();
    way(service_fn(move |request| call(world.clone(), at, request)))
}

async fn call(
    world: Arc<World>,
    at: usize,
    request: http::Request<Body>,
) -> Result<http::Response<Body>, StdError> {
    let Some(mut port) = world.network.port(&client_address(at)) else {
        // Nothing was sent: for a client that is the same.
        return Ok(Status::unavailable("etcdserver: no leader").into_http());
    };
    let peer = Peer { cluster: CLUSTER.to_owned(), role: Role::Operator, host: "o".to_owned() };
    let mut request = world.lie.twist(request).await;
    request.extensions_mut().insert(Caller(Arc::new(peer)));
    tokio::select! {
        biased;
        () = port.power.off() => Err(io::Error::other("the connection is lost").into()),
        answer = port.routes.call(request) => Ok(answer?),
    }
}
