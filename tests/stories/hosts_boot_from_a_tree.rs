//! Machines boot with nothing of ours but a rendered tree on their disks. They fetch the binary by
//! themselves, as soon as somebody serves it; all that is left to `up` is to sign and to start.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use mesoform_tests::{Host, Rig, eventually};

const LIMIT: Duration = Duration::from_secs(180);
/// What no document may have; and of what booted by itself `up` does not know what it was started with.
const LEFT: [&str; 4] =
    ["create certificate ", "create credential ", "start unit ", "restart unit "];

#[test]
fn hosts_boot_from_a_tree() {
    let Some(rig) = Rig::new("hosts_boot_from_a_tree") else { return };
    let hosts = ["h1", "h2", "h3"].map(|name| rig.bare_host(name));
    let address = format!("{}:8000", rig.address());
    let cluster = rig.cluster(&format!(
        "[masters]\nh[1:3]\n\n[agents]\nh[1:3]\n\n[all:vars]\nmesoform_artifact_url=http://{address}/\n"
    ));
    let trees = rig.dir().join("trees");
    let render = ["render", "--units", "-o", &trees.display().to_string()];
    cluster.does(&render).expect_success().expect_says("15 certificates with their keys");
    for host in &hosts {
        plant(&trees.join(host.name()), &host.root());
        host.boot();
    }
    rig.tell("all have booted, and nobody serves the binary");
    assert!(!fetched(&hosts[0]));

    let inventory = cluster.inventory().display().to_string();
    let _server = rig.start_mesoform(&["serve", "-i", &inventory, "--listen", &address]);
    eventually("all have fetched the binary", LIMIT, || hosts.iter().all(fetched));
    rig.tell("all have the binary");

    let check = cluster.does(&["up", "--check", "--output", "json"]).expect_success().changes();
    assert_eq!(check.len(), hosts.len(), "{check:#?}");
    for change in check.values().flatten() {
        assert!(LEFT.iter().any(|left| change.starts_with(left)), "{change}\n{check:#?}");
    }
    cluster.up().expect_success();
    let again = cluster.does(&["up", "--output", "json"]).expect_success().changes();
    assert!(again.is_empty(), "{again:#?}");
    rig.tell("the cluster is up");
    cluster.create_web("/web", 3).expect_answers(3);

    // What boots again needs nobody any more.
    hosts[0].kill();
    hosts[0].boot();
    eventually("all is well again", LIMIT, || cluster.status().success());
}

/// Brings a tree to a disk, as root's.
fn plant(tree: &Path, root: &Path) {
    let mut copy = Command::new("cp");
    copy.args(["-r", "--no-dereference", "--preserve=mode,links"]);
    let copied = copy.arg(tree.join(".")).arg(root).status().unwrap();
    assert!(copied.success());
}

/// The unit that fetches takes itself away when it is done.
fn fetched(host: &Host) -> bool {
    let there = "test -x /opt/mesoform/bin/mesoform";
    let gone = "test ! -e /etc/systemd/system/mesoform-artifact.service";
    host.run(&format!("{there} && {gone}")).success()
}
