//! Variables of ours (`mesoform_…`) that hold for the whole cluster.

use super::reader::Reader;
use super::{Auth, Mistakes, Options, Ports, Timing};
use mesoform_inventory::{Host, nearest};
use mesoform_settings::Scheme;

/// What the names of all variables of ours begin with.
const PREFIX: &str = "mesoform_";
/// A year in milliseconds: what is longer was not meant.
const YEAR: u64 = 365 * 24 * 3600 * 1000;

/// Every variable of ours without its prefix, so that a typo is no silence.
const KNOWN: &[&str] = &[
    "address",
    "agent_ping_misses",
    "agent_ping_ms",
    "agent_port",
    "agent_reregister_ms",
    "arch",
    "artifact_url",
    "attributes",
    "auth",
    "cluster_name",
    "cpus",
    "disk",
    "election_timeout_ms",
    "extra_cloud_config",
    "extra_files",
    "extra_units",
    "failover_timeout_ms",
    "heartbeat_ms",
    "host_key_checking",
    "http",
    "join_url",
    "leadership_ttl_ms",
    "master_agents_port",
    "master_enrolment_port",
    "master_port",
    "mem",
    "ports",
    "quorum_ca_file",
    "quorum_cert_file",
    "quorum_client_port",
    "quorum_endpoints",
    "quorum_insecure",
    "quorum_key_file",
    "quorum_peer_port",
    "quorum_prefix",
    "scheduler_port",
    "task_log_size",
    "task_user",
    "templates",
    "unit_needs",
];

/// Reports variables that begin like ours and are none.
pub(super) fn unknown(hosts: &[&Host], mistakes: &mut Mistakes) {
    for (name, var) in hosts.iter().flat_map(|host| host.vars()) {
        let Some(own) = name.strip_prefix(PREFIX).filter(|own| !KNOWN.contains(own)) else {
            continue;
        };
        let cure = match nearest(own, KNOWN.iter().copied()) {
            Some(meant) => format!("did you mean {PREFIX}{meant}?"),
            None => format!("take it out: {PREFIX}… is what mesoform's own variables begin with"),
        };
        mistakes.add(&var.origin, format!("there is no variable {name}"), cure);
    }
}

/// Reads the options of the cluster from the variables of its hosts, which must agree.
pub(super) fn options(hosts: &[&Host], mistakes: &mut Mistakes) -> Options {
    let mut options = Options::default();
    let mut reader = Reader { hosts, mistakes };
    ports(&mut options.ports, &mut reader);
    timing(&mut options.timing, &mut reader);
    let http = [("tls", Scheme::Https), ("plain", Scheme::Http)];
    reader.word("mesoform_http", &http, &mut options.scheme);
    let auth = [("basic", Auth::Basic), ("none", Auth::None)];
    reader.word("mesoform_auth", &auth, &mut options.auth);
    reader.user("mesoform_task_user", &mut options.task_user);
    reader.number("mesoform_task_log_size", 1..=1_000_000, &mut options.task_log_mib);
    options.artifact_url = reader.artifact_url("mesoform_artifact_url");
    options.join_url = reader.join_url("mesoform_join_url");
    options
}

fn ports(ports: &mut Ports, reader: &mut Reader) {
    reader.port("mesoform_quorum_client_port", &mut ports.quorum_client);
    reader.port("mesoform_quorum_peer_port", &mut ports.quorum_peer);
    reader.port("mesoform_master_port", &mut ports.master);
    reader.port("mesoform_master_agents_port", &mut ports.master_agents);
    reader.port("mesoform_master_enrolment_port", &mut ports.master_enrolment);
    reader.port("mesoform_agent_port", &mut ports.agent);
    reader.port("mesoform_scheduler_port", &mut ports.scheduler);
    let all = ports.all();
    for (i, (port, _, name)) in all.iter().enumerate() {
        let Some((_, _, other)) = all[..i].iter().find(|(p, _, _)| p == port) else { continue };
        let (name, other) = (format!("{PREFIX}{name}"), format!("{PREFIX}{other}"));
        let origin = reader.origin(&[&name, &other]);
        let cause = format!("{name} and {other} are both {port}");
        reader.mistakes.add(&origin, cause, "give each its own port");
    }
}

fn timing(timing: &mut Timing, reader: &mut Reader) {
    reader.number("mesoform_heartbeat_ms", 10..=60_000, &mut timing.heartbeat);
    reader.number("mesoform_election_timeout_ms", 100..=600_000, &mut timing.election_timeout);
    reader.number("mesoform_leadership_ttl_ms", 1_000..=600_000, &mut timing.leadership_ttl);
    reader.number("mesoform_agent_ping_ms", 100..=600_000, &mut timing.agent_ping);
    reader.number("mesoform_agent_reregister_ms", 1_000..=YEAR, &mut timing.agent_reregister);
    reader.number("mesoform_failover_timeout_ms", 0..=YEAR, &mut timing.failover_timeout);
    let mut misses = u64::from(timing.agent_ping_misses);
    reader.number("mesoform_agent_ping_misses", 1..=1_000, &mut misses);
    timing.agent_ping_misses = u32::try_from(misses).unwrap_or(u32::MAX);
    if timing.election_timeout < 3 * timing.heartbeat {
        let origin = reader.origin(&["mesoform_election_timeout_ms", "mesoform_heartbeat_ms"]);
        let cause = format!(
            "an election time-out of {} ms is too near the heartbeat of {} ms",
            timing.election_timeout, timing.heartbeat
        );
        let cure = "set mesoform_election_timeout_ms to at least three times \
                    mesoform_heartbeat_ms; ten is usual";
        reader.mistakes.add(&origin, cause, cure);
    }
}
