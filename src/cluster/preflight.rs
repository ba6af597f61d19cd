//! What must be true of a host before anything is done to it. Pure: facts in, problems out.

use crate::admin::NOT_YET;
use crate::spec::TASK_USER;
use crate::{HostSpec, Ports, Service};
use mesoform_plan::{Facts, Observed};
use std::path::Path;
use thiserror::Error;

/// systemd with what the units of tasks use (v243 brought `OOMPolicy`): systemd-run refuses what its
/// systemd does not know.
const SYSTEMD_MIN: u32 = 243;
/// Certificates begin five minutes before they are made: a clock further behind refuses them.
const SKEW_MAX_MS: u64 = 60_000;
/// For the quorum's data, logs and sandboxes to begin with.
const VAR_FREE_MIN_MIB: u64 = 512;

/// Something that stands in the way on a host, and its cure.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Problem {
    #[error(
        "systemd is not its first process, and services need one to keep them running; install it, or boot the host instead of a container without init"
    )]
    NoSystemd,
    #[error(
        "its systemd is version {0}, and the units need {SYSTEMD_MIN} or later; upgrade the host"
    )]
    OldSystemd(u32),
    #[error(
        "the user (id {0}) may not become root: there is no sudo; install sudo, or connect as root (ansible_user=root)"
    )]
    NoRoot(u32),
    #[error(
        "its clock is {} s {} this machine's, and certificates and logs need the time; start an NTP client there (`timedatectl set-ntp true`)",
        .0.unsigned_abs(), if *.0 < 0 { "behind" } else { "ahead of" }
    )]
    ClockSkew(i64),
    #[error(
        "port {port} of its {service} is in use by {}; stop that, or set mesoform_{variable}",
        by.clone().unwrap_or_else(|| format!("something else (`ss -ltnp sport = :{port}` names it)"))
    )]
    PortInUse { port: u16, service: Service, variable: &'static str, by: Option<String> },
    #[error("{path} has {free} MiB free, and {needed} MiB are needed; make room there")]
    DiskFull { path: String, free: u64, needed: u64 },
    #[error(
        "it does not know the name{} {}, under which the cluster's hosts are reached; add it to its DNS or \
         /etc/hosts, or give the host an IP address with mesoform_address",
        if .0.len() == 1 { "" } else { "s" }, .0.join(", ")
    )]
    UnknownNames(Vec<String>),
    #[error(
        "it has no user {0:?}, whom tasks are to run as (mesoform_task_user); make that user there, or \
         leave the variable out"
    )]
    NoTaskUser(String),
    #[error(
        "it has a voter of this cluster's own quorum, and the inventory wants the etcd {etcd} in its place \
         (mesoform_quorum_endpoints): apps and what else the quorum knows do not go over by themselves; take \
         that variable out, or keep the definitions of the apps (GET /v2/apps), run `mesoform down`, and \
         then `up`"
    )]
    QuorumWasOwn { etcd: String },
    #[error(
        "this cluster's quorum is an etcd (see /etc/mesoform/etcd there), and the inventory wants one of the \
         cluster's own: apps and what else the etcd knows do not go over by themselves; set \
         mesoform_quorum_endpoints again, or keep the definitions of the apps (GET /v2/apps), run \
         `mesoform down`, and then `up`"
    )]
    QuorumWasEtcd,
    #[error(
        "this cluster's keys in etcd are those below {found}, and the inventory wants those below {wanted}: \
         what is there does not move by itself; set mesoform_quorum_prefix as it was, or run `mesoform \
         down`, and then `up`"
    )]
    OtherKeys { found: String, wanted: String },
    #[error(
        "it belongs to the cluster {found:?} (CA {fingerprint}), not to {wanted:?} (CA {ours}); take it out of that one first \
         (`mesoform down`), or, if you are a second operator of it, bring its CA to {dir}"
    )]
    OtherCluster { found: String, fingerprint: String, wanted: String, ours: String, dir: String },
}

/// What a check is made against.
pub(crate) struct Wanted<'a> {
    pub cluster: &'a str,
    pub ca_fingerprint: &'a str,
    pub state_dir: &'a Path,
    pub ports: &'a Ports,
    pub task_user: &'a str,
    /// What is to be carried, bytes; 0 where the host has it.
    pub carried: u64,
    /// Milliseconds since 1970 on this machine when the facts were gathered.
    pub now_ms: i64,
}

