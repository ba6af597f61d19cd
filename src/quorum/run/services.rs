use super::config::min_ttl;
use super::foundation::Foundation;
use crate::api::{Api, Headers};
use crate::bootstrap::Introducer;
use crate::handover::HandOver;
use crate::lease::Leases;
use crate::levels::Raiser;
use crate::log::{Brake, Limit};
use crate::members::Members;
use crate::peer::PeerService;
use crate::propose::Proposer;
use crate::read_index::ReadIndex;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Where the log is cut above its limit, nothing is added above so many times the limit.
const BRAKE: u64 = 2;

/// What other voters and clients have done alike.
pub struct Services {
    proposer: Proposer,
    read_index: ReadIndex,
    leases: Leases,
    pub members: Members,
    pub raiser: Raiser,
    pub hand_over: HandOver,
}

impl Services {
    /// Starts those that have a task of their own.
    pub fn start(on: &Foundation) -> Self {
        let most = BRAKE * on.tuning.bytes_to_snapshot;
        let brake = Brake { weight: on.log.weight(), most };
        let proposer = Proposer::start(on.peers.clone(), on.state.clone(), brake);
        let read_index = ReadIndex::start(on.peers.clone(), on.state.clone());
        let leases = Leases {
            clock: on.clock.clone(),
            state: on.state.clone(),
            proposer: proposer.clone(),
            read_index: read_index.clone(),
            peers: on.peers.clone(),
        };
        let (peers, pulse) = (on.peers.clone(), on.pulse.clone());
        let members = Members { peers, pulse, busy: Arc::default() };
        let raiser = Raiser { members: members.clone(), proposer: proposer.clone() };
        let hand_over = HandOver { peers: on.peers.clone(), pulse: on.pulse.clone() };
        Self { proposer, read_index, leases, members, raiser, hand_over }
    }

    /// What answers other voters; what lasts ends with `ending`.
    pub fn for_peers(
        &self,
        on: &Foundation,
        introducer: &Introducer,
        ending: &CancellationToken,
    ) -> PeerService {
        PeerService {
            node_id: on.peers.me,
            raft: on.peers.raft.clone(),
            introducer: introducer.clone(),
            members: self.members.clone(),
            proposer: self.proposer.clone(),
            read_index: self.read_index.clone(),
            leases: self.leases.clone(),
            alarms: on.alarms.clone(),
            ending: ending.clone(),
        }
    }

    /// What answers clients; what lasts ends with `ending`.
    pub fn for_clients(self, on: &Foundation, ending: &CancellationToken) -> Api {
        let headers = Headers {
            member_id: on.peers.me,
            directory: on.peers.directory.clone(),
            leadership: on.peers.leadership.clone(),
        };
        Api {
            cluster: on.settings.cluster.clone(),
            state: on.state.clone(),
            hub: on.hub.clone(),
            log: on.log.clone(),
            headers,
            leadership: on.peers.leadership.clone(),
            proposer: self.proposer,
            read_index: self.read_index,
            leases: self.leases,
            members: self.members,
            hand_over: self.hand_over,
            alarms: on.alarms.clone(),
            min_ttl: min_ttl(&on.settings),
            progress: on.tuning.progress,
            shutdown: ending.clone(),
        }
    }
}

/// Says who this voter is.
pub fn introducer(on: &Foundation) -> Introducer {
    Introducer {
        data_dir: on.data_dir.clone(),
        log: on.log.clone(),
        leadership: on.peers.leadership.clone(),
        links: on.peers.links.clone(),
        directory: on.peers.directory.clone(),
        settings: on.settings.clone(),
        bell: Arc::default(),
    }
}

/// Keeps the log short.
pub fn limit(on: &Foundation) -> Limit {
    Limit {
        raft: on.peers.raft.clone(),
        log: on.log.clone(),
        bytes: on.tuning.bytes_to_snapshot,
        keep: on.tuning.bytes_to_keep,
    }
}
