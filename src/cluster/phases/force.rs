//! A new quorum from one voter of an old one whose majority is lost for good.

use super::membership::ask_voters;
use super::rebuild::{Source, begin_again};
use super::{apply, connect, preflight, restart};
use crate::report::{QuorumView, View};
use crate::run::{Run, Stop, Summary};
use crate::{Reports, Service};

/// What is known before a quorum is begun anew.
#[derive(Debug, Clone)]
pub struct Forcing {
    pub host: String,
    /// What the host's voter has: none where it does not answer.
    pub has: Option<Position>,
    /// What others have, by host.
    pub others: Vec<(String, Position)>,
    /// The voters that do not answer.
    pub silent: Vec<String>,
}

/// How far a voter's data reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    pub revision: i64,
    pub log_index: u64,
}

impl From<&QuorumView> for Position {
    fn from(view: &QuorumView) -> Self {
        Self { revision: view.revision, log_index: view.raft_index }
    }
}

/// Rewrites the membership of the quorum to `host`'s voter alone, under new ids; the other voters that
/// can be reached begin anew and join it. `agree` is told what is known, and may refuse.
///
/// # Errors
/// The quorum has consensus, `host` is no voter or cannot be reached, `agree` refused, or a host failed.
pub async fn force_new_cluster(
    run: &mut Run,
    host: &str,
    agree: impl AsyncFnOnce(&Forcing) -> bool,
) -> Result<Summary, Stop> {
    run.spec
        .own_quorum("etcd's `--force-new-cluster` and `etcdctl snapshot restore` do that there")?;
    if !run.spec.voters().iter().any(|voter| voter.name == host) {
        return Err(Stop::Refused(format!("{host} is no voter in the inventory")));
    }
    run.phase("connect", "Connect and look", connect::look_at_all_for_restart).await?;
    preflight::ours(run).await?;
    let forcing = forcing(run, host).await?;
    if !agree(&forcing).await {
        return Err(Stop::Refused("nothing was changed".into()));
    }
    run.phase("lock", "Lock the hosts", restart::open_and_lock).await?;
    run.phase("force", "Begin again from one voter", async |run: &mut Run| {
        begin_again(run, host, Source::Own, true).await
    })
    .await?;
    apply::unlock(run).await;
    run.end()
}

async fn forcing(run: &mut Run, host: &str) -> Result<Forcing, Stop> {
    let reports = ask_voters(run).await;
    let view = |name: &str| view(&reports, name);
    let voters: Vec<String> = run.spec.voters().iter().map(|v| v.name.clone()).collect();
    let all = || voters.iter().filter_map(|name| view(name));
    if let Some(led) = voters.iter().find(|name| view(name).is_some_and(|v| v.is_led(all()))) {
        return Err(Stop::Refused(format!(
            "the quorum has consensus (ask {led}): nothing needs to be forced; `mesoform up` replaces \
             voters that lost their data"
        )));
    }
    if !run.hosts.iter().any(|h| h.spec.name == host && h.failure.is_none()) {
        return Err(Stop::Unreachable(format!("{host} cannot be reached")));
    }
    let others = voters.iter().filter(|name| *name != host);
    let others = others.filter_map(|name| Some((name.clone(), view(name)?.into())));
    let silent = voters.iter().filter(|name| *name != host && view(name).is_none());
    Ok(Forcing {
        host: host.to_owned(),
        has: view(host).map(Position::from),
        others: others.collect(),
        silent: silent.cloned().collect(),
    })
}

fn view<'r>(reports: &'r Reports, host: &str) -> Option<&'r QuorumView> {
    match reports.get(host)?.as_ref().ok()?.services.get(&Service::Quorum)?.view.as_ref()? {
        View::Quorum(view) => Some(view),
        _ => None,
    }
}
