//! The inventory gets more voters, and fewer: the quorum follows while it serves. A voter whose disk
//! was wiped comes back.

use std::time::Duration;

use mesoform_tests::{Cluster, Host, Rig, eventually};

use crate::quorum_lost_and_recovered::{assert_kept, write_during};

const LIMIT: Duration = Duration::from_secs(180);
/// As a restore leaves it.
const LAST_COPY: &str = "/var/lib/mesoform/quorum/.replaced-story";

fn inventory(voters: &str) -> String {
    format!("[quorum]\n{voters}\n\n[mesos_masters]\nh1\nh2\n\n[mesos_slaves]\nh1\nh2\n")
}

#[test]
fn quorum_grows_and_shrinks() {
    let Some(rig) = Rig::new("quorum_grows_and_shrinks") else { return };
    let hosts = rig.hosts(["h1", "h2", "h3", "h4", "h5"]);
    let of = |voters: &str| rig.cluster(&inventory(voters));
    let one = of("h1");
    one.up().expect_success();
    let web = one.create_web("/web", 2);
    let prober = web.probe(&web.expect_answers(2));

    let written = write_during(&one, &hosts[..1], || {
        let three = of("h[1:3]");
        let told = three.check().expect_success();
        for host in ["h2", "h3"] {
            assert!(told.says(&format!("{host}: take its voter into the quorum")), "{told}");
        }
        three.up().expect_success().expect_says("take its voter into the quorum");
        expect_voters(&three, &hosts[0], "h1 h2 h3");
        rig.tell("three vote");
        let five = of("h[1:5]");
        five.up().expect_success();
        expect_voters(&five, &hosts[0], "h1 h2 h3 h4 h5");
        rig.tell("five vote");

        // h2 stays a master, h3 leaves altogether; who stays is numbered anew.
        let three = of("h1\nh4\nh5");
        three.up().expect_success().expect_says("`mesoform up --prune` takes them out");
        expect_voters(&three, &hosts[0], "h1 h2 h3 h4 h5");
        hosts[1].run(&format!("mkdir {LAST_COPY}")).expect_success();
        let told = three.does(&["up", "--prune", "--check"]).expect_success();
        for host in ["h2", "h3"] {
            assert!(told.says(&format!("{host}: take its voter out of the quorum")), "{told}");
        }
        // A run came as far as this.
        let h2 = id_of(&three, &hosts[0], "h2");
        three.etcdctl(&[&hosts[0]], &["member", "remove", &h2]).expect_success();
        let told = three.does(&["up", "--prune", "--check"]).expect_success();
        assert!(told.says("h2: take the quorum away, with its data"), "{told}");
        let told = three.does(&["up", "--prune"]).expect_success();
        assert!(told.says(&format!("began are kept in {LAST_COPY};")), "{told}");
        expect_voters(&three, &hosts[0], "h1 h4 h5");
        rig.tell("three vote again");
    });

    assert_eq!(hosts[1].service("quorum").state(), "inactive");
    hosts[1].run("ls /etc/mesoform/quorum.yml").expect_code(2);
    let left = hosts[1].run("ls -A /var/lib/mesoform/quorum").expect_success();
    assert_eq!(left.text(), LAST_COPY.rsplit('/').next().unwrap(), "{left}");
    let three = of("h1\nh4\nh5");
    three.does(&["up", "--prune"]).expect_success().expect_says("0 changes");
    three.status().expect_success().expect_says("all is well");
    assert_kept(&three, &hosts[3..], &written);
    rig.tell(&format!("{} writes were acknowledged, and all are there", written.len()));
    rig.tell(&format!("{} answers, all good", prober.expect_all_answered()));
    take_a_master_away(&rig, &hosts[1]);
}

