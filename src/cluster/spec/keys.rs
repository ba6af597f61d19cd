//! Private keys that the inventory names and that cannot be used: told before any host is asked.

use super::{ClusterSpec, Mistakes};
use mesoform_inventory::Inventory;
use mesoform_transport::Kind;

/// The variables that name a key, the winning one first.
const NAMES: [&str; 2] = ["ansible_ssh_private_key_file", "ansible_private_key_file"];

/// What is wrong with the key files of the hosts that are `touched`, each where it is named. Reads them.
pub fn key_mistakes(
    inventory: &Inventory,
    spec: &ClusterSpec,
    touched: impl Fn(&str) -> bool,
) -> Mistakes {
    let mut mistakes = Mistakes::default();
    let by_ssh = spec.hosts.iter().filter(|host| host.reach.kind != Some(Kind::Local));
    for host in by_ssh.filter(|host| touched(&host.name)) {
        let Some(trouble) = host.reach.key_trouble() else { continue };
        let Some(found) = inventory.host(&host.name) else { continue };
        let var = NAMES.iter().find_map(|name| found.var(name));
        let text = trouble.to_string();
        let own = format!("{}: ", host.name);
        let text = text.strip_prefix(&own).unwrap_or(&text);
        let (cause, cure) = text.split_once("; ").unwrap_or((text, ""));
        mistakes.add(var.map_or(found.origin(), |var| &var.origin), cause, cure);
    }
    mistakes.sorted()
}
