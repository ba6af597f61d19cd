use super::reader::Reader;
use super::roles::Roles;
use super::{
    ClusterSpec, EtcdSpec, HostSpec, Mistakes, Ports, etcd, host_variables, variables, voters,
};
use crate::Service;
use mesoform_inventory::{Host, Inventory, Source};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

/// Where it is set, no host is a voter.
const ENDPOINTS: &str = "mesoform_quorum_endpoints";

/// Makes a cluster of an inventory.
///
/// # Errors
/// All that is wrong with it, at once.
pub fn resolve(inventory: &Inventory) -> Result<ClusterSpec, Mistakes> {
    let mut mistakes = Mistakes::default();
    let mut roles = Roles::of(inventory, &mut mistakes);
    roles.without_voters = inventory.hosts().any(|host| host.var(ENDPOINTS).is_some());
    let members: Vec<(&Host, BTreeSet<Service>)> =
        inventory.hosts().map(|h| (h, roles.services(h))).filter(|(_, s)| !s.is_empty()).collect();
    let plain: Vec<&Host> = members.iter().map(|(host, _)| *host).collect();
    variables::unknown(&plain, &mut mistakes);
    let options = variables::options(&plain, &mut mistakes);
    unprivileged(&plain, &options.ports, &mut mistakes);
    let name = name(inventory, &plain, &mut mistakes);
    let etcd = etcd(inventory, &plain, &name, &mut mistakes);
    let hosts = hosts(inventory, members, &mut mistakes);
    distinct(inventory, &hosts, &mut mistakes);
    let state_dir = folder(inventory).join(".mesoform").join(&name);
    let templates = templates(&plain, &folder(inventory), &mut mistakes);
    mistakes.conclude(ClusterSpec { name, hosts, options, etcd, templates, state_dir })
}

/// All hosts of an inventory, whatever they are for: for what needs them and no cluster.
///
/// # Errors
/// All that is wrong with how they are reached, at once.
pub fn resolve_hosts(inventory: &Inventory) -> Result<ClusterSpec, Mistakes> {
    let mut mistakes = Mistakes::default();
    let name = name(inventory, &[], &mut mistakes);
    let options = variables::options(&[], &mut mistakes);
    let members = inventory.hosts().map(|host| (host, BTreeSet::new())).collect();
    let hosts = hosts(inventory, members, &mut mistakes);
    let state_dir = folder(inventory).join(".mesoform").join(&name);
    mistakes.conclude(ClusterSpec { name, hosts, options, etcd: None, templates: None, state_dir })
}

fn hosts(
    inventory: &Inventory,
    members: Vec<(&Host, BTreeSet<Service>)>,
    mistakes: &mut Mistakes,
) -> Vec<HostSpec> {
    let votes = |services: &BTreeSet<Service>| services.contains(&Service::Quorum);
    let voting: Vec<&Host> = members.iter().filter(|(_, s)| votes(s)).map(|(h, _)| *h).collect();
    let slots = voters::slots(&voting, mistakes);
    let mut spec = |(host, services): (&Host, _)| {
        let slot = slots.get(host.name()).copied();
        host_variables::spec(inventory, host, services, slot, mistakes)
    };
    members.into_iter().map(&mut spec).collect()
}

fn etcd(
    inventory: &Inventory,
    hosts: &[&Host],
    cluster: &str,
    mistakes: &mut Mistakes,
) -> Option<EtcdSpec> {
    let voters = inventory.hosts().filter(|host| host.in_group("quorum")).map(Host::name);
    let folder = folder(inventory);
    let wanted = etcd::Wanted { cluster, folder: &folder, voters: voters.collect() };
    etcd::read(&mut Reader { hosts, mistakes }, &wanted)
}

/// Ports below this only root may listen on, and of the services only the agent is root.
const UNPRIVILEGED: u16 = 1024;

fn unprivileged(hosts: &[&Host], ports: &Ports, mistakes: &mut Mistakes) {
    let low =
        |(port, service, _): &(u16, Service, _)| *port < UNPRIVILEGED && *service != Service::Agent;
    for (port, service, variable) in ports.all().into_iter().filter(low) {
        let name = format!("mesoform_{variable}");
        let origin = Reader { hosts, mistakes }.origin(&[&name]);
        let cause = format!(
            "{name} is {port}, and ports below {UNPRIVILEGED} are root's: the {service} runs as a user \
             without rights"
        );
        let cure = format!(
            "set it to {UNPRIVILEGED} or higher; where clients need {port}, put a proxy or a redirection \
             of the firewall before it"
        );
        mistakes.add(&origin, cause, cure);
    }
}

/// Relative paths begin beside the inventory.
pub(super) fn folder(inventory: &Inventory) -> PathBuf {
    inventory.source().folder().map_or_else(|| PathBuf::from("."), PathBuf::from)
}

fn templates(hosts: &[&Host], folder: &Path, mistakes: &mut Mistakes) -> Option<PathBuf> {
    let var = Reader { hosts, mistakes }.get("mesoform_templates")?;
    let text = var.text().filter(|text| !text.is_empty());
    if text.is_none() {
        let cause = format!("mesoform_templates is {}", var.value);
        mistakes.add(&var.origin, cause, "name a folder that is laid out as templates/ is");
    }
    Some(etcd::place(&text?, folder))
}

/// `mesoform_cluster_name`, or the inventory's file name without its ending.
fn name(inventory: &Inventory, hosts: &[&Host], mistakes: &mut Mistakes) -> String {
    let set = Reader { hosts, mistakes }.get("mesoform_cluster_name");
    if let Some(var) = set {
        let text = var.text().unwrap_or_default();
        if !fits(&text) {
            let cause = format!("mesoform_cluster_name is {}", var.value);
            mistakes.add(&var.origin, cause, "use 1 to 63 letters, digits, - and _");
        }
        return text;
    }
    let stem = match inventory.source() {
        Source::File(path) => path.file_stem().map(|stem| stem.to_string_lossy().into_owned()),
        Source::HostList(_) => None,
    };
    let name: String = stem
        .unwrap_or_else(|| "cluster".into())
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '-' })
        .take(63)
        .collect();
    if fits(&name) { name } else { "cluster".into() }
}

fn fits(name: &str) -> bool {
    (1..=63).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

/// Two hosts that cannot be told apart would take each other's place in the cluster.
fn distinct(inventory: &Inventory, hosts: &[HostSpec], mistakes: &mut Mistakes) {
    let mut addresses = BTreeMap::new();
    for host in hosts {
        let Some(origin) = inventory.host(&host.name).map(Host::origin) else { continue };
        if let Some(first) = addresses.insert(&host.address, &host.name) {
            let cause = format!("{} and {first} have the same address {}", host.name, host.address);
            let cure = "give each host its own (ansible_host, or mesoform_address where the \
                        cluster uses another network)";
            mistakes.add(origin, cause, cure);
        }
        if hosts.len() > 1 && is_own(&host.address) {
            let cause =
                format!("{} has the address {}, which is each host's own", host.name, host.address);
            let cure = "set mesoform_address to one under which the other hosts reach it";
            mistakes.add(origin, cause, cure);
        }
    }
}

/// Whether every host calls itself so.
fn is_own(address: &str) -> bool {
    let name = address.trim_end_matches('.').to_lowercase();
    let ip = address.parse::<IpAddr>();
    name == "localhost" || name.ends_with(".localhost") || ip.is_ok_and(|ip| ip.is_loopback())
}
