use super::{apply, connect, preflight, start, well};
use crate::report::View;
use crate::run::{HostRun, Run, Stop, Summary};
use crate::{Reports, Service};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Restarts `service` on the run's hosts: what is down starts first and together, which brings a
/// lost consensus back; then the others one after the other, the leader last. Ends when somebody leads
/// again, and agents are registered again.
///
/// # Errors
/// A host fails, or the service does not become ready in time; the hosts after it are left alone. Or
/// the cluster is not in time as well as before.
pub async fn restart(run: &mut Run, service: Service) -> Result<Summary, Stop> {
    if service == Service::Quorum {
        run.spec
            .own_quorum("its members are restarted where they run, as `systemctl restart etcd`")?;
    }
    run.hosts.retain(|host| host.spec.runs(service));
    if run.hosts.is_empty() {
        return Err(Stop::Refused(format!("the {service} runs on none of these hosts")));
    }
    run.phase("connect", "Connect and look", connect::look_at_all_for_restart).await?;
    preflight::ours(run).await?;
    let (before, reports) = well::before(run, service).await;
    let leader = leading(&reports, service);
    run.phase("lock", "Lock the hosts", open_and_lock).await?;
    run.phase("start", "Start what is down", async |run: &mut Run| start_down(run, service).await)
        .await?;
    run.phase("restart", "Restart one after the other", async |run: &mut Run| {
        roll(run, service, leader.as_deref()).await
    })
    .await?;
    run.phase("verify", "See that it is as well as before", async |run: &mut Run| {
        well::wait_until_as_before(run, &before).await
    })
    .await?;
    apply::unlock(run).await;
    run.end()
}

pub(super) async fn open_and_lock(run: &mut Run) -> Result<(), Stop> {
    let observer = Arc::clone(&run.observer);
    run.each(move |host| {
        let observer = Arc::clone(&observer);
        Box::pin(async move { apply::open_session(host, observer).await })
    })
    .await;
    run.all_hosts_fine_but_unreachable()?;
    apply::lock(run).await
}

async fn start_down(run: &mut Run, service: Service) -> Result<(), Stop> {
    let (observer, deadline) = (Arc::clone(&run.observer), run.options.deadline);
    run.each(move |host| {
        let observer = Arc::clone(&observer);
        Box::pin(async move {
            if start::is_active(host, service) {
                return Ok(());
            }
            let units = start::units(host, &[service]);
            start::start_units(host, units, false, deadline, &observer).await
        })
    })
    .await;
    run.all_hosts_fine_but_unreachable()
}

async fn roll(run: &mut Run, service: Service, leader: Option<&str>) -> Result<(), Stop> {
    if service == Service::Quorum {
        start::keeps_majority(run)?;
    }
    let (observer, deadline) = (Arc::clone(&run.observer), run.options.deadline);
    let mut order: Vec<&mut HostRun> = run
        .hosts
        .iter_mut()
        .filter(|host| host.failure.is_none() && start::is_active(host, service))
        .collect();
    order.sort_by_key(|host| Some(host.spec.name.as_str()) == leader);
    for host in order {
        let units = start::units(host, &[service]);
        if let Err(stop) = start::start_units(host, units, true, deadline, &observer).await {
            host.fail(stop, &*observer);
            break;
        }
    }
    run.all_hosts_fine_but_unreachable()
}

/// The host whose `service` leads, as far as anyone knows.
fn leading(reports: &Reports, service: Service) -> Option<String> {
    let views: BTreeMap<&String, &View> = reports
        .iter()
        .filter_map(|(host, report)| {
            Some((host, report.as_ref().ok()?.services.get(&service)?.view.as_ref()?))
        })
        .collect();
    let leads = |view: &View| match view {
        View::Quorum(view) => view.leader_id != 0 && view.leader_id == view.member_id,
        View::Master(view) => view.leading,
        View::Scheduler(view) => view.leading,
        View::Agent(_) => false,
    };
    views.into_iter().find(|(_, view)| leads(view)).map(|(host, _)| host.clone())
}
