//! What the voters' data directories hold, whether or not a voter runs on them.

use super::membership;
use crate::report::{QuorumView, quorum_views};
use crate::run::{HostRun, Run, Stop};
use crate::{Places, Service};
use futures::{StreamExt, TryStreamExt};
use mesoform_plan::{Interest, Look, Observed, parse_probe, probe_script};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

/// The data of a quorum that a voter has.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Holding {
    /// The quorum's id, in hexadecimal; none where the data do not say it.
    pub quorum: Option<String>,
    /// How far they reach; none where no voter says it.
    pub reach: Option<Reach>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reach {
    pub revision: i64,
    pub log_index: u64,
}

impl Holding {
    /// Whether there is something in it that `other` has not; none where that is not known. Whose log ends
    /// later may have applied less of it, and who has applied more may have the shorter log: each of the two
    /// has what the other may not have.
    pub fn has_more_than(&self, other: &Self) -> Option<bool> {
        let (own, other_reach) = (self.reach?, other.reach?);
        let same = self.quorum.is_some() && self.quorum == other.quorum;
        let more = own.revision > other_reach.revision || own.log_index > other_reach.log_index;
        same.then_some(more)
    }

    /// The same in words, with the end of its log.
    pub fn in_full(&self) -> String {
        match &self.reach {
            Some(reach) => format!("{self}, log up to {}", reach.log_index),
            None => self.to_string(),
        }
    }
}

impl fmt::Display for Holding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.quorum {
            Some(quorum) => write!(f, "quorum {quorum}")?,
            None => f.write_str("data that do not say whose they are")?,
        }
        match &self.reach {
            Some(Reach { revision, .. }) => write!(f, " at revision {revision}"),
            None => f.write_str(", its voter does not answer"),
        }
    }
}

impl From<&QuorumView> for Holding {
    fn from(view: &QuorumView) -> Self {
        let reach = Reach { revision: view.revision, log_index: view.raft_index };
        let quorum = (view.cluster_id != 0).then(|| format!("{:x}", view.cluster_id));
        Self { quorum, reach: Some(reach) }
    }
}

/// What the voters that can be reached have, by host: those without data of a quorum are not in it.
pub(super) async fn look(run: &mut Run) -> Result<BTreeMap<String, Holding>, Stop> {
    let reports = membership::ask_voters(run).await;
    let script = probe_script(&interest(&data_dir()));
    let voters = run.hosts.iter().filter(|host| is_voter(host));
    let looks = voters.map(|host| async {
        let found = look_at(host, &script).await.map_err(|stop| stop.on(&host.spec.name))?;
        Ok::<_, Stop>((host.spec.name.clone(), found))
    });
    let looks = futures::stream::iter(looks).buffer_unordered(run.options.forks);
    let found: BTreeMap<String, Option<Holding>> = looks.try_collect().await?;
    let running: BTreeMap<&String, &QuorumView> = quorum_views(&reports).collect();
    let known = |host: String, lies: Option<Holding>| match running.get(&host) {
        // It may have heard of a quorum and have nothing of it.
        Some(view) => (view.raft_index > 0).then(|| (host, Holding::from(*view))),
        None => Some((host, lies?)),
    };
    Ok(found.into_iter().filter_map(|(host, lies)| known(host, lies)).collect())
}

/// Refuses names that are no voters'.
pub(super) fn are_voters<'n>(
    run: &Run,
    names: impl IntoIterator<Item = &'n str>,
) -> Result<(), Stop> {
    let voters = run.spec.voters();
    let is_voter = |name: &&str| voters.iter().any(|voter| voter.name == *name);
    let Some(stranger) = names.into_iter().find(|name| !is_voter(name)) else { return Ok(()) };
    let names: Vec<&str> = voters.iter().map(|voter| voter.name.as_str()).collect();
    Err(Stop::Refused(format!(
        "{stranger} is no voter in the inventory; the voters are {}",
        names.join(", ")
    )))
}

/// One that can be reached.
pub(super) fn is_voter(host: &HostRun) -> bool {
    host.failure.is_none() && host.spec.runs(Service::Quorum)
}

