use crate::findings::Findings;
use crate::notice::Remark;
use crate::{Mistake, Origin, Value, Var, Vars};
use indexmap::IndexMap;
use std::collections::HashSet;
use std::sync::Arc;

pub(crate) type HostId = usize;
pub(crate) type GroupId = usize;

/// The id of the group that holds every host.
pub(crate) const ALL: GroupId = 0;
/// The id of the group of hosts that are in no other.
pub(crate) const UNGROUPED: GroupId = 1;

/// An inventory while its sources are read: what was said, not yet what follows from it.
pub(crate) struct Draft {
    pub hosts: IndexMap<String, HostDraft>,
    pub groups: IndexMap<String, GroupDraft>,
}

pub(crate) struct HostDraft {
    pub origin: Origin,
    pub vars: Vars,
    pub groups: Vec<GroupId>,
    /// The address that its lines gave so far, to find a second one.
    address: Option<(String, Origin)>,
    port: Option<u16>,
}

#[derive(Default)]
pub(crate) struct GroupDraft {
    pub origin: Option<Origin>,
    pub vars: Vars,
    pub children: IndexMap<GroupId, Option<Origin>>,
    pub hosts: Vec<HostId>,
    pub priority: Option<i64>,
    members: HashSet<HostId>,
}

impl Draft {
    pub fn new() -> Self {
        let mut draft = Self { hosts: IndexMap::new(), groups: IndexMap::new() };
        let all = draft.add_group("all", None);
        let ungrouped = draft.add_group("ungrouped", None);
        draft.add_child(all, ungrouped, None);
        draft
    }

    /// The group of that name, made if it is not there.
    pub fn add_group(&mut self, name: &str, origin: Option<&Origin>) -> GroupId {
        if let Some(id) = self.groups.get_index_of(name) {
            if self.groups[id].origin.is_none() {
                self.groups[id].origin = origin.cloned();
            }
            return id;
        }
        let group = GroupDraft { origin: origin.cloned(), ..GroupDraft::default() };
        self.groups.insert_full(name.to_owned(), group).0
    }

    pub fn add_child(&mut self, parent: GroupId, child: GroupId, origin: Option<Origin>) {
        self.groups[parent].children.entry(child).or_insert(origin);
    }

    /// The host of that name, made if it is not there, as a member of `group`.
    ///
    /// A port counts only where the host is named first, as in Ansible.
    pub fn add_host(
        &mut self,
        name: &str,
        port: Option<u16>,
        group: GroupId,
        origin: &Origin,
        findings: &mut Findings,
    ) -> HostId {
        let id = match self.hosts.get_full(name) {
            Some((id, _, known)) => {
                if let Some(port) = port.filter(|_| known.port != port) {
                    let first = known.origin.clone();
                    let remark = Remark::PortIgnored { host: name.to_owned(), port, first };
                    findings.remark(origin.clone(), remark);
                }
                id
            }
            None => self.hosts.insert_full(name.to_owned(), HostDraft::new(port, origin)).0,
        };
        let group_draft = &mut self.groups[group];
        if group_draft.members.insert(id) {
            group_draft.hosts.push(id);
            self.hosts[id].groups.push(group);
        }
        id
    }

    /// Sets a variable on a host's line; a second, different address is a mistake.
    pub fn set_host_var(
        &mut self,
        id: HostId,
        name: &Arc<str>,
        var: &Arc<Var>,
        findings: &mut Findings,
    ) {
        let Some((host, draft)) = self.hosts.get_index_mut(id) else { return };
        if matches!(&**name, "ansible_host" | "ansible_ssh_host") {
            let address = var.text().unwrap_or_else(|| var.value.to_string());
            match &draft.address {
                Some((first, first_origin)) if *first != address => {
                    let mistake = Mistake::TwoAddresses {
                        host: host.clone(),
                        first: first.clone(),
                        first_origin: first_origin.clone(),
                        second: address,
                    };
                    findings.mistake(var.origin.clone(), mistake);
                }
                Some(_) => {}
                None => draft.address = Some((address, var.origin.clone())),
            }
        }
        draft.vars.insert(Arc::clone(name), Arc::clone(var));
    }

    /// Sets a variable of a `:vars` section.
    pub fn set_group_var(&mut self, id: GroupId, name: &str, var: Var, findings: &mut Findings) {
        let group = &mut self.groups[id];
        if name != "ansible_group_priority" {
            group.vars.insert(name.into(), Arc::new(var));
            return;
        }
        match priority(&var) {
            Some(priority) => group.priority = Some(priority),
            None => {
                let found = crate::var::shown(&var.value);
                findings.mistake(var.origin, Mistake::Priority { found });
            }
        }
    }
}

/// As Python's `int()`: a fraction is cut off.
fn priority(var: &Var) -> Option<i64> {
    match &var.value {
        Value::Number(n) => n.as_i64().or_else(|| n.as_f64().map(|f| f as i64)),
        Value::Bool(truth) => Some(i64::from(*truth)),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

impl HostDraft {
    fn new(port: Option<u16>, origin: &Origin) -> Self {
        let mut vars = Vars::new();
        if let Some(port) = port {
            let var = Var { value: port.into(), origin: origin.clone() };
            vars.insert("ansible_port".into(), Arc::new(var));
        }
        Self { origin: origin.clone(), vars, groups: Vec::new(), address: None, port }
    }
}
