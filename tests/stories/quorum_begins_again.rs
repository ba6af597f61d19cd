//! The quorum's data are saved and restored; and a quorum whose majority is lost for good begins again
//! from the one voter that is left.

use std::time::Duration;

use mesoform_tests::{Host, Rig, eventually};

const MASTERS_AND_AGENTS: &str = "[mesos_masters]\nh[1:3]\n\n[mesos_slaves]\nh[1:3]\n";
const LIMIT: Duration = Duration::from_secs(180);

#[test]
fn backup_and_restore() {
    let Some(rig) = Rig::new("backup_and_restore") else { return };
    let hosts = rig.hosts(["h1", "h2", "h3"]);
    let cluster = rig.cluster(MASTERS_AND_AGENTS);
    cluster.up().expect_success();
    let web = cluster.create_web("/web", 2);
    let before = web.expect_answers(2);
    let prober = web.probe(&before);
    cluster.etcdctl(&[&hosts[0]], &["put", "saved", "yes"]).expect_success();

    // Also while a minority is down.
    hosts[2].service("quorum").stop();
    let file = rig.dir().join("quorum.backup").display().to_string();
    let made = cluster.does(&["backup", "-o", &file]).expect_success();
    println!("{made}");
    let mode =
        std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    // As somebody would do it who knows etcd: the same file, but for the revision that may differ.
    let other = rig.dir().join("etcdctl.backup").display().to_string();
    cluster.etcdctl(&[&hosts[0]], &["snapshot", "save", &other]).expect_success();
    cluster.etcdctl(&[&hosts[0]], &["put", "saved", "too late"]).expect_success();
    rig.tell("saved");

    // Not over data that are there, not without being asked to, and not what is damaged.
    cluster.does(&["restore", &file, "--yes"]).expect_code(1).expect_says("--overwrite");
    cluster.does(&["restore", &file, "--overwrite"]).expect_code(1).expect_says("--yes");
    let mut damaged = std::fs::read(&file).unwrap();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    let broken = rig.dir().join("broken.backup");
    std::fs::write(&broken, damaged).unwrap();
    let broken = broken.display().to_string();
    cluster.does(&["restore", &broken, "--yes"]).expect_code(1).expect_says("checksum");

    let restored = cluster.does(&["restore", &file, "--overwrite", "--yes"]).expect_success();
    println!("{restored}");
    rig.tell("restored");
    let saved = cluster.etcdctl(&[&hosts[2]], &["get", "saved", "--print-value-only"]);
    assert_eq!(saved.expect_success().text(), "yes");
    cluster.up().expect_success().expect_says("0 changes");
    assert_eq!(web.expect_answers(2), before, "what ran is known and runs");
    web.scale(3).expect_status(200);
    web.expect_answers(3);
    rig.tell(&format!("{} answers, all good", prober.expect_all_answered()));

    // The hosts are new: everything is lost but the file.
    cluster.down().expect_success();
    rig.tell("down");
    cluster.does(&["restore", &other, "--yes"]).expect_success();
    let saved = cluster.etcdctl(&[&hosts[1]], &["get", "saved", "--print-value-only"]);
    assert_eq!(saved.expect_success().text(), "yes");
    assert_eq!(web.expect_answers(2).len(), 2);
    rig.tell("restored on bare hosts");
}

#[test]
fn majority_lost_for_good() {
    let Some(rig) = Rig::new("majority_lost_for_good") else { return };
    let hosts = rig.hosts(["h1", "h2", "h3"]);
    let cluster = rig.cluster(MASTERS_AND_AGENTS);
    cluster.up().expect_success();
    let web = cluster.create_web("/web", 3);
    let before = web.expect_answers(3);
    let prober = web.probe(&before);
    cluster.etcdctl(&[&hosts[2]], &["put", "kept", "yes"]).expect_success();
    // The voter that will be left has it.
    eventually("h3 has it", LIMIT, || {
        let get = ["get", "kept", "--consistency=s", "--print-value-only"];
        cluster.etcdctl(&[&hosts[2]], &get).text() == "yes"
    });
    let forced = ["restart", "quorum", "--force-new-cluster", "h3"];
    cluster.does(&[&forced[..], &["--yes"]].concat()).expect_code(1).expect_says("has consensus");

    lose_disks(&hosts[..2]);
    rig.tell("the disks of h1 and h2 are lost");
    eventually("there is no consensus", LIMIT, || cluster.status().says("no consensus"));
    // Nobody is there to be asked: it says what it would do.
    cluster.does(&forced).expect_code(1).expect_says("is lost").expect_says("h3: revision");
    let done = cluster.does(&[&forced[..], &["--yes"]].concat()).expect_success();
    println!("{done}");
    rig.tell("the quorum begins again");
    eventually("all is well", LIMIT, || cluster.status().success());
    for host in &hosts {
        let kept = cluster.etcdctl(&[host], &["get", "kept", "--print-value-only"]);
        assert_eq!(kept.expect_success().text(), "yes", "{}", host.name());
    }
    cluster.up().expect_success().expect_says("0 changes");
    assert_eq!(web.expect_answers(3), before);
    web.scale(4).expect_status(200);
    web.expect_answers(4);
    // It can lose one again.
    hosts[2].service("quorum").stop();
    eventually("two of three go on", LIMIT, || {
        cluster.etcdctl(&[&hosts[0], &hosts[1]], &["put", "after", "1"]).success()
    });
    rig.tell(&format!("{} answers, all good", prober.expect_all_answered()));
}

fn lose_disks(hosts: &[Host]) {
    hosts.iter().for_each(|host| host.service("quorum").stop());
    for host in hosts {
        host.run("rm -rf /var/lib/mesoform/quorum/*").expect_success();
        host.run("systemctl start --no-block mesoform-quorum").expect_success();
    }
}
