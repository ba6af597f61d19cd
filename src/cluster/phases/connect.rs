//! One connection per host, and one look at it: facts, and everything that its plan is about.

use crate::hostplan::{BinaryRef, Blueprint};
use crate::run::{HostRun, Run, Stop};
use crate::{Observer, Progress, Service};
use mesoform_plan::{Interest, Plan, interest, parse_probe, probe_script};
use mesoform_template::Templates;
use mesoform_transport::{Auth, Connection};
use std::sync::Arc;

/// Connects to all hosts and observes them. Ends the run where too few answer.
pub(super) async fn look_at_all(run: &mut Run) -> Result<(), Stop> {
    plan_for(run, None).await?;
    visit(run).await;
    // Hosts of another architecture get another binary, and so another plan.
    if plan_for_found_architectures(run).await? {
        visit(run).await;
    }
    run.summary.hosts = run.hosts.len();
    go_on_without_unreachable(run)
}

/// Connects to the hosts of a restart. The loss of its majority is what a restart is for.
pub(super) async fn look_at_all_for_restart(run: &mut Run) -> Result<(), Stop> {
    plan_for(run, None).await?;
    visit(run).await;
    if plan_for_found_architectures(run).await? {
        visit(run).await;
    }
    run.summary.hosts = run.hosts.len();
    all_reached(run)
}

/// Connects to hosts that have their plans already: a removal is the same for every architecture.
pub(super) async fn look_at_all_for_removal(run: &mut Run) -> Result<(), Stop> {
    visit(run).await;
    let found: Vec<String> = run.hosts.iter().map(|h| h.facts.arch.clone()).collect();
    for (index, arch) in found.iter().enumerate().filter(|(_, arch)| !arch.is_empty()) {
        let artifact = run.artifact(arch).await.map_err(|e| Stop::Refused(e.to_string()))?;
        run.hosts[index].artifact = Some(artifact);
    }
    run.summary.hosts = run.hosts.len();
    all_reached(run)
}

/// Goes on without hosts that do not answer, as long as there is one that does.
fn all_reached(run: &mut Run) -> Result<(), Stop> {
    let failed = run.hosts.iter().filter(|h| h.failure.is_some());
    let names: Vec<String> = failed.map(|h| h.spec.name.clone()).collect();
    let other = |h: &HostRun| matches!(&h.failure, Some(f) if !matches!(f, Stop::Unreachable(_)));
    if names.len() == run.hosts.len() || run.hosts.iter().any(other) {
        return run.all_hosts_fine();
    }
    go_on_without(run, names);
    Ok(())
}

/// Connects to all hosts, and observes what `interest` asks for.
pub(super) async fn connect(run: &mut Run, interest: &Interest) -> Result<(), Stop> {
    let script: Arc<str> = probe_script(interest).into();
    let observer = Arc::clone(&run.observer);
    run.each(move |host| {
        let (script, observer) = (Arc::clone(&script), Arc::clone(&observer));
        Box::pin(async move { observe(host, &script, &*observer).await })
    })
    .await;
    run.summary.hosts = run.hosts.len();
    Ok(())
}

async fn visit(run: &mut Run) {
    let observer = Arc::clone(&run.observer);
    run.each(move |host| {
        let observer = Arc::clone(&observer);
        Box::pin(async move {
            let Some(plan) = &host.plan else { return Ok(()) };
            if host.connection.is_some() && host.looked_at > jiff::Timestamp::UNIX_EPOCH {
                return Ok(());
            }
            let script = probe_script(&interest(plan));
            observe(host, &script, &*observer).await
        })
    })
    .await;
}

