use super::config::{open_log, open_state, raft_config, raft_error};
use crate::data_dir::DataDir;
use crate::error::{QuorumError, Result};
use crate::leadership::Leadership;
use crate::lease::LeaseClock;
use crate::levels::Ladder;
use crate::log::LogStore;
use crate::machine::{Machine, State};
use crate::peer::{Directory, Links, Network, Peers, Pulse};
use crate::raft::{Raft, Vote};
use crate::space::{Alarms, Reusable};
use crate::tuning::Tuning;
use crate::watch::Hub;
use mesoform_settings::QuorumSettings;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::mpsc;

/// What all services of a voter stand on: its data, and its Raft among the others.
pub struct Foundation {
    pub settings: Arc<QuorumSettings>,
    pub tuning: Tuning,
    pub data_dir: Arc<Mutex<DataDir>>,
    pub state: Arc<State>,
    pub hub: Arc<Hub>,
    pub clock: LeaseClock,
    pub log: LogStore,
    pub pulse: Pulse,
    pub peers: Peers,
    pub alarms: Alarms,
    /// Votes above its own that this voter is answered with.
    pub higher: mpsc::Receiver<Vote>,
}

impl Foundation {
    /// Opens the data and starts Raft.
    ///
    /// # Errors
    /// The data cannot be used.
    pub async fn lay(
        settings: Arc<QuorumSettings>,
        tuning: Tuning,
        links: Arc<Links>,
    ) -> Result<Self> {
        if !settings.voters.iter().any(|voter| voter.slot == settings.slot) {
            return Err(QuorumError::NoSuchSlot { slot: settings.slot });
        }
        let mut data_dir = DataDir::open_as(&settings.data_dir, &settings.cluster, tuning.levels)?;
        let me = data_dir.node_id();
        let clock = LeaseClock::default();
        let ladder = Ladder::new(tuning.levels);
        let (state, hub) = open_state(&data_dir, &tuning, clock.clone(), ladder.clone())?;
        let mut log = open_log(&data_dir, &tuning, &state).await?;
        data_dir.remember_databases()?;
        log.relax_vote().await.map_err(raft_error)?;
        let directory = Directory::new(&settings, data_dir.cluster_id(), ladder.clone());
        let pulse = Pulse::default();
        let alarms = watch_room(&data_dir, &tuning, &state)?;
        let (told, higher) = mpsc::channel(1);
        let network = Network {
            links: links.clone(),
            directory: directory.clone(),
            pulse: pulse.clone(),
            alarms: alarms.clone(),
            log: log.clone(),
            higher: told,
        };
        let folder = data_dir.path().to_owned();
        let data_dir = Arc::new(Mutex::new(data_dir));
        // Raft applies what it finds in the log as soon as it is started.
        ladder.note_in(data_dir.clone())?;
        let machine = Machine::new(state.clone(), folder, alarms.headroom());
        let config = Arc::new(raft_config(&settings, &tuning)?);
        let raft =
            Raft::new(me, config, network, log.clone(), machine).await.map_err(raft_error)?;
        let patience = Duration::from_millis(settings.election_timeout_ms * 2);
        let leadership = Leadership::new(&raft, me, patience);
        let peers = Peers { me, raft, leadership, links, directory, gate: Arc::default() };
        Ok(Self {
            settings,
            tuning,
            data_dir,
            state,
            hub,
            clock,
            log,
            pulse,
            peers,
            alarms,
            higher,
        })
    }
}

fn watch_room(data_dir: &DataDir, tuning: &Tuning, state: &Arc<State>) -> Result<Alarms> {
    let (path, probe) = (data_dir.path().to_owned(), tuning.free_space.clone());
    let (low, state) = (state.disk_is_low.clone(), state.clone());
    let reusable = Reusable::told_by(move || state.reusable());
    Alarms::new(data_dir.node_id(), path.clone(), probe, reusable, low)
        .map_err(|e| QuorumError::DataDir { path, cause: e.to_string() })
}
