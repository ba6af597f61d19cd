//! A quorum that begins again from the data of one voter: what a restore and a forced new cluster have
//! in common.

use super::accept::tell_agents;
use super::membership::{self, voter};
use super::start;
use crate::membership::Wish;
use crate::run::{HostRun, Run, Stop};
use crate::{Places, Progress, Service};
use mesoform_transport::{Channel, Exit};
use serde::Deserialize;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// For what a host does with data of any size.
const LIMIT: Duration = Duration::from_secs(1800);
/// Longer than anything that a host has to say about it.
const WORDS: u64 = 64 * 1024;

/// What a host says of the quorum that begins again on it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Begun {
    pub cluster_id: u64,
    pub revision: i64,
}

/// Where the data come from.
pub(super) enum Source<'f> {
    Backup(&'f Path),
    /// What the host itself has.
    Own,
}

/// Ends all voters, makes a new quorum of `host`'s alone, and has the others and the agents join it.
/// What voters had is put aside, with `clear` also what `host` had.
pub(super) async fn begin_again(
    run: &mut Run,
    host: &str,
    source: Source<'_>,
    clear: bool,
) -> Result<(), Stop> {
    stop_voters(run).await?;
    let begun = seed(run, host, source, clear).await?;
    let message = format!(
        "the quorum {:x} begins on {host} at revision {}",
        begun.cluster_id, begun.revision
    );
    run.observer.on(Progress::Notice { message });
    start_voter(run, host).await?;
    let others: Vec<String> = voters(run).filter(|other| other != host).collect();
    for other in &others {
        put_aside(run, other).await?;
    }
    accept(run, begun.cluster_id).await?;
    for other in &others {
        start_voter(run, other).await?;
    }
    run.wishes = others.into_iter().map(Wish::TakeIn).collect();
    membership::change(run).await
}

/// The voters that are at hand.
fn voters(run: &Run) -> impl Iterator<Item = String> {
    let at_hand = |host: &&HostRun| host.failure.is_none() && host.spec.runs(Service::Quorum);
    run.hosts.iter().filter(at_hand).map(|host| host.spec.name.clone())
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

async fn start_voter(run: &mut Run, name: &str) -> Result<(), Stop> {
    let (observer, deadline) = (Arc::clone(&run.observer), run.options.deadline);
    let host = host(run, name)?;
    let units = start::units(host, &[Service::Quorum]);
    start::start_units(host, units, false, deadline, &observer).await
}

async fn put_aside(run: &mut Run, name: &str) -> Result<(), Stop> {
    let observer = Arc::clone(&run.observer);
    let said = voter(host(run, name)?, "renew").await.map_err(Stop::Failed)?;
    tell_aside(&*observer, name, &said);
    Ok(())
}

/// Tells where the old data are; they are nobody's any more, but the operator may want them.
pub(super) fn tell_aside(observer: &dyn crate::Observer, host: &str, said: &[u8]) {
    #[derive(Deserialize)]
    struct Aside {
        aside: Option<String>,
    }
    let Ok(Aside { aside: Some(path) }) = serde_json::from_slice(said) else { return };
    let message = format!("{host}: the voter's old data are kept in {path}");
    observer.on(Progress::Notice { message });
}

async fn seed(run: &mut Run, name: &str, source: Source<'_>, clear: bool) -> Result<Begun, Stop> {
    let said = match source {
        Source::Backup(file) => {
            if clear {
                put_aside(run, name).await?;
            }
            feed(host(run, name)?, "restore", file).await?
        }
        Source::Own => talk(host(run, name)?, "force-new-cluster", None).await?,
    };
    serde_json::from_slice(&said)
        .map_err(|e| Stop::Failed(format!("{name}: its answer is not understood: {e}")))
}

async fn feed(host: &HostRun, words: &str, file: &Path) -> Result<Vec<u8>, Stop> {
    let open = tokio::fs::File::open(file).await;
    let file = open.map_err(|e| Stop::Failed(format!("{}: {e}", file.display())))?;
    talk(host, words, Some(file)).await
}

/// `mesoform voter …` with `input` on its standard input; what it prints.
async fn talk(
    host: &HostRun,
    words: &str,
    input: Option<tokio::fs::File>,
) -> Result<Vec<u8>, Stop> {
    let command = format!("{} voter {words}", Places::system().bin.join("mesoform").display());
    let channel = host.connection()?.stream_as_root(&command).await?;
    let Channel { mut stdin, stdout, mut end } = channel;
    let feed = async move {
        if let Some(mut input) = input {
            tokio::io::copy(&mut input, &mut stdin).await?;
        }
        stdin.shutdown().await
    };
    let mut said = Vec::new();
    let mut stdout = stdout.take(WORDS);
    let both = async { tokio::join!(feed, stdout.read_to_end(&mut said)) };
    let late = |_| Stop::Failed(format!("`mesoform voter {words}` took too long"));
    // Why it stopped reading, where it did, stands in how it ended.
    let _ = tokio::time::timeout(LIMIT, both).await.map_err(late)?;
    match tokio::time::timeout(LIMIT, end.wait()).await.map_err(late)?? {
        Exit::Code(0) => Ok(said),
        _ => Err(Stop::Failed(end.stderr().trim().to_owned())),
    }
}

/// Agents obey the masters of one quorum only; this is the word that it is another one now.
async fn accept(run: &mut Run, cluster_id: u64) -> Result<(), Stop> {
    let agents = run.hosts.iter().filter(|h| h.failure.is_none() && h.spec.runs(Service::Agent));
    let agents = agents.map(|host| host.spec.name.clone()).collect();
    tell_agents(run, &format!("{cluster_id:x}"), agents).await
}
