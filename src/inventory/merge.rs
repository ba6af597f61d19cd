//! Variables from all their places, the later over the earlier: Ansible's precedence.

use crate::draft::{ALL, Draft, GroupId};
use crate::group::GroupData;
use crate::var_files::VarFiles;
use crate::{ExtraVars, Host, Vars};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Makes the hosts: `all` in the inventory, its groups, `group_vars/all`, the groups' `group_vars`,
/// the host's line, its `host_vars`, `-e`.
pub(crate) fn hosts(
    draft: Draft,
    groups: &[GroupData],
    files: &VarFiles,
    extra: &ExtraVars,
) -> Vec<Host> {
    let parents = parents(groups);
    // Hosts of the same groups, and there are many, share what their groups say.
    let mut shared: HashMap<Vec<GroupId>, Arc<FromGroups>> = HashMap::new();
    let make = |(name, host): (String, crate::draft::HostDraft)| {
        let from_groups = shared
            .entry(host.groups.clone())
            .or_insert_with_key(|own| Arc::new(from_groups(own, groups, &parents, files)));
        let mut vars = from_groups.vars.clone();
        lay_over(&mut vars, &host.vars);
        if let Some(own) = files.of_host(&name) {
            lay_over(&mut vars, own);
        }
        lay_over(&mut vars, extra.vars());
        Host { groups: from_groups.names.clone(), name, origin: host.origin, vars }
    };
    draft.hosts.into_iter().map(make).collect()
}

/// The variables that every host would have: those of `all`, and `-e`.
pub(crate) fn common(groups: &[GroupData], files: &VarFiles, extra: &ExtraVars) -> Vars {
    let mut vars = Vars::new();
    if let Some(all) = groups.get(ALL) {
        lay_over(&mut vars, &all.vars);
        if let Some(own) = files.of_group(&all.name) {
            lay_over(&mut vars, own);
        }
    }
    lay_over(&mut vars, extra.vars());
    vars
}

struct FromGroups {
    names: Vec<String>,
    vars: Vars,
}

fn from_groups(
    own: &[GroupId],
    groups: &[GroupData],
    parents: &[Vec<GroupId>],
    files: &VarFiles,
) -> FromGroups {
    let mut ranked: Vec<&GroupData> =
        with_ancestors(own, parents).into_iter().filter_map(|id| groups.get(id)).collect();
    ranked.sort_by(|a, b| (a.depth, a.priority, &a.name).cmp(&(b.depth, b.priority, &b.name)));
    let mut vars = common(groups, &VarFiles::default(), &ExtraVars::default());
    for group in &ranked {
        lay_over(&mut vars, &group.vars);
    }
    let all = groups.get(ALL).into_iter();
    for group in all.chain(ranked.iter().copied()) {
        if let Some(own) = files.of_group(&group.name) {
            lay_over(&mut vars, own);
        }
    }
    let mut names: Vec<String> = ranked.iter().map(|group| group.name.clone()).collect();
    names.sort();
    FromGroups { names, vars }
}

fn lay_over(vars: &mut Vars, over: &Vars) {
    vars.extend(over.iter().map(|(name, var)| (Arc::clone(name), Arc::clone(var))));
}

fn parents(groups: &[GroupData]) -> Vec<Vec<GroupId>> {
    let mut parents = vec![Vec::new(); groups.len()];
    for (id, group) in groups.iter().enumerate() {
        for child in &group.children {
            parents[*child].push(id);
        }
    }
    parents
}

/// The groups and all above them, without `all`.
fn with_ancestors(own: &[GroupId], parents: &[Vec<GroupId>]) -> BTreeSet<GroupId> {
    let mut found = BTreeSet::new();
    let mut open: Vec<GroupId> = own.to_vec();
    while let Some(id) = open.pop() {
        if id != ALL && found.insert(id) {
            open.extend(&parents[id]);
        }
    }
    found
}
