use crate::audience::Audience;
use crate::data_dir::DataDir;
use crate::error::{QuorumError, Result};
use crate::lease::LeaseClock;
use crate::levels::Ladder;
use crate::log::{Cover, LogStore};
use crate::machine::State;
use crate::tuning::Tuning;
use crate::watch::Hub;
use mesoform_settings::QuorumSettings;
use openraft::{Config, SnapshotPolicy};
use std::sync::Arc;
use std::time::Duration;

/// The state, and the hub that it tells of changes.
pub fn open_state(
    data_dir: &DataDir,
    tuning: &Tuning,
    clock: LeaseClock,
    ladder: Ladder,
) -> Result<(Arc<State>, Arc<Hub>)> {
    let hub = Arc::new(Hub::new(0));
    let audience = Arc::new(Audience { hub: hub.clone(), clock });
    let state = State::open_on(&data_dir.state(), tuning.state_cache, audience, ladder)?;
    state.claim(&data_dir.owner())?;
    hub.reset(state.now().revision);
    Ok((Arc::new(state), hub))
}

/// The log, which goes on from the state.
pub async fn open_log(data_dir: &DataDir, tuning: &Tuning, state: &State) -> Result<LogStore> {
    let path = data_dir.log();
    let mut log = LogStore::open(&path, tuning.log_cache)?;
    log.claim(&path, &data_dir.owner())?;
    log.join(&path, state.now().applied).await?;
    log.follow(Cover { progress: state.progress(), broken: state.broken() });
    log.run_ahead(data_dir.node_id());
    Ok(log)
}

pub fn raft_config(settings: &QuorumSettings, tuning: &Tuning) -> Result<Config> {
    let (shorter, longer) = election_times(settings);
    let config = Config {
        cluster_name: settings.cluster.clone(),
        heartbeat_interval: settings.heartbeat_ms,
        election_timeout_min: shorter,
        election_timeout_max: longer,
        max_payload_entries: 256,
        snapshot_policy: SnapshotPolicy::LogsSinceLast(tuning.entries_to_snapshot),
        max_in_snapshot_log_to_keep: tuning.entries_to_keep,
        ..Config::default()
    };
    #[cfg(test)]
    let config = crate::simulation::without_chance(config);
    config
        .validate()
        .map_err(|e| QuorumError::Settings { what: "Raft's times", cause: e.to_string() })
}

/// In milliseconds. For the longer time a voter that has heard its leader votes for nobody else; then
/// openraft lets a random time between the two pass before it stands itself. Together that is from
/// once to one and a half times what the settings say; etcd takes up to twice as long.
fn election_times(settings: &QuorumSettings) -> (u64, u64) {
    let all = settings.election_timeout_ms;
    let shorter = (all / 4).max(settings.heartbeat_ms + 1);
    (shorter, all.saturating_sub(shorter))
}

/// The shortest TTL of a lease: twice the longest that an election takes to begin, in whole seconds.
pub fn min_ttl(settings: &QuorumSettings) -> Duration {
    Duration::from_secs((settings.election_timeout_ms * 3).div_ceil(1000).max(1))
}

pub fn raft_error(error: impl std::fmt::Display) -> QuorumError {
    QuorumError::Raft { cause: error.to_string() }
}
