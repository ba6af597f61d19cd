//! `up --prune` is killed in the midst of it, again and again: the quorum serves, and the next one finishes.
//! `MESOFORM_SEED` repeats the points of the kills, counted in what it has told by then.

use std::time::Duration;

use mesoform_tests::{Cluster, Host, Rig, eventually};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::quorum_grows_and_shrinks::expect_voters;

const LIMIT: Duration = Duration::from_secs(240);
/// Kills, at most.
const ROUNDS: usize = 6;
/// Less than a whole run tells after the first change can begin.
const LINES: usize = 14;
const BEFORE: &str = "[quorum]\nh[1:3]\n\n[masters]\nh1\nh2\n\n[agents]\nh1\nh2\n";
/// h3 leaves, and h2 keeps its agent alone.
const AFTER: &str = "[quorum]\nh1\n\n[masters]\nh1\n\n[agents]\nh1\nh2\n";

#[test]
fn prune_is_killed() {
    let Some(rig) = Rig::new("prune_is_killed") else { return };
    let seed = std::env::var("MESOFORM_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed: u64 = seed.unwrap_or_else(rand::random);
    println!("MESOFORM_SEED={seed} repeats this");
    let mut dice = StdRng::seed_from_u64(seed);
    let hosts = rig.hosts(["h1", "h2", "h3"]);
    let cluster = rig.cluster(BEFORE);
    cluster.up().expect_success();
    let web = cluster.create_web("/web", 2);
    let before = web.expect_answers(2);

    let cluster = rig.cluster(AFTER);
    for round in 0..ROUNDS {
        // The further it comes, the later it is killed.
        let point = dice.random_range(0..LINES * (round + 1));
        let Some(last) = kill_after(&rig, point) else {
            rig.tell(&format!("round {round}: it ended before line {point}"));
            break;
        };
        rig.tell(&format!("round {round}: killed at line {point}: {last}"));
        is_free_and_serves(&cluster, &hosts, round);
    }
    cluster.does(&["up", "--prune"]).expect_success();
    rig.tell("the next one has finished it");
    cluster.does(&["up", "--prune"]).expect_success().expect_says("0 changes");
    cluster.status().expect_success().expect_says("all is well");
    expect_voters(&cluster, &hosts[0], "h1");
    assert_eq!(web.expect_answers(2), before, "no task noticed");
    for service in ["quorum", "master", "scheduler"] {
        assert_eq!(hosts[1].service(service).state(), "inactive");
        hosts[1].run(&format!("ls /etc/mesoform/{service}.yml")).expect_code(2);
    }
}

/// Kills `up --prune` when it has told `point` lines since it began to change something: what it told last.
/// None: it ended before.
fn kill_after(rig: &Rig, point: usize) -> Option<String> {
    let words = ["up", "--prune", "--output", "json", "-i", "cluster.ini"];
    let mut up = rig.start_mesoform(&words);
    let mut last = None;
    eventually("it has told as much, or ended", LIMIT, || {
        let said = up.said();
        let begun = said.lines().skip_while(|line| !line.contains(r#""phase":"lock""#));
        last = begun.skip(1).nth(point).map(str::to_owned);
        last.is_some() || !up.is_running()
    });
    up.kill_alone();
    let ended = up.wait(LIMIT);
    (ended.code == 137).then(|| last.unwrap_or_default())
}

/// What was begun goes on to its end, and lets go; whoever is left in the quorum agrees.
fn is_free_and_serves(cluster: &Cluster<'_>, hosts: &[Host], round: usize) {
    eventually("the hosts are free", LIMIT, || {
        hosts.iter().all(|host| host.run("test ! -e /var/lib/mesoform/lock").success())
    });
    let put = ["put", "round", &round.to_string()];
    eventually("the quorum serves", LIMIT, || cluster.etcdctl(&[&hosts[0]], &put).success());
}
