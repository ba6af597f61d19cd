use super::roles::{Roles, place_of_inventory};
use super::{ClusterSpec, HostSpec, Mistakes, host_variables, variables, voters};
use mesoform_inventory::{Host, Inventory, Source};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Makes a cluster of an inventory.
///
/// # Errors
/// All that is wrong with it, at once.
pub fn resolve(inventory: &Inventory) -> Result<ClusterSpec, Mistakes> {
    let mut mistakes = Mistakes::default();
    let roles = Roles::of(inventory, &mut mistakes);
    let hosts: Vec<_> =
        inventory.hosts().map(|h| (h, roles.services(h))).filter(|(_, s)| !s.is_empty()).collect();
    let plain: Vec<&Host> = hosts.iter().map(|(host, _)| *host).collect();
    variables::unknown(&plain, &mut mistakes);
    let options = variables::options(&plain, &mut mistakes);
    let voting =
        |services: &std::collections::BTreeSet<_>| services.contains(&crate::Service::Quorum);
    let voting: Vec<&Host> = hosts.iter().filter(|(_, s)| voting(s)).map(|(h, _)| *h).collect();
    let slots = voters::slots(&voting, &mut mistakes);
    let specs: Vec<HostSpec> = hosts
        .into_iter()
        .map(|(host, services)| {
            let slot = slots.get(host.name()).copied();
            host_variables::spec(inventory, host, services, slot, &mut mistakes)
        })
        .collect();
    distinct_addresses(inventory, &specs, &mut mistakes);
    let name = name(inventory, &plain, &mut mistakes);
    if !mistakes.0.is_empty() {
        return Err(mistakes);
    }
    let state_dir = folder(inventory).join(".mesoform").join(&name);
    Ok(ClusterSpec { name, hosts: specs, options, state_dir })
}

fn folder(inventory: &Inventory) -> PathBuf {
    inventory.source().folder().map_or_else(|| PathBuf::from("."), PathBuf::from)
}

/// `mesoform_cluster_name`, or the inventory's file name without its ending.
fn name(inventory: &Inventory, hosts: &[&Host], mistakes: &mut Mistakes) -> String {
    if let Some(var) = hosts.iter().find_map(|h| h.var("mesoform_cluster_name")) {
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

fn distinct_addresses(inventory: &Inventory, hosts: &[HostSpec], mistakes: &mut Mistakes) {
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    for host in hosts {
        let Some(first) = seen.insert(&host.address, &host.name) else { continue };
        let place = inventory
            .host(&host.name)
            .map_or_else(|| place_of_inventory(inventory), |h| h.origin().to_string());
        mistakes.add(
            place,
            format!("{} and {first} have the same address {}", host.name, host.address),
            "give each host its own (ansible_host, or mesoform_address where the cluster uses another network)",
        );
    }
}
