//! Each leader is killed in turn, under an app that never stops answering.

use std::time::Duration;

use mesoform_tests::{Cluster, Host, Rig, eventually};
use serde_json::Value;

/// An election takes some seconds when the machine has nothing else to do.
const LIMIT: Duration = Duration::from_secs(180);

#[test]
fn leaders_die() {
    let Some(rig) = Rig::new("leaders_die") else { return };
    let hosts = rig.hosts(["h1", "h2", "h3"]);
    let cluster = rig.cluster(
        "[mesos_masters]\nh[1:3]\n\n[mesos_slaves]\nh[1:3]\n\n\
         [all:vars]\nmesoform_agent_reregister_ms=10000\n",
    );
    cluster.up().expect_success();
    let web = cluster.create_web("/web", 3);
    let first = web.expect_answers(3);
    let prober = web.probe(&first);

    for (instances, leader, service) in [
        (4, "leading_master", "master"),
        (5, "leading_scheduler", "scheduler"),
        (6, "quorum_leader", "quorum"),
    ] {
        let dead = leading(&cluster, &hosts, leader);
        rig.tell(&format!("the {service} of {} leads, and is killed", dead.name()));
        dead.run(&format!("systemctl kill -s KILL mesoform-{service}")).expect_success();
        let took = another_leads(&cluster, dead, leader);
        rig.tell(&format!("there is a leader and all is well after {:.1} s", took.as_secs_f32()));
        let again = dead.run(&format!("systemctl show -P NRestarts mesoform-{service}"));
        assert_eq!(again.text(), "1", "systemd starts it again, once");
        assert_eq!(web.scale(instances).expect_status(200).status, 200);
        let tasks = web.expect_answers(instances);
        first.iter().for_each(|task| assert!(tasks.contains(task), "{task:?} is not in {tasks:?}"));
    }
    rig.tell(&format!("{} answers, all good", prober.expect_all_answered()));

    // And once with all that is on its host.
    let dead = leading(&cluster, &hosts, "leading_master");
    let spared: Vec<_> = web.tasks().into_iter().filter(|t| t.host != dead.name()).collect();
    let prober = web.probe(&spared);
    rig.tell(&format!("{}, where the leading master is, loses its power", dead.name()));
    dead.kill();
    web.expect("six answer on the hosts that are left", |web| {
        let answering = web.answering();
        let left = answering.iter().all(|task| task.host != dead.name());
        (answering.len() == 6 && left).then_some(())
    });
    rig.tell("six answer again");
    web.expect("those of the other hosts are the same", |web| {
        let tasks = web.tasks();
        spared.iter().all(|task| tasks.contains(task)).then_some(())
    });
    dead.boot();
    eventually("all is well", LIMIT, || cluster.status().success());
    rig.tell("all is well");
    assert_eq!(web.scale(7).expect_status(200).status, 200);
    web.expect_answers(7);
    prober.expect_all_answered();
}

fn leading<'a>(cluster: &Cluster<'_>, hosts: &'a [Host], leader: &str) -> &'a Host {
    let health = cluster.health();
    let found = hosts.iter().find(|host| health[leader] == host.name());
    found.unwrap_or_else(|| panic!("nobody leads: {health}"))
}

/// Waits until somebody else leads, and everything is well. A voter that is quickly back may lead
/// the quorum on; of masters and schedulers the next in line leads.
fn another_leads(cluster: &Cluster<'_>, dead: &Host, leader: &str) -> Duration {
    let mut last = Value::Null;
    eventually(&format!("another than {} is {leader}", dead.name()), LIMIT, || {
        let health = cluster.health();
        let name = health[leader].as_str();
        let led = name.is_some_and(|name| name != dead.name() || leader == "quorum_leader");
        let well = health["ailments"].as_array().is_some_and(Vec::is_empty);
        if last != health {
            println!("{health}");
            last = health;
        }
        led && well
    })
}
