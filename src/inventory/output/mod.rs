//! The shapes of `ansible-inventory`: `--list`, `--host` and `--graph`.

mod render;

pub use render::render_json;

use crate::draft::{ALL, GroupId};
use crate::{Group, Host, Inventory};
use serde_json::{Map, Value, json};

/// Variables that Ansible keeps to itself.
const INTERNAL: &[&str] = &[
    "ansible_async_path",
    "ansible_collection_name",
    "ansible_config_file",
    "ansible_dependent_role_names",
    "ansible_diff_mode",
    "ansible_facts",
    "ansible_forks",
    "ansible_inventory_sources",
    "ansible_limit",
    "ansible_play_batch",
    "ansible_play_hosts",
    "ansible_play_hosts_all",
    "ansible_play_role_names",
    "ansible_playbook_python",
    "ansible_role_name",
    "ansible_role_names",
    "ansible_run_tags",
    "ansible_skip_tags",
    "ansible_verbosity",
    "ansible_version",
    "group_names",
    "groups",
    "hostvars",
    "inventory_dir",
    "inventory_file",
    "inventory_hostname",
    "inventory_hostname_short",
    "play_hosts",
    "playbook_dir",
    "role_name",
    "role_names",
    "role_path",
    "role_uuid",
];

/// `ansible-inventory --host`: the merged variables.
pub(crate) fn host(host: &Host) -> Value {
    let shown = host.vars().filter(|(name, _)| !INTERNAL.contains(name));
    Value::Object(shown.map(|(name, var)| (name.to_owned(), var.value.clone())).collect())
}

/// `ansible-inventory --list`.
pub(crate) fn list(inventory: &Inventory) -> Value {
    let mut groups = Map::new();
    for id in reachable(inventory) {
        let Some(group) = inventory.group_at(id) else { continue };
        let mut shape = Map::new();
        let hosts: Vec<&str> = group.own_hosts().map(Host::name).collect();
        if !hosts.is_empty() && id != ALL {
            shape.insert("hosts".to_owned(), json!(hosts));
        }
        let children: Vec<&str> = group.children().map(|child| child.name()).collect();
        if !children.is_empty() {
            shape.insert("children".to_owned(), json!(children));
        }
        if !shape.is_empty() {
            groups.insert(group.name().to_owned(), Value::Object(shape));
        }
    }
    let vars = inventory.hosts().map(|h| (h.name().to_owned(), host(h)));
    let vars: Map<String, Value> =
        vars.filter(|(_, vars)| vars.as_object().is_some_and(|vars| !vars.is_empty())).collect();
    groups.insert("_meta".to_owned(), json!({"hostvars": vars, "profile": "inventory_legacy"}));
    Value::Object(groups)
}

/// Every group once; all of them are below `all`.
fn reachable(inventory: &Inventory) -> std::ops::Range<GroupId> {
    0..inventory.groups.len()
}

/// `ansible-inventory --graph`.
///
/// A group with several parents is drawn below each of them, so the drawing of a contrived
/// inventory could grow without bounds: it ends after a million lines.
pub(crate) fn graph(top: Group) -> String {
    const MOST_LINES: usize = 1_000_000;
    let mut lines = Vec::new();
    let mut open = vec![(Node::Group(top), 0)];
    while let Some((node, depth)) = open.pop() {
        if lines.len() == MOST_LINES {
            lines.push("…".to_owned());
            break;
        }
        match node {
            Node::Host(name) => lines.push(branch(name, depth)),
            Node::Group(group) => {
                lines.push(branch(&format!("@{}:", group.name()), depth));
                let below = group.children().map(Node::Group);
                let own = group.own_hosts().filter(|_| group.id != ALL);
                let below: Vec<_> = below.chain(own.map(|h| Node::Host(h.name()))).collect();
                open.extend(below.into_iter().rev().map(|node| (node, depth + 1)));
            }
        }
    }
    lines.join("\n")
}

enum Node<'a> {
    Group(Group<'a>),
    Host(&'a str),
}

fn branch(name: &str, depth: usize) -> String {
    match depth {
        0 => name.to_owned(),
        _ => format!("{}--{name}", "  |".repeat(depth)),
    }
}
