use super::{apply, connect, departed, etcd, membership, preflight, start, well};
use crate::run::{HostRun, Run, Stop, Summary};

/// Makes the cluster run. With `check`: says what that would change.
///
/// # Errors
/// What stopped it; what has happened so far was told to the observer. Run again, it goes on where
/// it stopped, since it only does what is missing.
pub async fn up(run: &mut Run) -> Result<Summary, Stop> {
    if run.prune {
        run.spec.own_quorum("`etcdctl member remove` takes members out")?;
    }
    run.etcd = etcd::files(&run.spec)?;
    run.phase("connect", "Connect and look", connect::look_at_all).await?;
    run.phase("preflight", "Check what must be true", preflight::check).await?;
    run.phase("plan", "Compare with what is wanted", compare).await?;
    if run.options.check {
        return run.end();
    }
    if run.hosts.iter().any(HostRun::has_work) {
        run.phase("carry", "Carry the binary", apply::open_sessions).await?;
        run.phase("lock", "Lock the hosts", apply::lock).await?;
        run.phase("apply", "Carry out the plans", apply::apply).await?;
        run.phase("start", "Start in waves", start::waves).await?;
    }
    if run.hosts.iter().any(|host| !host.leaves.is_empty()) {
        run.phase("remove", "Take away what has left", departed::take_away).await?;
    }
    run.phase("verify", "See that the cluster is well", well::wait_until_well).await?;
    apply::unlock(run).await;
    run.end()
}

async fn compare(run: &mut Run) -> Result<(), Stop> {
    apply::compare(run).await?;
    start::voters_may_restart(run).map_err(|stop| stop.and("; nothing was changed"))?;
    membership::compare(run).await
}
