use super::glob::{Matcher, is_glob};
use super::subscript;
use crate::Inventory;
use crate::draft::HostId;

/// The hosts of one part, whose `!` or `&` does not matter here. A host may come several times:
/// a subscript counts them so, as in Ansible.
pub(super) fn hosts(inventory: &Inventory, part: &str) -> Result<Vec<HostId>, String> {
    if let Some(id) = inventory.hosts.get_index_of(part) {
        return Ok(vec![id]);
    }
    let pattern = part.strip_prefix(['!', '&']).unwrap_or(part);
    if pattern.is_empty() {
        return Err("nothing follows the sign".to_owned());
    }
    let (expression, subscript) = subscript::split(pattern)?;
    let hosts = matching(inventory, expression)?;
    match subscript {
        Some(subscript) => subscript.apply(hosts),
        None => Ok(hosts),
    }
}

/// Groups first; hosts when no group matches, or when the expression can mean several names.
fn matching(inventory: &Inventory, expression: &str) -> Result<Vec<HostId>, String> {
    let matcher = Matcher::new(expression)?;
    let groups =
        matcher.positions(inventory.groups.keys(), |name| inventory.groups.get_index_of(name));
    let mut found: Vec<HostId> =
        groups.iter().flat_map(|group| inventory.host_ids_of(*group)).collect();
    if groups.is_empty() || is_glob(expression) || expression.contains('.') {
        let exact = |name: &str| inventory.hosts.get_index_of(name);
        found.extend(matcher.positions(inventory.hosts.keys(), exact));
    }
    Ok(found)
}
