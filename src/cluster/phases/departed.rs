//! Services that the inventory has taken from hosts which it still has. Of hosts that have left it
//! altogether nobody knows how to reach them; what is known of those stands in the health.

use crate::membership::Seen;
use crate::run::{HostRun, Run, Stop};
use crate::{Places, Progress, Service, hostplan};
use mesoform_plan::{Failure, Interest, Look, Plan, SigningRequest};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Asks for what tells of services that a host runs no more.
pub(super) fn add_interest(host: &HostRun, interest: &mut Interest) {
    for service in Service::ALL.into_iter().filter(|service| !host.spec.runs(*service)) {
        hostplan::marks(service).iter().for_each(|path| interest.look(path, Look::Stat));
    }
}

/// Finds out what is to be taken from which host, and tells it with `check`; without `prune`, that it is
/// there. A voter that is a member still leaves the quorum first, and is no matter of this.
pub(super) fn compare(run: &mut Run, seen: &Seen) {
    for host in run.hosts.iter_mut().filter(|host| host.failure.is_none()) {
        let member = seen.members.is_empty()
            || seen.members.iter().any(|member| member.name == host.spec.name);
        let there = Service::ALL.into_iter().filter(|service| {
            let marks = hostplan::marks(*service);
            let left = marks.iter().any(|path| host.observed.paths.contains_key(path));
            left && !host.spec.runs(*service) && !(*service == Service::Quorum && member)
        });
        let there: BTreeSet<Service> = there.collect();
        let name = &host.spec.name;
        for service in &there {
            run.observer.on(match (run.prune, run.options.check) {
                (true, true) => change(name, *service),
                (true, false) => continue,
                (false, _) => Progress::Notice { message: still_there(name, *service) },
            });
        }
        host.leaves = if run.prune { there } else { BTreeSet::new() };
    }
}

fn change(host: &str, service: Service) -> Progress {
    let change = match service {
        Service::Agent => "take the agent away, with its tasks and their files".to_owned(),
        _ => format!("take the {service} away, with its data"),
    };
    Progress::Change { host: host.to_owned(), change, diff: None }
}

fn still_there(host: &str, service: Service) -> String {
    let with = if service == Service::Agent { ", with its tasks" } else { "" };
    format!(
        "{host}: the {service} is there still, though the inventory has none for this host; `mesoform up \
         --prune` takes it away{with}"
    )
}

/// Takes away what was found, once all that is to stay runs.
pub(super) async fn take_away(run: &mut Run) -> Result<(), Stop> {
    let all = run
        .hosts
        .iter()
        .filter(|host| host.failure.is_none())
        .flat_map(|host| host.leaves.iter().map(|service| (host.spec.name.clone(), *service)));
    for (host, service) in all.collect::<Vec<_>>() {
        match retire(run, &host, service).await {
            Ok(()) => run.observer.on(change(&host, service)),
            Err(stop) => {
                let observer = Arc::clone(&run.observer);
                let failed = run.hosts.iter_mut().find(|h| h.spec.name == host);
                failed.into_iter().for_each(|host| host.fail(stop.clone(), &*observer));
            }
        }
    }
    run.all_hosts_fine_but_unreachable()
}

/// Takes a service's unit, data and identity from a host that is still in the inventory.
pub(super) async fn retire(run: &mut Run, name: &str, service: Service) -> Result<(), Stop> {
    let (id, cluster) = (format!("{}-retire-{service}", run.id), run.spec.name.clone());
    let missing = || Stop::Failed(format!("{name} is not at hand"));
    let host = run.hosts.iter_mut().find(|h| h.spec.name == name).ok_or_else(missing)?;
    // It may write as long as it runs.
    carry_out(host, &format!("{id}-end"), hostplan::ending(&cluster, name, service)).await?;
    let data = data_of(host, service).await?;
    carry_out(host, &id, hostplan::retirement(&cluster, name, service, &data)).await?;
    for path in hostplan::last_copies(service, &data) {
        let message = format!(
            "{name}: data that its {service} had before a new quorum began are kept in {}; remove them \
             when nobody wants them back",
            path.display()
        );
        run.observer.on(Progress::Notice { message });
    }
    Ok(())
}

async fn carry_out(host: &mut HostRun, id: &str, plan: Plan) -> Result<(), Stop> {
    let unsigned = |_: &SigningRequest| Err(Failure::new("a certificate", "none is wanted", ""));
    host.session()?.apply(id, plan, BTreeMap::new(), unsigned, &|_| ()).await?;
    Ok(())
}

/// The names in the folder of a service's data.
async fn data_of(host: &HostRun, service: Service) -> Result<Vec<String>, Stop> {
    let folder = Places::system().var.join(service.name());
    let folder = folder.display();
    let command = format!("sh -c 'test ! -d {folder} || ls -A {folder}'");
    let output = host.connection()?.exec_as_root(&command, b"").await?;
    if !matches!(output.exit, mesoform_transport::Exit::Code(0)) {
        let said = output.stderr.trim();
        return Err(Stop::Failed(format!("{folder} cannot be looked at: {said}")));
    }
    Ok(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect())
}
