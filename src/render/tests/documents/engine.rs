//! The real Ignition carries a document out on a tree: what lies there is what the plan says.

use crate::kit::{Cluster, EXTRAS, SMALL, THREE, not_run, programs};
use mesoform_plan::Ownership;
use mesoform_render::{Boot, Dialect};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What every image has: accounts, and a word about SELinux. The user `app` is an image's own.
const BARE: [(&str, &str); 6] = [
    ("etc/passwd", "root:x:0:0:root:/root:/bin/bash\napp:x:500:500::/:/bin/false\n"),
    ("etc/group", "root:x:0:\napp:x:500:\n"),
    ("etc/shadow", "root:*:19000:0:99999:7:::\n"),
    ("etc/gshadow", "root:*::\n"),
    ("etc/login.defs", "SYS_UID_MAX 999\nSYS_GID_MAX 999\nUSERGROUPS_ENAB yes\n"),
    ("etc/selinux/config", "SELINUX=disabled\nSELINUXTYPE=targeted\n"),
];

#[test]
fn ignition_makes_the_host_that_the_plan_says() {
    let Some(programs) = programs() else { return };
    if fs::metadata("/proc/self").unwrap().uid() != 0 {
        return not_run("Ignition's engine, which makes users and therefore must be root,");
    }
    for (inventory, host, limit) in [
        (THREE, "m2.example.org", None),
        // Packed, and with files of the operator's.
        (EXTRAS, "m1", Some(SMALL)),
    ] {
        let cluster = Cluster::of(inventory);
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        for (name, content) in BARE {
            fs::create_dir_all(root.join(name).parent().unwrap()).unwrap();
            fs::write(root.join(name), content).unwrap();
        }
        let document = folder.path().join("document.ign");
        fs::write(&document, cluster.document(Dialect::Ignition, host, limit)).unwrap();
        // Debian's engine has all files labelled for SELinux, which no test here is about.
        let labels = folder.path().join("setfiles");
        fs::write(&labels, "#!/bin/sh\ncat >/dev/null\n").unwrap();
        fs::set_permissions(&labels, fs::Permissions::from_mode(0o755)).unwrap();
        for stage in ["fetch", "files"] {
            carry_out(&programs.join("ignition"), stage, &document, folder.path());
        }
        check(&cluster.boot(cluster.spec.host(host).unwrap()), &root);
    }
}

fn carry_out(engine: &Path, stage: &str, document: &Path, folder: &Path) {
    let mut command = Command::new(engine);
    command.env("IGNITION_CONFIG_FILE", document);
    let path = std::env::var("PATH").unwrap();
    command.env("PATH", format!("{}:/usr/sbin:/sbin:{path}", folder.display()));
    command.args(["-platform", "file", "-log-to-stdout", "-stage", stage]);
    for (option, name) in [
        ("-root", "root"),
        ("-config-cache", "cache"),
        ("-state-file", "state"),
        ("-neednet", "neednet"),
    ] {
        command.arg(option).arg(folder.join(name));
    }
    let output = command.output().unwrap();
    let words = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{stage}: {words}");
}

fn check(boot: &Boot, root: &Path) {
    let tree = Tree { root, users: ids(root, "etc/passwd"), groups: ids(root, "etc/group") };
    for user in &boot.users {
        assert!(tree.users.contains_key(&user.name), "{}", user.name);
        assert!(tree.groups.contains_key(&user.name), "{}", user.name);
    }
    for directory in &boot.directories {
        tree.check(&directory.path, &directory.ownership);
    }
    for file in &boot.files {
        tree.check(&file.path, &file.ownership);
        assert_eq!(fs::read_to_string(tree.at(&file.path)).unwrap(), file.content);
    }
    for link in &boot.links {
        assert_eq!(fs::read_link(tree.at(&link.path)).unwrap(), link.target);
    }
    // Enabled at the first boot, by the preset that Ignition leaves.
    let preset = root.join("etc/systemd/system-preset/20-ignition.preset");
    let preset = fs::read_to_string(preset).unwrap();
    let mut enabled: Vec<&str> =
        preset.lines().filter_map(|line| line.strip_prefix("enable ")).collect();
    let mut wanted: Vec<&str> = boot.fetch.iter().chain(&boot.units).map(String::as_str).collect();
    enabled.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(enabled, wanted);
    let hostname = fs::read_to_string(root.join("etc/hostname")).unwrap();
    assert_eq!(Some(hostname.trim()), boot.hostname.as_deref());
}

struct Tree<'a> {
    root: &'a Path,
    users: BTreeMap<String, u32>,
    groups: BTreeMap<String, u32>,
}

impl Tree<'_> {
    fn at(&self, path: &Path) -> PathBuf {
        self.root.join(path.strip_prefix("/").unwrap())
    }

    fn check(&self, path: &Path, ownership: &Ownership) {
        let found = fs::metadata(self.at(path)).unwrap();
        let id =
            |ids: &BTreeMap<String, u32>, name: &str| if name.is_empty() { 0 } else { ids[name] };
        let wanted =
            (ownership.mode, id(&self.users, &ownership.user), id(&self.groups, &ownership.group));
        assert_eq!((found.mode() & 0o7777, found.uid(), found.gid()), wanted, "{}", path.display());
    }
}

/// Names and numbers of `passwd` or `group`.
fn ids(root: &Path, file: &str) -> BTreeMap<String, u32> {
    let text = fs::read_to_string(root.join(file)).unwrap();
    let entry = |line: &str| {
        let fields: Vec<&str> = line.split(':').collect();
        (fields[0].to_owned(), fields[2].parse().unwrap())
    };
    text.lines().map(entry).collect()
}
