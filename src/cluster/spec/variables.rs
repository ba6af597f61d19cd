//! Variables of ours (`mesoform_…`) that hold for the whole cluster.

use super::{Auth, Mistakes, Options};
use mesoform_inventory::{Host, Var};
use mesoform_settings::Scheme;

/// Every variable of ours, so that a typo is no silence.
const KNOWN: &[&str] = &[
    "mesoform_address",
    "mesoform_agent_ping_misses",
    "mesoform_agent_ping_ms",
    "mesoform_agent_port",
    "mesoform_agent_reregister_ms",
    "mesoform_attributes",
    "mesoform_auth",
    "mesoform_cluster_name",
    "mesoform_cpus",
    "mesoform_disk",
    "mesoform_election_timeout_ms",
    "mesoform_failover_timeout_ms",
    "mesoform_heartbeat_ms",
    "mesoform_host_key_checking",
    "mesoform_http",
    "mesoform_leadership_ttl_ms",
    "mesoform_master_agents_port",
    "mesoform_master_port",
    "mesoform_mem",
    "mesoform_ports",
    "mesoform_quorum_client_port",
    "mesoform_quorum_peer_port",
    "mesoform_scheduler_port",
];

/// Reports variables that begin like ours and are none.
pub(super) fn unknown(hosts: &[&Host], mistakes: &mut Mistakes) {
    let mut seen = std::collections::BTreeSet::new();
    for (name, var) in hosts.iter().flat_map(|host| host.vars()) {
        let ours = name.starts_with("mesoform_") && !KNOWN.contains(&name);
        if ours && seen.insert(var.origin.to_string()) {
            let cause = format!("there is no variable {name}");
            mistakes.add(&var.origin, cause, format!("the variables are {}", KNOWN.join(", ")));
        }
    }
}

/// Reads the options of the cluster from the variables of its hosts, which must agree.
pub(super) fn options(hosts: &[&Host], mistakes: &mut Mistakes) -> Options {
    let mut options = Options::default();
    let mut reader = Reader { hosts, mistakes };
    let (ports, timing) = (&mut options.ports, &mut options.timing);
    reader.port("mesoform_quorum_client_port", &mut ports.quorum_client);
    reader.port("mesoform_quorum_peer_port", &mut ports.quorum_peer);
    reader.port("mesoform_master_port", &mut ports.master);
    reader.port("mesoform_master_agents_port", &mut ports.master_agents);
    reader.port("mesoform_agent_port", &mut ports.agent);
    reader.port("mesoform_scheduler_port", &mut ports.scheduler);
    reader.duration("mesoform_heartbeat_ms", 10, &mut timing.heartbeat);
    reader.duration("mesoform_election_timeout_ms", 100, &mut timing.election_timeout);
    reader.duration("mesoform_leadership_ttl_ms", 1_000, &mut timing.leadership_ttl);
    reader.duration("mesoform_agent_ping_ms", 100, &mut timing.agent_ping);
    reader.duration("mesoform_agent_reregister_ms", 1_000, &mut timing.agent_reregister);
    reader.duration("mesoform_failover_timeout_ms", 0, &mut timing.failover_timeout);
    let mut misses = u64::from(timing.agent_ping_misses);
    reader.duration("mesoform_agent_ping_misses", 1, &mut misses);
    timing.agent_ping_misses = u32::try_from(misses).unwrap_or(u32::MAX);
    reader.word(
        "mesoform_http",
        &[("tls", Scheme::Https), ("plain", Scheme::Http)],
        &mut options.scheme,
    );
    reader.word(
        "mesoform_auth",
        &[("basic", Auth::Basic), ("none", Auth::None)],
        &mut options.auth,
    );
    election(&options, &mut reader);
    distinct_ports(&options, &mut reader);
    options
}

fn election(options: &Options, reader: &mut Reader) {
    let timing = options.timing;
    if timing.election_timeout < 3 * timing.heartbeat {
        let place = reader.place("mesoform_election_timeout_ms");
        reader.mistakes.add(
            place,
            format!("an election time-out of {} ms is too near the heartbeat of {} ms", timing.election_timeout, timing.heartbeat),
            "set mesoform_election_timeout_ms to at least three times mesoform_heartbeat_ms; ten is usual",
        );
    }
}

fn distinct_ports(options: &Options, reader: &mut Reader) {
    let ports = options.ports.all();
    for (i, (port, _, name)) in ports.iter().enumerate() {
        let Some((_, _, other)) = ports[..i].iter().find(|(p, _, _)| p == port) else { continue };
        let place = reader.place(&format!("mesoform_{name}"));
        let cause = format!("mesoform_{name} and mesoform_{other} are both {port}");
        reader.mistakes.add(place, cause, "give each its own port");
    }
}

struct Reader<'a, 'm> {
    hosts: &'a [&'a Host],
    mistakes: &'m mut Mistakes,
}

impl<'a> Reader<'a, '_> {
    /// The variable as the hosts have it; a mistake where they differ.
    fn get(&mut self, name: &str) -> Option<&'a Var> {
        let mut found: Option<(&Host, Option<&'a Var>)> = None;
        for host in self.hosts {
            let var = host.var(name);
            match found {
                None => found = Some((host, var)),
                Some((first, value)) if value.map(|v| &v.value) != var.map(|v| &v.value) => {
                    let place = var.or(value).map(|v| v.origin.to_string()).unwrap_or_default();
                    let cause =
                        format!("{name} is not the same for {} and {}", first.name(), host.name());
                    self.mistakes.add(
                        place,
                        cause,
                        "it holds for the whole cluster: set it in [all:vars]",
                    );
                    return None;
                }
                Some(_) => {}
            }
        }
        found.and_then(|(_, var)| var)
    }

    fn place(&mut self, name: &str) -> String {
        let set = self.hosts.iter().find_map(|h| h.var(name));
        set.map_or_else(|| name.to_owned(), |var| var.origin.to_string())
    }

    fn port(&mut self, name: &str, port: &mut u16) {
        let Some(var) = self.get(name) else { return };
        match var.whole().and_then(|n| u16::try_from(n).ok()).filter(|n| *n > 0) {
            Some(value) => *port = value,
            None => self.wrong(name, var, "a port from 1 to 65535"),
        }
    }

    fn duration(&mut self, name: &str, least: u64, value: &mut u64) {
        let Some(var) = self.get(name) else { return };
        match var.whole().filter(|n| *n >= least) {
            Some(number) => *value = number,
            None => self.wrong(name, var, &format!("a whole number from {least}")),
        }
    }

    fn word<T: Copy>(&mut self, name: &str, words: &[(&str, T)], value: &mut T) {
        let Some(var) = self.get(name) else { return };
        let text = var.text();
        match words.iter().find(|(word, _)| text.as_deref() == Some(word)) {
            Some((_, meaning)) => *value = *meaning,
            None => {
                let words: Vec<_> = words.iter().map(|(word, _)| *word).collect();
                self.wrong(name, var, &words.join(" or "));
            }
        }
    }

    fn wrong(&mut self, name: &str, var: &Var, wanted: &str) {
        let cause = format!("{name} is {}", var.value);
        self.mistakes.add(&var.origin, cause, format!("set it to {wanted}"));
    }
}
