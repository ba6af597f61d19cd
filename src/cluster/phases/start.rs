//! Starting units in waves along the unit graph: none starts before the last one is ready.

use super::membership;
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
        // What is down comes first and together: without a majority no voter becomes ready.
        all_at_once(run, &services, false).await?;
        if services.contains(&Service::Quorum) {
            membership::change(run).await?;
        }
        for service in services {
            match service {
                // Tasks outlive their agent: nothing is lost when all restart.
                Service::Agent => all_at_once(run, &[service], true).await?,
                // Consensus and leadership are kept.
                _ => one_after_the_other(run, service).await?,
            }
        }
    }
    others(run).await
}

/// Starts what is no service: nothing waits for it.
async fn others(run: &mut Run) -> Result<(), Stop> {
    let (observer, deadline) = (Arc::clone(&run.observer), run.options.deadline);
    run.each(move |host| {
        let observer = Arc::clone(&observer);
        Box::pin(async move {
            let is_service = |unit: &str| Service::ALL.iter().any(|s| s.unit() == unit);
            let mut units = units_where(host, |unit| !is_service(unit));
            units.retain(|unit| is_named(host, &unit.name));
            start_units(host, units, false, deadline, &observer).await
        })
    })
    .await;
    run.all_hosts_fine_but_unreachable()
}

pub(super) fn is_active(host: &HostRun, service: Service) -> bool {
    host.observed.units.get(&service.unit()).is_some_and(|unit| unit.active == "active")
}

/// Starts those of `services` that were active before, or those that were not, on all hosts.
async fn all_at_once(run: &mut Run, services: &[Service], active: bool) -> Result<(), Stop> {
    let (observer, deadline) = (Arc::clone(&run.observer), run.options.deadline);
    let services: Arc<[Service]> = services.into();
    run.each(move |host| {
        let (observer, services) = (Arc::clone(&observer), Arc::clone(&services));
        Box::pin(async move {
            let wanted = services.iter().filter(|service| is_active(host, **service) == active);
            let wanted: Vec<Service> = wanted.copied().collect();
            start(host, &wanted, deadline, &observer).await
        })
    })
    .await;
    run.all_hosts_fine_but_unreachable()
}

/// Refuses to take a voter away while others are out of reach and the rest is a bare majority.
pub(super) fn keeps_majority(run: &Run) -> Result<(), Stop> {
    let voter = |host: &&HostRun| host.spec.runs(Service::Quorum);
    let lost = run.hosts.iter().filter(voter).filter(|host| host.failure.is_some()).count();
    let left = run.spec.voters().len() - lost;
    if lost == 0 || left > run.spec.majority() {
        return Ok(());
    }
    Err(Stop::Unreachable(format!(
        "a restart of one more voter would end consensus, since {lost} of {} cannot be reached; \
         bring those back first",
        run.spec.voters().len()
    )))
}

/// Refuses changes of which the restart of a voter comes that would end consensus: before they are made,
/// and, since a host may be lost meanwhile, before it is restarted.
pub(super) fn voters_may_restart(run: &Run) -> Result<(), Stop> {
    let unit = Service::Quorum.unit();
    let restarts = |host: &HostRun| is_active(host, Service::Quorum) && is_named(host, &unit);
    if run.hosts.iter().any(restarts) { keeps_majority(run) } else { Ok(()) }
}

/// Restarts `service` on one host after the other; the first that fails ends it.
async fn one_after_the_other(run: &mut Run, service: Service) -> Result<(), Stop> {
    if service == Service::Quorum {
        voters_may_restart(run)?;
    }
    let (observer, deadline) = (Arc::clone(&run.observer), run.options.deadline);
    for host in run.hosts.iter_mut().filter(|h| h.failure.is_none()) {
        if is_active(host, service)
            && let Err(stop) = start(host, &[service], deadline, &observer).await
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
    deadline: Duration,
    observer: &Arc<dyn Observer>,
) -> Result<(), Stop> {
    let units: Vec<StartUnit> =
        units(host, services).into_iter().filter(|unit| is_named(host, &unit.name)).collect();
    start_units(host, units, false, deadline, observer).await
}

/// Whether the host's changes name the start of `unit`.
fn is_named(host: &HostRun, unit: &str) -> bool {
    host.changes.iter().any(|change| change.what.is_start() && change.subject == unit)
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
    let wanted: Vec<String> = services.iter().map(|service| service.unit()).collect();
    units_where(host, |unit| wanted.iter().any(|wanted| wanted == unit))
}

fn units_where(host: &HostRun, wanted: impl Fn(&str) -> bool) -> Vec<StartUnit> {
    let steps = host.plan.iter().flat_map(|plan| &plan.steps);
    steps
        .filter_map(|step| match step {
            Step::Unit { name, inputs, .. } if wanted(name) => {
                Some(StartUnit { name: name.clone(), inputs: inputs.clone() })
            }
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::RunOptions;
    use crate::{Admin, Observer, Progress, resolve};
    use mesoform_inventory::{ExtraVars, Inventory};
    use mesoform_plan::{Change, Thing, UnitState};

    struct Nobody;

    impl Observer for Nobody {
        fn on(&self, _: Progress) {}
    }

    /// Three voters that run, of which those of `lost` do not answer.
    fn run(lost: &[&str]) -> Run {
        let inventory = Inventory::load("h1,h2,h3,", &ExtraVars::default()).unwrap();
        let spec = resolve(&inventory).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let admin = Admin::look(&dir.path().join("c"), &spec.name).unwrap();
        let deadline = Duration::from_secs(1);
        let options = RunOptions { check: false, diff: false, forks: 1, limit: None, deadline };
        let mut run = Run::new(spec, admin, options, Arc::new(Nobody));
        for host in &mut run.hosts {
            let up = UnitState { active: "active".into(), ..UnitState::default() };
            host.observed.units.insert(Service::Quorum.unit(), up);
            if lost.contains(&host.spec.name.as_str()) {
                host.failure = Some(Stop::Unreachable("it is away".into()));
            }
        }
        run
    }

    fn change(what: What) -> Change {
        let mut change: Change = serde_json::from_value(serde_json::json!({
            "step": 0, "what": "restart", "thing": "unit", "subject": Service::Quorum.unit(),
        }))
        .unwrap();
        (change.what, change.thing) = (what, Thing::Unit);
        change
    }

    #[test]
    fn a_bare_majority_of_voters_is_not_restarted() {
        for (lost, allowed) in [(&[][..], true), (&["h3"], false), (&["h2", "h3"], false)] {
            let mut run = run(lost);
            assert_eq!(voters_may_restart(&run), Ok(()), "nothing restarts");
            run.hosts[0].changes = vec![change(What::Restart)];
            let may = voters_may_restart(&run);
            assert_eq!(may.is_ok(), allowed, "{may:?}");
            if let Err(stop) = may {
                assert!(matches!(stop, Stop::Unreachable(_)), "{stop:?}");
                assert!(stop.to_string().contains("would end consensus"), "{stop}");
            }
            // What is down takes nobody's vote when it starts.
            run.hosts[0].observed.units.clear();
            assert_eq!(voters_may_restart(&run), Ok(()));
        }
    }
}
