//! One connection per host, and one look at it: facts, and everything that its plan is about.

use super::departed;
use super::etcd::EtcdLook;
use crate::hostplan::{BinaryRef, Blueprint};
use crate::run::{HostRun, Run, Stop};
use crate::{HostPlanError, Observer, Progress, Service};
use mesoform_plan::{Interest, Plan, interest, parse_probe, probe_script};
use mesoform_template::Templates;
use mesoform_transport::{Auth, Connection};
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// Connects to all hosts and observes them. Ends the run where too few answer.
pub(super) async fn look_at_all(run: &mut Run) -> Result<(), Stop> {
    look_with_plans(run).await?;
    go_on_with_consensus(run)
}

/// Connects to the hosts of a restart, which is about units that are there. The loss of its majority
/// is what a restart is for.
pub(super) async fn look_at_all_for_restart(run: &mut Run) -> Result<(), Stop> {
    let templates = run.spec.templates().map_err(|e| Stop::Refused(e.to_string()))?;
    for index in 0..run.hosts.len() {
        let units = blueprint(run, &templates, |blueprint| blueprint.units(&run.hosts[index].spec));
        run.hosts[index].plan = Some(units.map_err(|e| Stop::Refused(e.to_string()))?);
    }
    look(run).await;
    go_on_with_any(run)
}

/// Connects to all hosts and observes them. What was lost is what a restore is for.
pub(super) async fn look_at_all_for_restore(run: &mut Run) -> Result<(), Stop> {
    look_with_plans(run).await?;
    go_on_with_any(run)
}

/// Connects to hosts that have their plans already: a removal is the same for every architecture,
/// and what is installed there carries it out.
pub(super) async fn look_at_all_for_removal(run: &mut Run) -> Result<(), Stop> {
    look(run).await;
    go_on_with_any(run)
}

/// Connects to all hosts, and observes what their plans ask for, where they have one.
pub(super) async fn look(run: &mut Run) {
    visit(run, &BTreeSet::new()).await;
    run.summary.hosts = run.hosts.len();
}

/// Before a host's architecture is known, this machine's is assumed: where that is right, one look
/// is enough.
async fn look_with_plans(run: &mut Run) -> Result<(), Stop> {
    let templates = run.spec.templates().map_err(|e| Stop::Refused(e.to_string()))?;
    if let Ok(guess) = run.artifact(std::env::consts::ARCH).await {
        run.hosts.iter_mut().for_each(|host| host.artifact = Some(guess.clone()));
        make_plans(run, &templates)?;
    }
    let names = names(run);
    visit(run, &names).await;
    choose_binaries(run).await;
    make_plans(run, &templates)?;
    visit(run, &names).await;
    run.summary.hosts = run.hosts.len();
    Ok(())
}

/// The names under which hosts reach the quorum, masters and schedulers.
fn names(run: &Run) -> BTreeSet<String> {
    let central = [Service::Quorum, Service::Master, Service::Scheduler];
    let hosts = run.spec.hosts.iter().filter(|host| central.iter().any(|s| host.runs(*s)));
    let addresses = hosts.map(|host| host.address.clone());
    addresses.filter(|address| address.parse::<IpAddr>().is_err()).collect()
}

/// Looks at the hosts that have not been looked at since their plan was made.
async fn visit(run: &mut Run, names: &BTreeSet<String>) {
    let observer = Arc::clone(&run.observer);
    let names: Arc<BTreeSet<String>> = Arc::new(names.clone());
    let task_user: Arc<str> = run.spec.options.task_user.as_str().into();
    let etcd = EtcdLook::of(&run.spec);
    let check = run.options.check;
    run.each(move |host| {
        let (observer, names) = (Arc::clone(&observer), Arc::clone(&names));
        let (task_user, etcd) = (Arc::clone(&task_user), etcd.clone());
        Box::pin(async move {
            if host.is_looked_at() {
                return Ok(());
            }
            let mut interest = host.plan.as_ref().map(interest).unwrap_or_default();
            interest.names.extend(names.iter().cloned());
            interest.users.insert(task_user.to_string());
            etcd.add_interest(&host.spec, &mut interest);
            departed::add_interest(host, &mut interest);
            observe(host, check, &interest, &observer).await
        })
    })
    .await;
}

/// Tells who waits for sudo why that may be.
fn slow_sudo(
    host: &str,
    observer: &Arc<dyn Observer>,
) -> impl Fn(Duration) + Send + Sync + 'static + use<> {
    let (host, observer) = (host.to_owned(), Arc::clone(observer));
    move |waited| {
        let message = format!(
            "{host}: sudo has not answered for {} s, and is waited for; the host may be unable to \
             resolve its own name: add it to its /etc/hosts",
            waited.as_secs()
        );
        observer.on(Progress::Notice { message });
    }
}

