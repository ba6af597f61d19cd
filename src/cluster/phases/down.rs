use super::{apply, connect, preflight};
use crate::hostplan::removal;
use crate::run::{Run, Stop, Summary};
use mesoform_plan::{Change, changes};

/// What would be removed, by host.
pub type Removals = Vec<(String, Vec<Change>)>;

/// Takes the cluster from its hosts. `agree` is told what would be removed, and may refuse.
///
/// # Errors
/// `agree` refused, or a host failed.
pub async fn down(
    run: &mut Run,
    keep_data: bool,
    agree: impl AsyncFnOnce(Removals) -> bool,
) -> Result<Summary, Stop> {
    for index in 0..run.hosts.len() {
        let plan = removal(&run.spec, &run.hosts[index].spec, keep_data);
        run.hosts[index].plan = Some(plan);
    }
    run.phase("connect", "Connect and look", connect::look_at_all_for_removal).await?;
    preflight::ours(run).await?;
    for host in run.hosts.iter_mut().filter(|h| h.failure.is_none()) {
        let Some(plan) = &host.plan else { continue };
        host.changes = changes(plan, &host.observed, host.looked_at);
    }
    let wanted: Removals = run
        .hosts
        .iter()
        .filter(|host| !host.changes.is_empty())
        .map(|host| (host.spec.name.clone(), host.changes.clone()))
        .collect();
    if !wanted.is_empty() {
        if !agree(wanted).await {
            return Err(Stop::Refused("nothing was removed".into()));
        }
        run.phase("open", "Open sessions", apply::open_sessions_for_removal).await?;
        run.phase("lock", "Lock the hosts", apply::lock).await?;
        run.phase("remove", "Stop and remove", apply::apply).await?;
    }
    run.end()
}
