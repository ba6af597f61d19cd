use crate::draft::{ALL, GroupId, HostId};
use crate::group::GroupData;
use crate::{
    ConnectionVars, ExtraVars, Group, Host, InventoryErrors, Loaded, Mistake, Notice, Origin,
    Selection, Source, Value, Var, Vars, connection, load, output, pattern,
};
use crate::{InventoryError, nearest::nearest};
use indexmap::IndexMap;
use std::collections::{HashSet, VecDeque};
use std::path::Path;

/// Hosts and groups, with the variables merged.
#[derive(Debug)]
pub struct Inventory {
    pub(crate) source: Source,
    pub(crate) hosts: IndexMap<String, Host>,
    pub(crate) groups: IndexMap<String, GroupData>,
    /// The hosts in Ansible's order.
    pub(crate) order: Vec<HostId>,
    pub(crate) common: Vars,
    pub(crate) notices: Vec<Notice>,
}

impl Inventory {
    /// Reads what `-i` named: a file, or `host,` for hosts that are named at once.
    ///
    /// # Errors
    /// All the mistakes in the inventory and its variable files, each with its place.
    pub fn load(source: &str, extra: &ExtraVars) -> Result<Self, InventoryErrors> {
        load::load(source, extra).map_err(|(errors, _)| errors)
    }

    /// As [`Inventory::load`], and beside the mistakes what there is of the inventory where they
    /// leave its hosts and groups known: so that whoever makes something of it can add what is wrong
    /// with the rest.
    ///
    /// # Errors
    /// All the mistakes in it, each with its place.
    pub fn load_in_part(source: &str, extra: &ExtraVars) -> Loaded {
        load::load(source, extra)
    }

    /// Reads INI `text` as if it stood in `file`, without the variable files beside it.
    ///
    /// # Errors
    /// All the mistakes in the text, each with its place.
    pub fn parse(text: &str, file: &Path, extra: &ExtraVars) -> Result<Self, InventoryErrors> {
        load::parse(text, file, extra).map_err(|(errors, _)| errors)
    }

    pub fn source(&self) -> &Source {
        &self.source
    }

    /// What is no mistake but may not be meant.
    pub fn notices(&self) -> &[Notice] {
        &self.notices
    }

    /// All hosts, in Ansible's order: breadth first over the groups.
    pub fn hosts(&self) -> impl Iterator<Item = &Host> {
        self.order.iter().filter_map(|id| self.host_at(*id))
    }

    pub fn host(&self, name: &str) -> Option<&Host> {
        self.hosts.get(name)
    }

    /// All groups in the order of the file, `all` and `ungrouped` first.
    pub fn groups(&self) -> impl Iterator<Item = Group<'_>> {
        (0..self.groups.len()).filter_map(|id| self.group_at(id))
    }

    pub fn group(&self, name: &str) -> Option<Group<'_>> {
        self.group_at(self.groups.get_index_of(name)?)
    }

    /// A variable of the inventory as a whole: of the group `all`, or `-e`.
    pub fn var(&self, name: &str) -> Option<&Var> {
        self.common.get(name).map(|var| &**var)
    }

    /// The hosts that a pattern (`--limit`) selects, in Ansible's order for patterns.
    ///
    /// # Errors
    /// The pattern cannot be used, a part of it matches nothing (Ansible warns), or the whole
    /// selects no host.
    pub fn select(&self, pattern: &str) -> Result<Vec<String>, InventoryErrors> {
        pattern::select_strictly(self, pattern)
    }

    /// The hosts that a pattern selects, and the parts that match nothing, exactly as in Ansible.
    ///
    /// # Errors
    /// The pattern cannot be used.
    pub fn match_pattern(&self, pattern: &str) -> Result<Selection, InventoryErrors> {
        pattern::evaluate(self, pattern)
    }

    /// How a host is reached.
    ///
    /// # Errors
    /// There is no such host, or variables have the wrong type; all of them at once.
    pub fn connection(&self, host: &str) -> Result<ConnectionVars, InventoryErrors> {
        self.connection_rendered(host, &|_| Err("templates are not worked out here".to_owned()))
    }

    /// As [`Self::connection`], with `render` to work out values that hold a template.
    ///
    /// # Errors
    /// As [`Self::connection`], and templates that cannot be worked out.
    pub fn connection_rendered(
        &self,
        host: &str,
        render: &dyn Fn(&str) -> Result<Value, String>,
    ) -> Result<ConnectionVars, InventoryErrors> {
        let found = self.hosts.get(host).ok_or_else(|| self.unknown_host(host))?;
        connection::of(found, render)
    }

    /// What `ansible-inventory --list` prints; [`crate::render_json`] prints it the same way.
    pub fn to_list_json(&self) -> Value {
        output::list(self)
    }

    /// What `ansible-inventory --host` prints.
    ///
    /// # Errors
    /// There is no such host.
    pub fn to_host_json(&self, host: &str) -> Result<Value, InventoryErrors> {
        let found = self.hosts.get(host).ok_or_else(|| self.unknown_host(host))?;
        Ok(output::host(found))
    }

    /// What `ansible-inventory --graph` prints, without the last line break.
    pub fn graph(&self) -> String {
        self.group_at(ALL).map(output::graph).unwrap_or_default()
    }

    fn unknown_host(&self, host: &str) -> InventoryError {
        let nearest = nearest(host, self.hosts.keys().map(String::as_str));
        let mistake = Mistake::UnknownHost { host: host.to_owned(), nearest };
        InventoryError { origin: Origin::option("--host"), mistake }
    }

    pub(crate) fn host_at(&self, id: HostId) -> Option<&Host> {
        self.hosts.get_index(id).map(|(_, host)| host)
    }

    pub(crate) fn group_at(&self, id: GroupId) -> Option<Group<'_>> {
        let (_, data) = self.groups.get_index(id)?;
        Some(Group { inventory: self, data, id })
    }

    /// The hosts of a group and its descendants, breadth first, each once.
    pub(crate) fn host_ids_of(&self, id: GroupId) -> Vec<HostId> {
        hosts_below(|id| self.groups.get_index(id).map(|(_, group)| group), id, self.hosts.len())
    }
}

/// The hosts of a group and its descendants, breadth first, each once.
pub(crate) fn hosts_below<'a>(
    group_at: impl Fn(GroupId) -> Option<&'a GroupData>,
    top: GroupId,
    host_count: usize,
) -> Vec<HostId> {
    let mut hosts = Vec::new();
    let mut seen_hosts = vec![false; host_count];
    let mut seen_groups = HashSet::from([top]);
    let mut open = VecDeque::from([top]);
    while let Some(group) = open.pop_front().and_then(&group_at) {
        for id in &group.hosts {
            if !std::mem::replace(&mut seen_hosts[*id], true) {
                hosts.push(*id);
            }
        }
        open.extend(group.children.iter().filter(|child| seen_groups.insert(**child)));
    }
    hosts
}
