//! A quorum that begins again from the data of one voter: what a restore and a forced new cluster have
//! in common.
//!
//! The order is such that a run may end anywhere: first the new data are prepared beside the present ones,
//! then all others' are put aside, then the first voter's. So there are never a majority of the old
//! quorum and the new one, and the same command, given again, does what is left.

use super::accept::tell_agents;
use super::holdings::is_voter;
use super::{membership, start, voter};
use crate::membership::Wish;
use crate::run::{HostRun, Run, Stop};
use crate::{Progress, Service};
use serde::Deserialize;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// For voters that run again as before: whether they agree on anything is not awaited for longer.
const RESUME: Duration = Duration::from_secs(10);

/// What a host says of the quorum that begins again on it.
#[derive(Debug, Clone, Deserialize)]
struct Begun {
    cluster_id: u64,
    revision: i64,
}

/// Where the data come from.
pub(super) enum Source<'f> {
    Backup(&'f Path),
    /// What the host itself has.
    Own,
}

/// Ends all voters, makes a new quorum of `host`'s alone, and has the others and the agents join it.
/// With `overwrite`, what voters had is put aside; without it they must have nothing.
pub(super) async fn begin_again(
    run: &mut Run,
    host: &str,
    source: Source<'_>,
    overwrite: bool,
) -> Result<(), Stop> {
    let begun = prepare(run, host, source).await?;
    go_over(run, host, &begun, overwrite).await.map_err(|stop| {
        stop.and(
            "; not all voters run now, and nothing is lost: what they had is in its place still, or was \
             put aside; give the same command again, a restore with --overwrite, to do what is left",
        )
    })
}

/// Has the new data lie ready, and all voters stopped. Where that fails, the voters go on as before.
async fn prepare(run: &mut Run, host: &str, source: Source<'_>) -> Result<Begun, Stop> {
    let prepared = match source {
        Source::Backup(file) => {
            // What takes long comes while the voters still run, and where it fails, they do.
            let file = tokio::fs::File::open(file)
                .await
                .map_err(|e| Stop::Failed(format!("{} cannot be read: {e}", file.display())))?;
            let begun = stage(run, host, "stage", Some(file)).await?;
            stop_voters(run).await.map(|()| begun)
        }
        Source::Own => match stop_voters(run).await {
            Ok(()) => stage(run, host, "stage --own", None).await,
            Err(stop) => Err(stop),
        },
    };
    if prepared.is_err() {
        resume(run).await;
    }
    prepared
}

async fn stage(
    run: &mut Run,
    name: &str,
    words: &str,
    file: Option<tokio::fs::File>,
) -> Result<Begun, Stop> {
    let said = voter::feed(host(run, name)?, words, file).await?;
    serde_json::from_slice(&said)
        .map_err(|e| Stop::Failed(format!("{name}: its answer is not understood: {e}")))
}

async fn go_over(run: &mut Run, host: &str, begun: &Begun, overwrite: bool) -> Result<(), Stop> {
    let others: Vec<String> = voters(run).filter(|other| other != host).collect();
    for other in others.iter().filter(|_| overwrite) {
        tell_aside(run, other, "renew").await?;
    }
    tell_aside(run, host, if overwrite { "begin --overwrite" } else { "begin" }).await?;
    let message = format!(
        "the quorum {:x} begins on {host} at revision {}",
        begun.cluster_id, begun.revision
    );
    run.observer.on(Progress::Notice { message });
    start_voter(run, host).await?;
    accept(run, begun.cluster_id).await?;
    for other in &others {
        start_voter(run, other).await?;
    }
    run.wishes = others.into_iter().map(Wish::TakeIn).collect();
    membership::change(run).await
}

/// The voters that are at hand.
fn voters(run: &Run) -> impl Iterator<Item = String> {
    run.hosts.iter().filter(|host| is_voter(host)).map(|host| host.spec.name.clone())
}

fn host<'r>(run: &'r mut Run, name: &str) -> Result<&'r mut HostRun, Stop> {
    let found = run.hosts.iter_mut().find(|h| h.spec.name == name && h.failure.is_none());
    found
        .ok_or_else(|| Stop::Refused(format!("{name} is not among the voters that can be reached")))
}

async fn stop_voters(run: &mut Run) -> Result<(), Stop> {
    let deadline = run.options.deadline;
    run.each(move |host| {
        Box::pin(async move {
            if host.spec.runs(Service::Quorum) {
                host.session()?.stop(vec![Service::Quorum.unit()], deadline).await?;
            }
            Ok(())
        })
    })
    .await;
    run.all_hosts_fine_but_unreachable()
}

/// Starts the voters that ran before this run, as they were.
async fn resume(run: &mut Run) {
    let unit = Service::Quorum.unit();
    let ran = |host: &HostRun| host.observed.units.get(&unit).is_some_and(|unit| unit.is_up());
    let voters = run.hosts.iter_mut().filter(|host| is_voter(host) && ran(host));
    let started = voters.map(|host| async {
        let units = start::units(host, &[Service::Quorum]);
        // Whether they find each other is not what this is about.
        let session = host.session.as_mut()?;
        session.start(units, false, RESUME, &|_| ()).await.ok().map(drop)
    });
    if !futures::future::join_all(started).await.is_empty() {
        let message = "the voters were started again with the data that they had".to_owned();
        run.observer.on(Progress::Notice { message });
    }
}

async fn start_voter(run: &mut Run, name: &str) -> Result<(), Stop> {
    let (observer, deadline) = (Arc::clone(&run.observer), run.options.deadline);
    let host = host(run, name)?;
    let units = start::units(host, &[Service::Quorum]);
    let started = start::start_units(host, units, false, deadline, &observer).await;
    started.map_err(|stop| stop.on(name))
}

/// Has a voter's data put aside with `words`, and tells where they are now; they are nobody's any more,
/// but the operator may want them.
pub(super) async fn tell_aside(run: &mut Run, name: &str, words: &str) -> Result<(), Stop> {
    #[derive(Deserialize)]
    struct Aside {
        aside: Option<String>,
    }
    let said = voter::ask(host(run, name)?, words).await;
    let said = said.map_err(|words| Stop::Failed(words).on(name))?;
    if let Ok(Aside { aside: Some(path) }) = serde_json::from_slice(&said) {
        let message = format!(
            "{name}: the voter's old data are kept in {path}; remove them when all is well and nobody wants \
             anything back"
        );
        run.observer.on(Progress::Notice { message });
    }
    Ok(())
}

/// Agents obey the masters of one quorum only; this is the word that it is another one now.
async fn accept(run: &mut Run, cluster_id: u64) -> Result<(), Stop> {
    let agents = run.hosts.iter().filter(|h| h.failure.is_none() && h.spec.runs(Service::Agent));
    let agents = agents.map(|host| host.spec.name.clone()).collect();
    tell_agents(run, &format!("{cluster_id:x}"), agents).await
}