async fn observe(host: &mut HostRun, script: &str, observer: &dyn Observer) -> Result<(), Stop> {
    let say = |text: &str| {
        observer.on(Progress::Host { host: host.spec.name.clone(), text: text.to_owned() });
    };
    if host.connection.is_none() {
        say("connecting");
        let target = host.spec.reach.clone().resolve().await?;
        host.connection = Some(Connection::open(&target, &Auth::from_environment()).await?);
    }
    say("looking");
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

/// Gives each host the plan for its architecture; before it is known, this machine's is assumed.
async fn plan_for(run: &mut Run, only: Option<&[usize]>) -> Result<(), Stop> {
    let refused = |e: &dyn std::fmt::Display| Stop::Refused(e.to_string());
    let templates = Templates::embedded().map_err(|e| refused(&e))?;
    for index in 0..run.hosts.len() {
        if only.is_some_and(|only| !only.contains(&index)) {
            continue;
        }
        let arch = match run.hosts[index].facts.arch.as_str() {
            "" => std::env::consts::ARCH.to_owned(),
            known => known.to_owned(),
        };
        let artifact = run.artifact(&arch).await.map_err(|e| refused(&e))?;
        let plan = host_plan(run, &templates, index, &artifact).map_err(|e| refused(&e))?;
        let host = &mut run.hosts[index];
        (host.plan, host.artifact) = (Some(plan), Some(artifact));
    }
    Ok(())
}

fn host_plan(
    run: &Run,
    templates: &Templates,
    index: usize,
    artifact: &crate::Artifact,
) -> Result<Plan, crate::HostPlanError> {
    let line = run.admin.credential.line();
    let fingerprint = run.admin.authority.fingerprint();
    let blueprint = Blueprint {
        spec: &run.spec,
        templates,
        ca_pem: run.admin.authority.certificate_pem(),
        ca_fingerprint: &fingerprint,
        credentials: (run.spec.options.auth == crate::Auth::Basic).then_some(line.as_str()),
    };
    let binary =
        BinaryRef { sha256: artifact.binary.sha256().to_owned(), size: artifact.binary.size() };
    blueprint.host(&run.hosts[index].spec, &binary)
}

/// Makes new plans where the architecture is not what was assumed; says whether there were any.
async fn plan_for_found_architectures(run: &mut Run) -> Result<bool, Stop> {
    let other = |host: &HostRun| {
        let planned = host.artifact.as_ref().map(|a| a.arch.as_str());
        host.failure.is_none() && planned != Some(host.facts.arch.as_str())
    };
    let others: Vec<usize> =
        (0..run.hosts.len()).filter(|index| other(&run.hosts[*index])).collect();
    for index in &others {
        run.hosts[*index].looked_at = jiff::Timestamp::UNIX_EPOCH;
    }
    if !others.is_empty() {
        plan_for(run, Some(&others)).await?;
    }
    Ok(!others.is_empty())
}

/// A host that does not answer stops nothing as long as the cluster was formed before and keeps its
/// majority; the run says so and ends with the code of an unreachable host.
fn go_on_without_unreachable(run: &mut Run) -> Result<(), Stop> {
    let failed: Vec<&HostRun> = run.hosts.iter().filter(|h| h.failure.is_some()).collect();
    let Some(first) = failed.first().and_then(|h| h.failure.clone()) else { return Ok(()) };
    if failed.iter().any(|h| !matches!(h.failure, Some(Stop::Unreachable(_)))) {
        return run.all_hosts_fine();
    }
    let reached = |h: &&HostRun| h.failure.is_none() && h.spec.runs(Service::Quorum);
    let running = |h: &HostRun| {
        h.observed.units.get(&Service::Quorum.unit()).is_some_and(|unit| unit.active == "active")
    };
    let voters = run.hosts.iter().filter(reached).filter(|h| running(h)).count();
    if voters < run.spec.majority() {
        return Err(match first.of_hosts(failed.len()) {
            Stop::Unreachable(text) => Stop::Unreachable(format!(
                "{text}; nothing was changed, since without {} running voters there is no consensus",
                run.spec.majority()
            )),
            other => other,
        });
    }
    let names: Vec<String> = failed.iter().map(|h| h.spec.name.clone()).collect();
    go_on_without(run, names);
    Ok(())
}

fn go_on_without(run: &mut Run, names: Vec<String>) {
    if !names.is_empty() {
        let message = format!("going on without {}", names.join(", "));
        run.observer.on(Progress::Notice { message });
    }
    run.summary.unreachable = names;
}
