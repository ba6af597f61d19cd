//! What an inventory says that means nothing here, and is no mistake.

use super::ClusterSpec;
use mesoform_inventory::Inventory;

/// What is passed over, with its place.
pub fn notes(inventory: &Inventory, spec: &ClusterSpec) -> Vec<String> {
    let Some(etcd) = &spec.etcd else { return Vec::new() };
    let Some(var) = inventory.hosts().find_map(|host| host.var("zoo_id")) else {
        return Vec::new();
    };
    let urls = etcd.urls().join(", ");
    vec![format!(
        "{}: zoo_id means nothing here, since the quorum is the etcd at {urls}",
        var.origin
    )]
}