/// All that stands in the way on one host.
pub(crate) fn check(
    host: &HostSpec,
    facts: &Facts,
    observed: &Observed,
    wanted: &Wanted,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    problems.extend(systemd(facts));
    if facts.uid != 0 && !facts.has_sudo {
        problems.push(Problem::NoRoot(facts.uid));
    }
    problems.extend(other_cluster(facts, wanted));
    let skew = facts.epoch_ms.saturating_sub(wanted.now_ms);
    if skew.unsigned_abs() > SKEW_MAX_MS {
        problems.push(Problem::ClockSkew(skew / 1000));
    }
    if !facts.unresolved.is_empty() {
        problems.push(Problem::UnknownNames(facts.unresolved.iter().cloned().collect()));
    }
    problems.extend(no_task_user(host, observed, wanted.task_user));
    problems.extend(taken(host, facts, observed, wanted.ports).map(|(port, service, variable)| {
        let by = facts.holders.get(&port).and_then(|all| all.first()).map(ToString::to_string);
        Problem::PortInUse { port, service, variable, by }
    }));
    problems.extend(disk(facts, wanted.carried));
    problems
}

fn systemd(facts: &Facts) -> Option<Problem> {
    match facts.systemd {
        None => Some(Problem::NoSystemd),
        Some(version) if version < SYSTEMD_MIN => Some(Problem::OldSystemd(version)),
        Some(_) => None,
    }
}

/// Whom `up` makes need not be there; any other is the operator's to make.
fn no_task_user(host: &HostSpec, observed: &Observed, user: &str) -> Option<Problem> {
    let there = user == TASK_USER || observed.users.contains(user);
    (host.runs(Service::Agent) && !there).then(|| Problem::NoTaskUser(user.to_owned()))
}

/// A host that bears another cluster's mark, or that of another cluster of the same name.
pub(crate) fn other_cluster(facts: &Facts, wanted: &Wanted) -> Option<Problem> {
    let mark = facts.cluster.as_ref()?;
    let ours = mark.name == wanted.cluster && mark.fingerprint == wanted.ca_fingerprint;
    (!ours).then(|| Problem::OtherCluster {
        found: mark.name.clone(),
        fingerprint: short(&mark.fingerprint),
        wanted: wanted.cluster.to_owned(),
        ours: short(wanted.ca_fingerprint),
        dir: wanted.state_dir.display().to_string(),
    })
}

/// Enough of a fingerprint to tell two apart.
fn short(fingerprint: &str) -> String {
    if fingerprint == NOT_YET {
        return "not made yet".to_owned();
    }
    let start: String = fingerprint.chars().take(16).collect();
    format!("{start}…")
}

/// The ports that something else holds; one may be in use by the very service that is to use it. Where
/// nobody can say whose a port is, a service that runs is taken to hold it.
fn taken(
    host: &HostSpec,
    facts: &Facts,
    observed: &Observed,
    ports: &Ports,
) -> impl Iterator<Item = (u16, Service, &'static str)> {
    ports.all().into_iter().filter(|(port, service, _)| {
        let unit = service.unit();
        let ours = match facts.holders.get(port) {
            Some(holders) => holders.iter().any(|holder| holder.unit.as_ref() == Some(&unit)),
            None => observed.units.get(&unit).is_some_and(|unit| unit.is_up()),
        };
        host.runs(*service) && !ours && facts.listening.contains(port)
    })
}

/// A host that is part of the cluster already may be full: `up` must be able to mend it.
fn disk(facts: &Facts, carried: u64) -> Vec<Problem> {
    // The binary lies there twice while it is carried.
    let opt = carried.div_ceil(1024 * 1024) * 2;
    let var = if facts.cluster.is_none() { VAR_FREE_MIN_MIB } else { 0 };
    [("/opt", opt), ("/var/lib", var)]
        .into_iter()
        .filter_map(|(path, needed)| {
            let free = *facts.disk_free_mib.get(Path::new(path))?;
            (free < needed).then(|| Problem::DiskFull { path: path.into(), free, needed })
        })
        .collect()
}

#[cfg(test)]
mod tests;
