//! All hosts lost their power and boot one after the other, in any order: each waits for as long as
//! it takes, and no service is ready before there is consensus.

use std::time::Duration;

use mesoform_tests::{Host, Rig, eventually};
use rand::seq::SliceRandom;

const LIMIT: Duration = Duration::from_secs(180);
/// What "minutes" are in a story: longer than any retry, election or lease of a service takes.
const LONG: Duration = Duration::from_secs(15);
/// All that need consensus.
const SERVICES: [&str; 3] = ["quorum", "master", "scheduler"];

#[test]
fn hosts_boot_minutes_apart() {
    let Some(rig) = Rig::new("hosts_boot_minutes_apart") else { return };
    let mut hosts = rig.hosts(["h1", "h2", "h3"]);
    let cluster = rig.cluster(
        "[mesos_masters]\nh[1:3]\n\n[mesos_slaves]\nh[1:3]\n\n\
         [all:vars]\nmesoform_agent_reregister_ms=10000\n",
    );
    cluster.up().expect_success();
    let web = cluster.create_web("/web", 3);
    web.expect_answers(3);
    hosts.iter().for_each(Host::kill);
    // In which order is told below.
    hosts.shuffle(&mut rand::rng());
    let [first, second, third] = &hosts;

    first.boot();
    rig.tell(&format!("{} is up, alone", first.name()));
    reaches_multi_user(first);
    eventually("it waits, and says for whom", LIMIT, || {
        let says = first.service("quorum").says();
        let named =
            |host: &Host| says.contains(host.name()) || says.contains(&host.address().to_string());
        named(second) && named(third)
    });
    rig.tell(&first.service("quorum").says());
    eventually("it has waited for long", LIMIT, || {
        assert_waiting(first);
        let started = first.service("quorum").started_at();
        started.is_some_and(|started| uptime() > started + LONG)
    });
    cluster.status().expect_code(4).expect_says("no consensus");

    second.boot();
    rig.tell(&format!("{} is up", second.name()));
    eventually("the services of both are ready", LIMIT, || ready(first) && ready(second));
    rig.tell("both are ready");
    web.expect_answers(3);
    rig.tell("three answer");

    third.boot();
    eventually("the third is in", LIMIT, || ready(third) && cluster.status().success());
    rig.tell("all is well");
    web.scale(6).expect_status(200);
    let tasks = web.expect_answers(6);
    assert!(tasks.iter().any(|task| task.host == third.name()), "{tasks:?}");
    for host in &hosts {
        reaches_multi_user(host);
        assert_ready_after_consensus(host, &hosts);
    }
    cluster.up().expect_success().expect_says("0 changes");
}

/// The quorum waits for the others, the rest for the quorum, and none of them in vain starts again.
#[track_caller]
fn assert_waiting(host: &Host) {
    for service in SERVICES {
        let unit = host.service(service);
        let (state, says) = (unit.state(), unit.says());
        let waits = state == "activating" || state == "inactive" && service != "quorum";
        assert!(waits, "the {service} is {state}: {says}");
        assert_eq!(unit.restarts(), 0, "{service}: {says}");
    }
}

/// Nobody who logs in there has to wait.
fn reaches_multi_user(host: &Host) {
    eventually("multi-user.target is active", LIMIT, || {
        host.run("systemctl is-active multi-user.target").success()
    });
}

fn ready(host: &Host) -> bool {
    SERVICES.iter().all(|service| host.service(service).state() == "active")
}

/// No voter knew of a consensus before the first was ready, and no service was ready before that.
fn assert_ready_after_consensus(host: &Host, hosts: &[Host]) {
    let consensus = hosts.iter().filter_map(|host| host.service("quorum").ready_at()).min();
    for service in ["master", "scheduler"] {
        let unit = host.service(service);
        assert_eq!(unit.restarts(), 0, "{service} of {}", host.name());
        let ready = unit.ready_at();
        assert!(
            ready >= consensus,
            "the {service} of {} was ready at {ready:?}, consensus was at {consensus:?}",
            host.name()
        );
    }
}

/// The clock of systemd's timestamps, where the machine was never suspended.
fn uptime() -> Duration {
    let text = std::fs::read_to_string("/proc/uptime").unwrap();
    Duration::from_secs_f64(text.split(' ').next().unwrap().parse().unwrap())
}
