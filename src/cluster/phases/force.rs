//! A new quorum from one voter of an old one whose majority is lost for good.

use super::rebuild::{Source, begin_again};
use super::{apply, connect, holdings, membership, preflight, restart};
use crate::Reports;
use crate::report::{QuorumView, quorum_views};
use crate::run::{HostRun, Run, Stop, Summary};
use holdings::Holding;

/// What is known before a quorum is begun anew.
#[derive(Debug, Clone)]
pub struct Forcing {
    pub host: String,
    /// What the host's voter has.
    pub has: Holding,
    /// What others have, by host.
    pub others: Vec<(String, Holding)>,
    /// The voters that do not answer.
    pub silent: Vec<String>,
}

/// Rewrites the membership of the quorum to `host`'s voter alone, under new ids; the other voters that
/// can be reached begin anew and join it. `agree` is told what is known, and may refuse.
///
/// # Errors
/// The quorum has consensus, `host` is no voter, has no data or cannot be reached, `agree` refused, or a
/// host failed.
pub async fn force_new_cluster(
    run: &mut Run,
    host: &str,
    agree: impl AsyncFnOnce(&Forcing) -> bool,
) -> Result<Summary, Stop> {
    run.spec
        .own_quorum("etcd's `--force-new-cluster` and `etcdctl snapshot restore` do that there")?;
    is_named_right(run, host)?;
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

fn is_named_right(run: &Run, host: &str) -> Result<(), Stop> {
    let voters = run.spec.voters();
    if !voters.iter().any(|voter| voter.name == host) {
        let names: Vec<&str> = voters.iter().map(|voter| voter.name.as_str()).collect();
        let names = names.join(", ");
        return Err(Stop::Refused(format!(
            "{host} is no voter in the inventory; the voters are {names}"
        )));
    }
    if !run.hosts.iter().any(|h| h.spec.name == host) {
        return Err(Stop::Refused(format!("{host} is among the hosts that --limit leaves out")));
    }
    Ok(())
}

async fn forcing(run: &mut Run, host: &str) -> Result<Forcing, Stop> {
    let reports = membership::ask_voters(run).await;
    let voters: Vec<String> = run.spec.voters().iter().map(|v| v.name.clone()).collect();
    if let Some(led) = led(&reports, &voters) {
        return Err(Stop::Refused(format!(
            "the quorum has consensus (ask {led}): nothing needs to be forced; `mesoform up` brings in \
             voters that are missing, and `mesoform restart agent --accept-quorum` agents that refuse \
             the new masters"
        )));
    }
    let at_hand = |name: &str| run.hosts.iter().any(|h: &HostRun| at_hand(h, name));
    if !at_hand(host) {
        return Err(Stop::Unreachable(format!(
            "{host} cannot be reached (see above); bring it back, or name another voter that has data"
        )));
    }
    let silent: Vec<String> = voters.iter().filter(|name| !at_hand(name)).cloned().collect();
    let mut found = holdings::look(run).await?;
    let has = found
        .remove(host)
        .ok_or_else(|| nothing(host, &found.keys().cloned().collect::<Vec<_>>()))?;
    Ok(Forcing { host: host.to_owned(), has, others: found.into_iter().collect(), silent })
}

fn at_hand(host: &HostRun, name: &str) -> bool {
    host.spec.name == name && host.failure.is_none()
}

/// The voter that knows a leader of the quorum.
fn led<'v>(reports: &Reports, voters: &'v [String]) -> Option<&'v String> {
    let views: Vec<(&String, &QuorumView)> =
        quorum_views(reports).filter(|(host, _)| voters.contains(host)).collect();
    let all = || views.iter().map(|(_, view)| *view);
    let (led, _) = views.iter().find(|(_, view)| view.is_led(all()))?;
    voters.iter().find(|voter| voter == led)
}

fn nothing(host: &str, others: &[String]) -> Stop {
    Stop::Refused(match others {
        [] => format!(
            "{host} has no data of a quorum, and no other voter that can be reached has any; restore a \
             backup (`mesoform restore FILE`)"
        ),
        others => {
            format!(
                "{host} has no data of a quorum; voters that may have some: {}",
                others.join(", ")
            )
        }
    })
}
