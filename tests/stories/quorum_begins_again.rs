//! The quorum's data are saved and restored; and a quorum whose majority is lost for good begins again
//! from the one voter that is left.

use std::time::Duration;

use crate::voters::{lose_disks, start_voters, stop_voters, three_of_all};
use mesoform_tests::{Cluster, Host, Rig, eventually};

const LIMIT: Duration = Duration::from_secs(180);

#[test]
fn backup_and_restore() {
    let Some(rig) = Rig::new("backup_and_restore") else { return };
    let (hosts, cluster) = three_of_all(&rig);
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
    let later = cluster.create_web("/later", 1);
    let late = later.expect_answers(1);
    rig.tell("saved");

    // A name that is no file's, and a disk without room.
    let dir = rig.dir().display().to_string();
    cluster.does(&["backup", "-o", &dir]).expect_code(1).expect_says("is a directory");
    backup_to_a_full_disk(&rig, &cluster);

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
    // Nor what is another cluster's, though nobody is asked.
    let foreign = ["restore", &file, "--yes", "--overwrite", "-e", "mesoform_cluster_name=other"];
    cluster.does(&foreign).expect_code(1).expect_says("say --from-cluster cluster");

    let restored = cluster.does(&["restore", &file, "--overwrite", "--yes"]).expect_success();
    println!("{restored}");
    rig.tell("restored");
    let saved = cluster.etcdctl(&[&hosts[2]], &["get", "saved", "--print-value-only"]);
    assert_eq!(saved.expect_success().text(), "yes");
    cluster.up().expect_success().expect_says("0 changes");
    assert_eq!(web.expect_answers(2), before, "what ran is known and runs");
    eventually("what no app asks for is killed", LIMIT, || !later.answers(&late[0]));
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
    let (hosts, cluster) = three_of_all(&rig);
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

    let nobody = cluster.does(&["restart", "quorum", "--force-new-cluster", "h4", "--yes"]);
    nobody.expect_code(1).expect_says("h4 is no voter").expect_says("the voters are h1, h2, h3");

    lose_disks(&hosts[..2]);
    rig.tell("the disks of h1 and h2 are lost");
    eventually("there is no consensus", LIMIT, || cluster.status().says("no consensus"));
    let empty = cluster.does(&["restart", "quorum", "--force-new-cluster", "h1", "--yes"]);
    empty.expect_code(1).expect_says("h1 has no data of a quorum; voters that may have some: h3");
    // Where they run, they are perhaps sent what h3 has before it knows that it leads no more.
    start_voters(&hosts[..2]);
    // Where its data cannot be prepared, the voter goes on with what it has.
    let voter = sums(&hosts[2]).lines().next().map(str::to_owned);
    let prepares = Holder::of(&hosts[2], ".workshop");
    let failed = cluster.does(&[&forced[..], &["--yes"]].concat()).expect_code(2);
    println!("{}", failed.expect_says("h3: ").expect_says("somebody else is preparing"));
    prepares.lets_go();
    assert_eq!(sums(&hosts[2]).lines().next().map(str::to_owned), voter, "it is the same voter");
    eventually("it runs again", LIMIT, || hosts[2].service("quorum").state() == "activating");
    // Nobody is there to be asked: it says what it would do.
    cluster.does(&forced).expect_code(1).expect_says("is lost").expect_says("h3: quorum ");
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

#[test]
fn a_restore_that_stops_half_way_is_finished_by_the_next() {
    let Some(rig) = Rig::new("a_restore_that_stops_half_way_is_finished_by_the_next") else {
        return;
    };
    let (hosts, cluster) = three_of_all(&rig);
    cluster.etcdctl(&[&hosts[0]], &["put", "saved", "yes"]).expect_success();
    let file = rig.dir().join("quorum.backup").display().to_string();
    cluster.does(&["backup", "-o", &file]).expect_success();
    cluster.etcdctl(&[&hosts[0]], &["put", "saved", "too late"]).expect_success();
    let restore = ["restore", file.as_str(), "--yes"];
    let overwrite = [&restore[..], &["--overwrite"]].concat();

    // Voters that do not run have data all the same.
    stop_voters(&hosts);
    let before: Vec<String> = hosts.iter().map(sums).collect();
    let refused = cluster.does(&restore).expect_code(1).expect_says("--overwrite");
    println!("{refused}");
    for host in &hosts {
        assert!(refused.says(&format!("{} (quorum ", host.name())), "{refused}");
    }
    refused.expect_says("its voter does not answer");
    assert_eq!(hosts.iter().map(sums).collect::<Vec<_>>(), before, "they were left alone");
    cluster.restart("quorum").expect_success();
    assert_eq!(saved(&cluster, &hosts[0]), "too late");
    rig.tell("what stopped voters have is seen");

    // The first host cannot prepare the data: the quorum goes on as it was.
    let prepares = Holder::of(&hosts[0], ".workshop");
    let failed = cluster.does(&overwrite).expect_code(2).expect_says("h1: ");
    println!(
        "{}",
        failed.expect_says("somebody else is preparing").expect_says("nothing was changed")
    );
    assert_eq!(saved(&cluster, &hosts[0]), "too late");
    cluster.status().expect_success();
    prepares.lets_go();
    rig.tell("nothing was changed");

    // The last one is held by somebody as soon as its voter ends: all are stopped, some put aside.
    let holds = Holder::of(&hosts[2], "lock");
    let failed = cluster.does(&overwrite).expect_code(2).expect_says("h3: ");
    println!(
        "{}",
        failed.expect_says("another process uses").expect_says("the same command again")
    );
    holds.lets_go();
    println!("{}", cluster.does(&overwrite).expect_success());
    assert_eq!(saved(&cluster, &hosts[1]), "yes");
    cluster.up().expect_success().expect_says("0 changes");
    rig.tell("the next one finished it");
}

/// The old quorum goes on where nobody reaches it, and the operator, who was warned, begins a new one.
#[test]
fn two_quorums() {
    let Some(rig) = Rig::new("two_quorums") else { return };
    let (hosts, cluster) = three_of_all(&rig);
    let [h1, h2, h3] = &hosts;
    cluster.etcdctl(&[h1], &["put", "saved", "yes"]).expect_success();
    let file = rig.dir().join("quorum.backup").display().to_string();
    cluster.does(&["backup", "-o", &file]).expect_success();

    let others = [h2, h3];
    for other in others {
        rig.cut(h1, other);
        other.run("systemctl stop ssh.socket ssh.service; systemctl is-active ssh.service");
    }
    eventually("h2 and h3 go on", LIMIT, || {
        cluster.etcdctl(&[h2, h3], &["put", "saved", "too late"]).success()
    });
    rig.tell("nobody reaches h2 and h3, where the quorum goes on");
    let restore = ["restore", &file, "--overwrite", "--yes"];
    let refused = cluster.does(&restore).expect_code(1).expect_says("say --without h2,h3");
    println!("{refused}");
    cluster.does(&[&restore[..], &["--without", "h2"]].concat()).expect_code(4);
    rig.tell("h1 begins a new one, since h2 is said to be off");
    assert_eq!(saved(&cluster, h1), "yes");
    assert_eq!(saved(&cluster, h2), "too late");

    for other in others {
        rig.heal(h1, other);
        other.run("systemctl start ssh.service").expect_success();
    }
    eventually("the hosts are reached again", LIMIT, || {
        others.iter().all(|h| h.ssh("root", "true").success())
    });
    let status = cluster.status().expect_code(2).expect_says("2 quorums lead beside each other");
    println!("{status}");
    let up = cluster.up().expect_code(1).expect_says("2 quorums lead beside each other");
    println!("{up}");
    // As it says.
    for other in others {
        let aside = "systemctl stop mesoform-quorum && /opt/mesoform/bin/mesoform voter renew";
        other.run(aside).expect_success();
    }
    let up = cluster.up();
    println!("{up}");
    cluster.does(&["restart", "agent", "--accept-quorum", "--yes"]).expect_success();
    cluster.up().expect_success();
    eventually("all is well", LIMIT, || cluster.status().success());
    assert_eq!(saved(&cluster, h3), "yes");
    let kept = cluster.status().expect_says("data from before the present quorum are kept");
    kept.expect_says("h2: /var/lib/mesoform/quorum/.replaced-");
    rig.tell("one of them is left");
}

/// Of two voters that are left and do not reach each other, one has more.
#[test]
fn a_voter_that_has_less() {
    let Some(rig) = Rig::new("a_voter_that_has_less") else { return };
    let (hosts, cluster) = three_of_all(&rig);
    let [h1, h2, h3] = &hosts;
    stop_voters(&hosts[2..]);
    cluster.etcdctl(&[h1, h2], &["put", "acknowledged", "yes"]).expect_success();
    rig.cut(h2, h3);
    lose_disks(&hosts[..1]);
    start_voters(&hosts[2..]);
    eventually("both say what they have, and do not agree", LIMIT, || {
        let status = |host| cluster.etcdctl(&[host], &["endpoint", "status"]).success();
        status(h2) && status(h3) && cluster.status().says("no consensus")
    });
    let forced = ["restart", "quorum", "--force-new-cluster", "h3"];
    for words in [&[][..], &["--yes"]] {
        let refused = cluster.does(&[&forced[..], words].concat()).expect_code(1);
        println!("{}", refused.expect_says("has less than h2").expect_says("name h2 instead"));
    }
    let asked = cluster.does(&[&forced[..], &["--without", "h2"]].concat()).expect_code(1);
    asked.expect_says("warning: h2 has more than h3").expect_says("is lost");
    rig.tell("h3 has less, and that is said");
    rig.heal(h2, h3);
    cluster.restart("quorum").expect_success();
    let get = ["get", "acknowledged", "--print-value-only"];
    assert_eq!(cluster.etcdctl(&[h3], &get).expect_success().text(), "yes");
}

/// One page of a disk has no room for it: what was there before stays, and nothing else.
fn backup_to_a_full_disk(rig: &Rig, cluster: &Cluster<'_>) {
    let disk = rig.dir().join("disk");
    std::fs::create_dir(&disk).unwrap();
    let (path, file) = (disk.display().to_string(), disk.join("b").display().to_string());
    rig.run("mount", &["-t", "tmpfs", "-o", "size=8k", "none", &path]).expect_success();
    std::fs::write(&file, "the last one").unwrap();
    let failed = cluster.does(&["backup", "-o", &file]);
    let (left, kept) = (std::fs::read_dir(&disk).unwrap().count(), std::fs::read_to_string(&file));
    rig.run("umount", &[&path]).expect_success();
    let failed = failed.expect_code(1).expect_says(&file).expect_says("it cannot be written");
    println!("{}", failed.expect_says("make room"));
    assert_eq!((left, kept.unwrap().as_str()), (1, "the last one"));
}

/// A process on a host that waits for one of a data directory's locks, and keeps it.
struct Holder<'h>(&'h Host);

impl<'h> Holder<'h> {
    fn of(host: &'h Host, lock: &str) -> Self {
        let lock = format!("/var/lib/mesoform/quorum/{lock}");
        let hold = format!("systemd-run -q --unit=holder flock {lock} sleep infinity");
        host.run(&hold).expect_success();
        Self(host)
    }

    fn lets_go(self) {
        self.0.run("systemctl stop holder").expect_success();
    }
}

/// What a voter's files hold.
fn sums(host: &Host) -> String {
    let sums = host.run("cd /var/lib/mesoform/quorum && sha256sum voter.json log.redb state.redb");
    sums.expect_success().text().to_owned()
}

fn saved(cluster: &Cluster<'_>, host: &Host) -> String {
    let get = cluster.etcdctl(&[host], &["get", "saved", "--print-value-only"]);
    get.expect_success().text().to_owned()
}
