//! Starting units in waves along the unit graph: none starts before the last one is ready.

use crate::graph;
use crate::run::{HostRun, Run, Stop, teller};
use crate::{Observer, Progress, Service};
use mesoform_plan::{StartUnit, Step, What};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Starts, or restarts where its inputs changed, every unit that the plans want running.
pub(super) async fn waves(run: &mut Run) -> Result<(), Stop> {
    let waves = graph::waves(&graph::services()).map_err(|e| Stop::Refused(e.to_string()))?;
    for wave in waves {
        let services: Vec<Service> = wave.iter().filter_map(|name| name.parse().ok()).collect();
        if services.contains(&Service::Quorum) && quorum_runs(run) {
            one_after_the_other(run, Service::Quorum).await?;
        } else {
            all_at_once(run, &services).await?;
        }
    }
    Ok(())
}

/// A quorum that has consensus must keep it: its voters restart one at a time.
fn quorum_runs(run: &Run) -> bool {
    run.hosts.iter().any(|host| is_active(host, Service::Quorum))
}

pub(super) fn is_active(host: &HostRun, service: Service) -> bool {
    host.observed.units.get(&service.unit()).is_some_and(|unit| unit.active == "active")
}

async fn all_at_once(run: &mut Run, services: &[Service]) -> Result<(), Stop> {
    let (observer, deadline) = (Arc::clone(&run.observer), run.options.deadline);
    let services: Arc<[Service]> = services.into();
    run.each(move |host| {
        let (observer, services) = (Arc::clone(&observer), Arc::clone(&services));
        Box::pin(async move { start(host, &services, false, deadline, &observer).await })
    })
    .await;
    run.all_hosts_fine_but_unreachable()
}

/// Voters that are down come first and together: without a majority none becomes ready.
async fn one_after_the_other(run: &mut Run, service: Service) -> Result<(), Stop> {
    let (observer, deadline) = (Arc::clone(&run.observer), run.options.deadline);
    run.each(move |host| {
        let observer = Arc::clone(&observer);
        Box::pin(async move {
            if is_active(host, service) {
                return Ok(());
            }
            start(host, &[service], false, deadline, &observer).await
        })
    })
    .await;
    run.all_hosts_fine_but_unreachable()?;
    let observer = Arc::clone(&run.observer);
    for host in run.hosts.iter_mut().filter(|h| h.failure.is_none()) {
        if is_active(host, service)
            && let Err(stop) = start(host, &[service], false, deadline, &observer).await
        {
            host.fail(stop, &*observer);
            break;
        }
    }
    run.all_hosts_fine_but_unreachable()
}

/// Starts those of `services` that the host's changes name, and waits until they are ready.
async fn start(
    host: &mut HostRun,
    services: &[Service],
    restart: bool,
    deadline: Duration,
    observer: &Arc<dyn Observer>,
) -> Result<(), Stop> {
    let units: Vec<StartUnit> = units(host, services)
        .into_iter()
        .filter(|unit| host.changes.iter().any(|c| c.what.is_start() && c.subject == unit.name))
        .collect();
    start_units(host, units, restart, deadline, observer).await
}

/// Starts `units` and tells what that changed.
pub(super) async fn start_units(
    host: &mut HostRun,
    units: Vec<StartUnit>,
    restart: bool,
    deadline: Duration,
    observer: &Arc<dyn Observer>,
) -> Result<(), Stop> {
    if units.is_empty() {
        return Ok(());
    }
    let tell = teller(&host.spec.name, observer, BTreeMap::new());
    let started = host.session()?.start(units, restart, deadline, &tell).await?;
    for unit in started.into_iter().filter(|unit| unit.changed) {
        let known = host.changes.iter().find(|c| c.what.is_start() && c.subject == unit.unit);
        let change = match known {
            Some(change) => change.to_string(),
            None => format!("{} unit {}", What::Restart.word(), unit.unit),
        };
        let host = host.spec.name.clone();
        observer.on(Progress::Change { host, change, diff: None });
    }
    Ok(())
}

/// The units of `services` as the host's plan has them.
pub(super) fn units(host: &HostRun, services: &[Service]) -> Vec<StartUnit> {
    let steps = host.plan.iter().flat_map(|plan| &plan.steps);
    let wanted: Vec<String> = services.iter().map(|service| service.unit()).collect();
    steps
        .filter_map(|step| match step {
            Step::Unit { name, inputs, .. } if wanted.contains(name) => {
                Some(StartUnit { name: name.clone(), inputs: inputs.clone() })
            }
            _ => None,
        })
        .collect()
}
