//! A new quorum from a backup.

use super::rebuild::{Source, begin_again};
use super::{apply, connect, membership, preflight, start, well};
use crate::Service;
use crate::run::{Run, Stop, Summary};
use std::path::Path;

/// What a restore is about to do.
#[derive(Debug, Clone)]
pub struct Restoration {
    /// The host whose voter is the first.
    pub host: String,
    /// The voters whose present data are put aside, each with the revision that it has.
    pub replaced: Vec<(String, i64)>,
}

/// Makes the cluster run with the quorum's data from the backup in `file`. Where voters have data,
/// `overwrite` must allow that these are put aside. `agree` is told what will be done, and may refuse.
///
/// # Errors
/// As `up`; there are data, or `agree` refused.
pub async fn restore(
    run: &mut Run,
    file: &Path,
    overwrite: bool,
    agree: impl AsyncFnOnce(&Restoration) -> bool,
) -> Result<Summary, Stop> {
    run.spec.own_quorum("`etcdctl snapshot restore` makes an etcd of a backup of one")?;
    run.phase("connect", "Connect and look", connect::look_at_all_for_restore).await?;
    run.phase("preflight", "Check what must be true", preflight::check).await?;
    run.phase("plan", "Compare with what is wanted", apply::compare).await?;
    let restoration = restoration(run).await?;
    if !restoration.replaced.is_empty() && !overwrite {
        let names = restoration.replaced.iter().map(|(host, at)| format!("{host} (revision {at})"));
        return Err(Stop::Refused(format!(
            "voters have data: {}; --overwrite puts these aside",
            names.collect::<Vec<_>>().join(", ")
        )));
    }
    if !agree(&restoration).await {
        return Err(Stop::Refused("nothing was restored".into()));
    }
    run.hosts.iter_mut().for_each(|host| host.in_membership = true);
    run.phase("carry", "Carry the binary", apply::open_sessions).await?;
    run.phase("lock", "Lock the hosts", apply::lock).await?;
    run.phase("apply", "Carry out the plans", apply::apply).await?;
    run.phase("restore", "Begin again from the backup", async |run: &mut Run| {
        begin_again(run, &restoration.host, Source::Backup(file), overwrite).await
    })
    .await?;
    run.phase("start", "Start in waves", start::waves).await?;
    run.phase("verify", "See that the cluster is well", well::wait_until_well).await?;
    apply::unlock(run).await;
    run.end()
}

async fn restoration(run: &mut Run) -> Result<Restoration, Stop> {
    let reports = membership::ask_voters(run).await;
    let at_hand = |name: &str| run.hosts.iter().any(|h| h.spec.name == name && h.failure.is_none());
    let voters = run.spec.voters();
    let first = voters.iter().find(|voter| at_hand(&voter.name));
    let none = || Stop::Unreachable("none of the voters can be reached".into());
    let host = first.ok_or_else(none)?.name.clone();
    let replaced = reports.iter().filter_map(|(host, report)| {
        let view = report.as_ref().ok()?.services.get(&Service::Quorum)?.view.as_ref()?;
        match view {
            crate::report::View::Quorum(view) if view.raft_index > 0 => {
                Some((host.clone(), view.revision))
            }
            _ => None,
        }
    });
    Ok(Restoration { host, replaced: replaced.collect() })
}
