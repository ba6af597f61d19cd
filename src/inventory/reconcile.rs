//! What follows from a draft: which group is whose child, how deep it is, who is ungrouped.

use crate::draft::{ALL, Draft, GroupId, UNGROUPED};
use crate::findings::Findings;
use crate::group::GroupData;
use crate::notice::Remark;
use crate::{Mistake, Origin};

/// Applies Ansible's rules for groups.
///
/// Mistakes (groups that contain each other) go into `findings`; then no groups come back.
pub(crate) fn reconcile(draft: &mut Draft, findings: &mut Findings) -> Vec<GroupData> {
    adopt_orphans(draft);
    sort_out_ungrouped(draft);
    remark_twins(draft, findings);
    let Some(order) = topological_order(draft, findings) else { return Vec::new() };
    let depths = depths(draft, &order);
    let group = |(id, (name, group)): (usize, (&String, &crate::draft::GroupDraft))| GroupData {
        name: name.clone(),
        origin: group.origin.clone(),
        vars: group.vars.clone(),
        children: group.children.keys().copied().collect(),
        hosts: group.hosts.clone(),
        depth: depths[id],
        priority: group.priority.unwrap_or(1),
    };
    draft.groups.iter().enumerate().map(group).collect()
}

/// Every group without a parent becomes a child of `all`.
fn adopt_orphans(draft: &mut Draft) {
    let mut has_parent = vec![false; draft.groups.len()];
    for group in draft.groups.values() {
        for child in group.children.keys() {
            has_parent[*child] = true;
        }
    }
    for (id, has_parent) in has_parent.into_iter().enumerate() {
        if !has_parent && id != ALL {
            draft.add_child(ALL, id, None);
        }
    }
}

/// `ungrouped` loses the hosts that are in another group too, and gets those that are in none.
fn sort_out_ungrouped(draft: &mut Draft) {
    let elsewhere = |groups: &[GroupId]| groups.iter().any(|g| *g != ALL && *g != UNGROUPED);
    let mut ungrouped = std::mem::take(&mut draft.groups[UNGROUPED].hosts);
    ungrouped.retain(|id| !elsewhere(&draft.hosts[*id].groups));
    for (id, host) in draft.hosts.values_mut().enumerate() {
        if elsewhere(&host.groups) {
            host.groups.retain(|group| *group != UNGROUPED);
        } else if !host.groups.contains(&UNGROUPED) {
            host.groups.push(UNGROUPED);
            ungrouped.push(id);
        }
    }
    draft.groups[UNGROUPED].hosts = ungrouped;
}

fn remark_twins(draft: &Draft, findings: &mut Findings) {
    for (name, host) in &draft.hosts {
        if draft.groups.contains_key(name) {
            findings.remark(host.origin.clone(), Remark::HostLikeGroup { name: name.clone() });
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Mark {
    New,
    Open,
    Done,
}

/// Parents before children; none when groups contain each other.
///
/// Walks with a stack of its own: a chain of groups can be as long as a file.
fn topological_order(draft: &Draft, findings: &mut Findings) -> Option<Vec<GroupId>> {
    let mut marks = vec![Mark::New; draft.groups.len()];
    let mut finished = Vec::with_capacity(marks.len());
    let mut cyclic = false;
    for start in 0..marks.len() {
        if marks[start] != Mark::New {
            continue;
        }
        marks[start] = Mark::Open;
        let mut path: Vec<(GroupId, usize)> = vec![(start, 0)];
        while let Some((group, next)) = path.last_mut() {
            let Some((child, _)) = draft.groups[*group].children.get_index(*next) else {
                marks[*group] = Mark::Done;
                finished.push(*group);
                path.pop();
                continue;
            };
            *next += 1;
            match marks[*child] {
                Mark::New => {
                    marks[*child] = Mark::Open;
                    path.push((*child, 0));
                }
                Mark::Open => {
                    cyclic = true;
                    report_cycle(draft, &path, *child, findings);
                }
                Mark::Done => {}
            }
        }
    }
    finished.reverse();
    (!cyclic).then_some(finished)
}

/// `path` leads from some group down to one whose child is `back`, which is on the path itself.
fn report_cycle(draft: &Draft, path: &[(GroupId, usize)], back: GroupId, findings: &mut Findings) {
    let start = path.iter().position(|(id, _)| *id == back).unwrap_or(0);
    let mut circle: Vec<GroupId> = path[start..].iter().map(|(id, _)| *id).collect();
    circle.push(back);
    let edge = |pair: &[GroupId]| draft.groups[pair[0]].children.get(&pair[1]).cloned().flatten();
    // The last line that closes the circle; the edges below `all` have no line.
    let origin = circle.windows(2).filter_map(edge).max();
    let name = |id: &GroupId| draft.groups.get_index(*id).map(|(name, _)| name.clone());
    let mistake = Mistake::Cycle { path: circle.iter().filter_map(name).collect() };
    findings.mistake(origin.unwrap_or_else(|| Origin::option("-i")), mistake);
}

/// The longest way down from `all` to each group.
fn depths(draft: &Draft, order: &[GroupId]) -> Vec<usize> {
    let mut depths = vec![0; draft.groups.len()];
    for parent in order {
        for child in draft.groups[*parent].children.keys() {
            depths[*child] = depths[*child].max(depths[*parent] + 1);
        }
    }
    depths
}