/// It goes on as an agent.
fn take_a_master_away(rig: &Rig, h2: &Host) {
    let fewer = "[quorum]\nh1\nh4\nh5\n\n[mesos_masters]\nh1\n\n[mesos_slaves]\nh1\nh2\n";
    let fewer = rig.cluster(fewer);
    let told = fewer.check().expect_success();
    assert!(told.says("h2: the master is there still"), "{told}");
    let told = fewer.does(&["up", "--prune"]).expect_success();
    for service in ["master", "scheduler"] {
        assert!(told.says(&format!("h2: take the {service} away, with its data")), "{told}");
        assert_eq!(h2.service(service).state(), "inactive");
        h2.run(&format!("ls -d /etc/mesoform/{service}.yml /var/lib/mesoform/{service}"))
            .expect_code(2);
    }
    fewer.does(&["up", "--prune"]).expect_success().expect_says("0 changes");
    fewer.status().expect_success().expect_says("all is well");
    fewer.app("/web").expect_answers(2);
    rig.tell("h2 is an agent only");
}

#[test]
fn voter_replaced() {
    let Some(rig) = Rig::new("voter_replaced") else { return };
    let hosts = rig.hosts(["h1", "h2", "h3", "h4"]);
    let of = |voters: &str| rig.cluster(&inventory(voters));
    let cluster = of("h[1:3]");
    cluster.up().expect_success();
    let web = cluster.create_web("/web", 2);
    let prober = web.probe(&web.expect_answers(2));
    let before = ids(&cluster, &hosts[0]);

    let written = write_during(&cluster, &hosts[..1], || {
        // Its disk is gone; the machine is there.
        hosts[2].run("systemctl stop mesoform-quorum && rm -rf /var/lib/mesoform/quorum/*");
        cluster.up().expect_success();
        expect_voters(&cluster, &hosts[0], "h1 h2 h3");
        let after = ids(&cluster, &hosts[0]);
        assert_eq!(
            before.iter().filter(|id| after.contains(id)).count(),
            2,
            "{before:?} {after:?}"
        );
        rig.tell("h3 votes under a new id");

        // The machine is gone; another takes its place.
        hosts[2].kill();
        let other = of("h1\nh2\nh4");
        let told = other.does(&["up", "--prune", "--check"]).expect_success();
        assert!(told.says("h4: take its voter into the quorum"), "{told}");
        assert!(told.says("h3: take its voter out of the quorum"), "{told}");
        other.does(&["up", "--prune"]).expect_success();
        expect_voters(&other, &hosts[0], "h1 h2 h4");
        rig.tell("h4 votes in the place of h3");
    });
    let other = of("h1\nh2\nh4");
    assert_kept(&other, &[hosts[0].clone(), hosts[1].clone(), hosts[3].clone()], &written);
    rig.tell(&format!("{} answers, all good", prober.expect_all_answered()));
}

/// The voters are these, and nobody learns.
#[track_caller]
pub fn expect_voters(cluster: &Cluster<'_>, asked: &Host, names: &str) {
    let mut seen = String::new();
    eventually(&format!("{names} vote"), LIMIT, || {
        seen = cluster.etcdctl(&[asked], &["member", "list"]).stdout;
        let mut voters: Vec<&str> = Vec::new();
        for line in seen.lines() {
            let words: Vec<&str> = line.split(", ").collect();
            if words.len() < 6 || words[5] != "false" {
                return false;
            }
            voters.push(words[2]);
        }
        voters.sort_unstable();
        voters.join(" ") == names
    });
}

/// The id of the member of this name.
fn id_of(cluster: &Cluster<'_>, asked: &Host, name: &str) -> String {
    let list = cluster.etcdctl(&[asked], &["member", "list"]).expect_success();
    let found = list.stdout.lines().find(|line| line.split(", ").nth(2) == Some(name));
    found.unwrap_or_else(|| panic!("{list}")).split(", ").next().unwrap().to_owned()
}

fn ids(cluster: &Cluster<'_>, asked: &Host) -> Vec<String> {
    let list = cluster.etcdctl(&[asked], &["member", "list"]).expect_success();
    list.stdout.lines().filter_map(|line| Some(line.split_once(", ")?.0.to_owned())).collect()
}
