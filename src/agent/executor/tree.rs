//! Processes by their family, through /proc.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::collections::BTreeMap;
use std::path::Path;

/// SIGKILL to every descendant of this process. Says how many there were.
///
/// The caller is a subreaper: orphans of its tree are its children, so none can hide by its parent's
/// death.
pub fn kill_descendants() -> usize {
    let all = descendants(&parents(), i32::try_from(std::process::id()).unwrap_or(i32::MAX));
    kill_all(&all)
}

/// SIGKILL to every process whose environment names `sandbox` as its own: what an executor left
/// behind that died before its task. Says how many there were.
pub fn kill_of_sandbox(sandbox: &Path) -> usize {
    let mark = format!("MESOS_SANDBOX={}", sandbox.display());
    let found: Vec<i32> = pids().filter(|pid| has_in_environment(*pid, &mark)).collect();
    kill_all(&found)
}

fn kill_all(pids: &[i32]) -> usize {
    for pid in pids {
        // One that is gone already is no matter.
        let _ = kill(Pid::from_raw(*pid), Signal::SIGKILL);
    }
    pids.len()
}

fn has_in_environment(pid: i32, mark: &str) -> bool {
    let Ok(environment) = std::fs::read(format!("/proc/{pid}/environ")) else { return false };
    environment.split(|b| *b == 0).any(|entry| entry == mark.as_bytes())
}

fn pids() -> impl Iterator<Item = i32> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// Each process's parent; zombies have no say any more.
fn parents() -> BTreeMap<i32, i32> {
    pids().filter_map(|pid| Some((pid, parent_of(pid)?))).collect()
}

fn parent_of(pid: i32) -> Option<i32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    parse_parent(&stat)
}

/// `pid (name, which may hold anything) state parent …`, see proc(5).
fn parse_parent(stat: &str) -> Option<i32> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace();
    if matches!(fields.next()?, "Z" | "X") {
        return None;
    }
    fields.next()?.parse().ok()
}

fn descendants(parents: &BTreeMap<i32, i32>, root: i32) -> Vec<i32> {
    let mut found = vec![root];
    let mut next = 0;
    while let Some(parent) = found.get(next).copied() {
        let children = parents.iter().filter(|(pid, p)| **p == parent && **pid != root);
        let children: Vec<i32> = children.map(|(pid, _)| *pid).collect();
        found.extend(children.into_iter().filter(|c| *c != parent));
        next += 1;
    }
    found.split_off(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_hold_anything() {
        assert_eq!(parse_parent("17 (a) R 1 (b) S 4 17 17 0"), Some(4));
        assert_eq!(parse_parent("17 (x) Z 4 17"), None);
        assert_eq!(parse_parent("nonsense"), None);
    }

    #[test]
    fn a_family_is_found_to_the_last_grandchild() {
        let parents = BTreeMap::from([(1, 0), (2, 1), (3, 2), (4, 3), (5, 1), (6, 4)]);
        assert_eq!(descendants(&parents, 2), [3, 4, 6]);
        assert_eq!(descendants(&parents, 6), Vec::<i32>::new());
    }
}