async fn look_at(host: &HostRun, script: &str) -> Result<Option<Holding>, Stop> {
    let output = host.connection()?.exec_as_root("sh -s", script.as_bytes()).await?;
    let text = String::from_utf8_lossy(&output.stdout);
    let (_, observed) = parse_probe(&text)
        .map_err(|e| Stop::Failed(format!("its voter's data cannot be looked at: {e}")))?;
    Ok(lies(&data_dir(), &observed))
}

fn data_dir() -> PathBuf {
    Places::system().var.join(Service::Quorum.to_string())
}

/// The files of a voter, as the crate `quorum` names them; `.begun` is a voter's data of which not all
/// lie in their place yet.
const RECORD: &str = "voter.json";
const REST: [&str; 3] = ["state.redb", "log.redb", ".begun"];

fn interest(dir: &Path) -> Interest {
    let mut interest = Interest::default();
    // The content, whatever it is.
    interest.look(&dir.join(RECORD), Look::Text { wanted: String::new() });
    REST.iter().for_each(|name| interest.look(&dir.join(name), Look::Stat));
    interest
}

/// What lies there; a voter that has never been in a quorum has nothing. One that has only heard of a
/// quorum looks as if it had something of it: to leave that alone does no harm.
fn lies(dir: &Path, observed: &Observed) -> Option<Holding> {
    #[derive(Deserialize)]
    struct Record {
        #[serde(default)]
        cluster_id: u64,
    }
    let found = |name: &str| observed.paths.get(&dir.join(name));
    let begun = found(".begun").is_some();
    let text = found(RECORD).and_then(|file| file.text.as_deref());
    match text.and_then(|text| serde_json::from_str::<Record>(text).ok()) {
        Some(Record { cluster_id: 0 }) if !begun => None,
        Some(Record { cluster_id }) if !begun => {
            Some(Holding { quorum: Some(format!("{cluster_id:x}")), reach: None })
        }
        _ => {
            let any = found(RECORD).is_some() || REST.iter().any(|name| found(name).is_some());
            any.then(Holding::default)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the operator's machine sees a folder of its own.
    fn look(dir: &Path) -> Option<Holding> {
        let script = probe_script(&interest(dir));
        let mut sh = std::process::Command::new("sh");
        sh.arg("-s").stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
        let mut child = sh.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        std::io::Write::write_all(&mut stdin, script.as_bytes()).unwrap();
        drop(stdin);
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        lies(dir, &parse_probe(&text).unwrap().1)
    }

    #[test]
    fn what_lies_there_is_found_without_a_voter() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path();
        assert_eq!(look(&path.join("none")), None);
        assert_eq!(look(path), None);
        let record = |text: &str| std::fs::write(path.join(RECORD), text).unwrap();
        record(r#"{"format": 1, "cluster": "c", "node_id": 5, "cluster_id": 0}"#);
        assert_eq!(look(path), None, "it has never been in a quorum");
        record(
            r#"{"format": 1, "cluster": "c", "node_id": 5, "cluster_id": 18446744073709551615}"#,
        );
        let found = look(path).unwrap();
        assert_eq!(found.to_string(), "quorum ffffffffffffffff, its voter does not answer");
        // What cannot be understood may be anything.
        let unknown = "data that do not say whose they are, its voter does not answer";
        record("{");
        assert_eq!(look(path).unwrap().to_string(), unknown);
        std::fs::remove_file(path.join(RECORD)).unwrap();
        std::fs::write(path.join("log.redb"), "").unwrap();
        assert_eq!(look(path).unwrap().to_string(), unknown);
        std::fs::remove_file(path.join("log.redb")).unwrap();
        std::fs::create_dir(path.join(".begun")).unwrap();
        assert_eq!(look(path).unwrap().to_string(), unknown);
    }

    #[test]
    fn a_voter_that_runs_says_more() {
        let view =
            QuorumView { cluster_id: 0x1a, revision: 7, raft_index: 9, ..QuorumView::default() };
        assert_eq!(Holding::from(&view).to_string(), "quorum 1a at revision 7");
    }
}
