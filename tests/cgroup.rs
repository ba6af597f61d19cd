//! Each host in control groups of its own. Without that the hosts' systemds would share one tree, and
//! one would stop the other's services.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::sys::signal::Signal;
use nix::unistd::Pid;

/// Makes a group in every hierarchy of the machine (v1: one per controller; v2: one).
pub(crate) fn create(name: &str) -> Vec<PathBuf> {
    let mut groups = Vec::new();
    for hierarchy in hierarchies() {
        let group = hierarchy.join(name);
        if fs::create_dir_all(&group).is_ok() {
            inherit_cpus(&hierarchy, &group);
            groups.push(group);
        }
    }
    groups
}

/// Shell words that move the shell itself into the groups.
pub(crate) fn join(groups: &[PathBuf]) -> String {
    let lines = groups.iter().map(|group| format!("echo $$ >{}/cgroup.procs\n", group.display()));
    lines.collect()
}

/// Takes the groups away, the deepest first. False while something in them has not ended yet.
pub(crate) fn remove(name: &str) -> bool {
    let groups = hierarchies().into_iter().map(|hierarchy| hierarchy.join(name));
    groups.fold(true, |gone, group| {
        remove_tree(&group);
        gone && !group.exists()
    })
}

/// Stops or continues everything in the group at once; false where the machine has no freezer.
pub(crate) fn freeze(name: &str, frozen: bool) -> bool {
    let v1 = Path::new("/sys/fs/cgroup/freezer").join(name).join("freezer.state");
    if v1.exists() {
        return fs::write(v1, if frozen { "FROZEN" } else { "THAWED" }).is_ok();
    }
    let v2 = Path::new("/sys/fs/cgroup").join(name).join("cgroup.freeze");
    fs::write(v2, if frozen { "1" } else { "0" }).is_ok()
}

/// The processes in the groups, or below them.
pub(crate) fn processes(name: &str) -> Vec<i32> {
    let mut pids = Vec::new();
    for hierarchy in hierarchies() {
        collect(&hierarchy.join(name), &mut pids);
    }
    pids.sort_unstable();
    pids.dedup();
    pids
}

fn collect(group: &Path, pids: &mut Vec<i32>) {
    let listed = fs::read_to_string(group.join("cgroup.procs")).unwrap_or_default();
    pids.extend(listed.lines().filter_map(|line| line.parse::<i32>().ok()));
    for entry in fs::read_dir(group).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            collect(&entry.path(), pids);
        }
    }
}

/// Ends everything in the groups at once, as a power cut does: it all stands still before the first
/// of them is killed, so that none sees another's end. Waits until nothing is left.
pub(crate) fn kill(name: &str) {
    for _ in 0..6000 {
        let pids = processes(name);
        if pids.is_empty() {
            return;
        }
        freeze(name, true);
        for pid in pids {
            let _ = nix::sys::signal::kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
        freeze(name, false);
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn hierarchies() -> Vec<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    mounts
        .lines()
        .filter_map(|line| {
            let mut fields = line.split(' ');
            let (place, kind) = (fields.nth(1)?, fields.next()?);
            kind.starts_with("cgroup").then(|| PathBuf::from(place))
        })
        .collect()
}

/// A new cpuset group of v1 has no processors, and takes no process until it has.
fn inherit_cpus(hierarchy: &Path, group: &Path) {
    for file in ["cpuset.cpus", "cpuset.mems"] {
        if let Ok(value) = fs::read(hierarchy.join(file)) {
            let _ = fs::write(group.join(file), value);
        }
    }
}

fn remove_tree(group: &Path) {
    for entry in fs::read_dir(group).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_tree(&entry.path());
        }
    }
    let _ = fs::remove_dir(group);
}
