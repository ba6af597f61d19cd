//! A host's disk as a tree: commands run in it as at its first boot, with nothing else booted.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::host::Host;
use crate::run::{Run, run};

/// A whole first boot of cloud-init on a slow machine.
const LIMIT: Duration = Duration::from_secs(300);

/// Namespaces of its own, a `/dev` and a `/run` of its own, and no network: `$1` is the root. The
/// mesoform under test is `/run/mesoform` there.
const ENTER: &str = r#"set -e
root=$1; shift
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys" 2>/dev/null || true
mount -t tmpfs tmpfs "$root/run"
mkdir -p "$root/run/systemd/system" "$root/run/lock"
mount -t tmpfs tmpfs "$root/dev"
for node in null zero full random urandom; do
    : >"$root/dev/$node"
    mount --bind "/dev/$node" "$root/dev/$node"
done
ln -s /proc/self/fd "$root/dev/fd"
: >"$root/run/mesoform"
mount --bind "$MESOFORM_BIN" "$root/run/mesoform"
exec chroot "$root" env -i LANG=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@""#;

/// What must not reach the machine that the tests run on.
const STUBS: [&str; 6] = ["systemctl", "mount", "swapon", "shutdown", "systemd-run", "modprobe"];

impl Host {
    /// Puts programs that do nothing in the place of those that reach beyond a tree.
    pub fn stub_machine(&self) {
        use std::os::unix::fs::PermissionsExt;
        for name in STUBS {
            let file = self.root().join("usr/local/bin").join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, "#!/bin/sh\nexit 0\n").unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        }
    }

    /// Runs a command in the tree of a host that has no power.
    #[track_caller]
    pub fn in_tree(&self, words: &[&str]) -> Run {
        assert!(!self.has_power(), "its disk is in use");
        let mut unshare = Command::new("unshare");
        unshare.args(["--mount", "--uts", "--ipc", "--net", "--pid", "--fork", "--kill-child"]);
        unshare.args(["sh", "-c", ENTER, "sh"]).arg(self.root()).args(words);
        run(&mut unshare, LIMIT)
    }

    /// What was changed on its disk since it was made, as paths from `/` on.
    pub fn touched(&self) -> BTreeSet<PathBuf> {
        let mut paths = BTreeSet::new();
        let upper = self.root().with_file_name("upper");
        walk(&upper, Path::new("/"), &mut paths);
        paths
    }
}

fn walk(upper: &Path, path: &Path, paths: &mut BTreeSet<PathBuf>) {
    let folder = upper.join(path.strip_prefix("/").unwrap());
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = path.join(entry.file_name());
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            walk(upper, &path, paths);
        }
        paths.insert(path);
    }
}
