//! Taking a rig down: at its end, and later where its own process could not (it was killed).

use std::fs;
use std::path::Path;
use std::time::Duration;

use nix::mount::{MntFlags, umount2};

use crate::base::store;
use crate::cgroup;
use crate::network::Network;
use crate::process::Process;

/// Takes down the rigs whose owner is gone.
pub(crate) fn sweep() {
    for entry in fs::read_dir(store().join("run")).into_iter().flatten().flatten() {
        let dir = entry.path();
        let owner = Process::read(&dir.join("owner"));
        if owner.is_some_and(|owner| !owner.alive()) {
            take_down(&dir);
        }
    }
}

/// Ends everything that a rig started, by what it wrote down, and removes its folder.
pub(crate) fn take_down(dir: &Path) {
    let Some(name) = dir.file_name().map(|name| name.to_string_lossy().into_owned()) else {
        return;
    };
    for entry in fs::read_dir(dir.join("hosts")).into_iter().flatten().flatten() {
        let machine = format!("{name}-{}", entry.file_name().to_string_lossy());
        end_host(&entry.path(), &machine);
    }
    Network::remove(&name);
    let _ = fs::remove_dir_all(dir);
}

fn end_host(dir: &Path, machine: &str) {
    cgroup::kill(machine);
    // Empty groups show that the last of its processes has ended.
    wait_for(|| cgroup::remove(machine));
    wait_for(|| umount2(&dir.join("root"), MntFlags::UMOUNT_NOFOLLOW) != Err(nix::Error::EBUSY));
    for place in ["propagate", "unix-export"] {
        let _ = fs::remove_dir(Path::new("/run/systemd/nspawn").join(place).join(machine));
    }
}

/// Tear-down goes on with what it can do; it never fails a story.
fn wait_for(mut done: impl FnMut() -> bool) {
    for _ in 0..2400 {
        if done() {
            return;
        }
        std::thread::sleep(Duration::from_millis(25));
    }
}
