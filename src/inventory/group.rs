use crate::{Host, Inventory, Origin, Vars};

/// A group as it stands in the inventory.
#[derive(Clone, Debug)]
pub(crate) struct GroupData {
    pub name: String,
    /// Where it is first named; none for `all` and `ungrouped` where the file does not name them.
    pub origin: Option<Origin>,
    /// The variables of its `:vars` sections alone.
    pub vars: Vars,
    pub children: Vec<usize>,
    /// Its own hosts, without those of its children.
    pub hosts: Vec<usize>,
    /// The longest way down from `all`: deeper groups' variables win.
    pub depth: usize,
    pub priority: i64,
}

/// A group of an [`Inventory`].
#[derive(Clone, Copy)]
pub struct Group<'a> {
    pub(crate) inventory: &'a Inventory,
    pub(crate) data: &'a GroupData,
    pub(crate) id: usize,
}

impl<'a> Group<'a> {
    pub fn name(&self) -> &'a str {
        &self.data.name
    }

    /// Where the group is first named; none for an implied `all` or `ungrouped`.
    pub fn origin(&self) -> Option<&'a Origin> {
        self.data.origin.as_ref()
    }

    /// Its hosts and those of its descendants, in Ansible's order: breadth first.
    pub fn hosts(&self) -> Vec<&'a Host> {
        let ids = self.inventory.host_ids_of(self.id);
        ids.into_iter().filter_map(|id| self.inventory.host_at(id)).collect()
    }

    /// Its own hosts, without those of its children.
    pub fn own_hosts(&self) -> impl Iterator<Item = &'a Host> + use<'a> {
        let inventory = self.inventory;
        self.data.hosts.iter().filter_map(move |id| inventory.host_at(*id))
    }

    pub fn children(&self) -> impl Iterator<Item = Group<'a>> + use<'a> {
        let inventory = self.inventory;
        self.data.children.iter().filter_map(move |id| inventory.group_at(*id))
    }

    pub fn is_empty(&self) -> bool {
        self.inventory.host_ids_of(self.id).is_empty()
    }
}