async fn observe(
    host: &mut HostRun,
    check: bool,
    interest: &Interest,
    observer: &Arc<dyn Observer>,
) -> Result<(), Stop> {
    let say = |text: &str| {
        observer.on(Progress::Host { host: host.spec.name.clone(), text: text.to_owned() });
    };
    if host.connection.is_none() {
        say("connecting");
        let mut target = host.spec.reach.clone().resolve().await?;
        target.record_keys(!check);
        let connection = Connection::open(&target, &Auth::from_environment()).await?;
        host.connection = Some(connection.on_slow_sudo(slow_sudo(&host.spec.name, observer)));
    }
    say("looking");
    let script = probe_script(interest);
    let output = host.connection()?.exec_as_root("sh -s", script.as_bytes()).await?;
    host.looked_at = jiff::Timestamp::now();
    let text = String::from_utf8_lossy(&output.stdout);
    let (facts, observed) = parse_probe(&text).map_err(|e| {
        let said = output.stderr;
        Stop::Unreachable(format!("it could not be looked at: {e}; it said: {}", said.trim()))
    })?;
    say(&format!("{} {}, {}", facts.os_id, facts.os_version, facts.arch));
    (host.facts, host.observed) = (facts, observed);
    Ok(())
}

/// Gives each host the binary for the architecture that it was found to have.
pub(super) async fn choose_binaries(run: &mut Run) {
    let observer = Arc::clone(&run.observer);
    for index in 0..run.hosts.len() {
        let host = &run.hosts[index];
        let chosen = host.artifact.as_ref().map(|artifact| artifact.arch.as_str());
        if host.failure.is_some() || chosen == Some(host.facts.arch.as_str()) {
            continue;
        }
        let arch = host.facts.arch.clone();
        let found = run.artifact(&arch).await;
        let host = &mut run.hosts[index];
        match found {
            Ok(artifact) => host.change_binary(artifact),
            Err(stop) => host.fail(stop, &*observer),
        }
    }
}

/// Gives each host with a binary the plan that it misses.
fn make_plans(run: &mut Run, templates: &Templates) -> Result<(), Stop> {
    for index in 0..run.hosts.len() {
        let host = &run.hosts[index];
        let (None, Some(artifact)) = (&host.plan, &host.artifact) else { continue };
        let plan = host_plan(run, templates, host, artifact);
        let plan = plan.map_err(|e| Stop::Refused(e.to_string()))?;
        run.hosts[index].plan = Some(plan);
    }
    Ok(())
}

fn host_plan(
    run: &Run,
    templates: &Templates,
    host: &HostRun,
    artifact: &crate::Artifact,
) -> Result<Plan, HostPlanError> {
    let binary =
        BinaryRef { sha256: artifact.binary.sha256().to_owned(), size: artifact.binary.size() };
    blueprint(run, templates, |blueprint| blueprint.host(&host.spec, &binary))
}

fn blueprint<T>(run: &Run, templates: &Templates, make: impl FnOnce(Blueprint<'_>) -> T) -> T {
    let line = run.admin.credential.line();
    let fingerprint = run.admin.fingerprint();
    make(Blueprint {
        spec: &run.spec,
        templates,
        ca_pem: run.admin.certificate_pem(),
        ca_fingerprint: &fingerprint,
        credentials: (run.spec.options.auth == crate::Auth::Basic).then_some(line.as_str()),
        etcd: run.etcd.as_ref(),
    })
}

/// A host that does not answer stops nothing as long as the cluster was formed before and keeps its
/// majority; the run says so and ends with the code of an unreachable host.
fn go_on_with_consensus(run: &mut Run) -> Result<(), Stop> {
    let lost = unreachable(run)?;
    let voter = |host: &&HostRun| host.spec.runs(Service::Quorum);
    let active = |host: &&HostRun| {
        let unit = host.observed.units.get(&Service::Quorum.unit());
        host.failure.is_none() && unit.is_some_and(|unit| unit.active == "active")
    };
    let running = run.hosts.iter().filter(voter).filter(active).count();
    // Of voters that --limit leaves out nothing is known.
    let unknown = run.spec.voters().len() - run.hosts.iter().filter(voter).count();
    if !lost.is_empty() && running + unknown < run.spec.majority() {
        let hosts =
            if lost.len() == 1 { "one host".into() } else { format!("{} hosts", lost.len()) };
        return Err(Stop::Unreachable(format!(
            "{hosts} could not be reached (see above); nothing was changed, since without {} running \
             voters there is no consensus",
            run.spec.majority()
        )));
    }
    go_on_without(run, lost);
    Ok(())
}

/// Goes on without hosts that do not answer, as long as there is one that does.
fn go_on_with_any(run: &mut Run) -> Result<(), Stop> {
    let lost = unreachable(run)?;
    go_on_without(run, lost);
    Ok(())
}

/// The hosts that do not answer. Where there is no other, or one failed in another way, the run ends.
fn unreachable(run: &Run) -> Result<Vec<String>, Stop> {
    let is_lost = |host: &&HostRun| matches!(host.failure, Some(Stop::Unreachable(_)));
    let lost = run.hosts.iter().filter(is_lost).map(|host| host.spec.name.clone());
    let lost: Vec<String> = lost.collect();
    let failed = run.hosts.iter().filter(|host| host.failure.is_some()).count();
    if failed > lost.len() || failed == run.hosts.len() {
        run.all_hosts_fine()?;
    }
    Ok(lost)
}

fn go_on_without(run: &mut Run, names: Vec<String>) {
    if !names.is_empty() {
        let message = format!("going on without {}", names.join(", "));
        run.observer.on(Progress::Notice { message });
    }
    run.summary.unreachable = names;
}
