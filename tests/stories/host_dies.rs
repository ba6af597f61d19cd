//! A host is killed; its instances run elsewhere; it comes back and is used again.

use std::collections::BTreeSet;

use mesoform_tests::{Cluster, Host, Rig, Task};

#[test]
fn host_dies() {
    let Some(rig) = Rig::new("host_dies") else { return };
    let hosts = rig.hosts(["h1", "h2", "h3"]);
    let cluster = rig.cluster("[mesos_masters]\nh[1:3]\n\n[mesos_slaves]\nh[1:3]\n");
    cluster.up().expect_success();
    let web = cluster.create_web("/web", 3);
    let before = web.expect_answers(3);

    // The death of a host whose master leads is told in `leaders_die`.
    let leading = cluster.health()["leading_master"].clone();
    let mut others = hosts.iter().filter(|host| leading != host.name());
    let victim = others.find(|host| has(&before, host.name())).unwrap();
    rig.tell(&format!("three answer; {} loses its power", victim.name()));
    victim.kill();
    let after = web.expect("its instances run elsewhere", |web| {
        let answering = web.answering();
        (answering.len() == 3 && !has(&answering, victim.name())).then_some(answering)
    });
    // Those of the other hosts are the same as before.
    let spared = before.iter().filter(|task| task.host != victim.name());
    spared.for_each(|task| assert!(after.contains(task), "{task:?} was harmed: {after:?}"));
    rig.tell("three answer elsewhere");
    cluster.status().expect_code(4).expect_says(victim.name());
    refuses_to_end_consensus(&cluster, &hosts);

    rig.tell("the host boots");
    victim.boot();
    web.expect("the cluster is well again", |_| cluster.status().success().then_some(()));
    rig.tell("all is well");
    // What ran there before the power cut does not come back.
    assert_eq!(web.expect_answers(3), after);
    let strays = "pgrep -x busybox -a || true";
    assert_eq!(victim.run(strays).text(), "", "instances run twice");

    assert_eq!(web.scale(9).status, 200);
    let more = web.expect_answers(9);
    assert!(has(&more, victim.name()), "{} is not used again: {more:?}", victim.name());
    let ids: BTreeSet<&String> = more.iter().map(|task| &task.id).collect();
    assert_eq!(ids.len(), 9);
    rig.tell("nine answer");
    cluster.up().expect_success().expect_says("0 changes");
    rig.tell("the end");
}

/// Each voter that is left would have to restart: that is said before any file is touched.
fn refuses_to_end_consensus(cluster: &Cluster<'_>, hosts: &[Host]) {
    let settings = || {
        let left = hosts.iter().filter(|host| host.has_power());
        left.map(|host| host.run("sha256sum /etc/mesoform/*.yml").text().to_owned()).collect()
    };
    let before: Vec<String> = settings();
    let refused = cluster.does(&["up", "-e", "mesoform_heartbeat_ms=120"]).expect_code(4);
    refused.expect_says("would end consensus").expect_says("nothing was changed");
    assert_eq!(settings(), before);
}

fn has(tasks: &[Task], host: &str) -> bool {
    tasks.iter().any(|task| task.host == host)
}
