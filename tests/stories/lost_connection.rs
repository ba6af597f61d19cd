//! The operator is gone in the midst of `up`; the next `up` does what is left.

use std::time::Duration;

use mesoform_tests::{Rig, Run, eventually};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

const SOON: Duration = Duration::from_secs(120);

#[test]
fn lost_connection() {
    let Some(rig) = Rig::new("lost_connection") else { return };
    let hosts @ [h1, h2, h3] = &rig.hosts(["h1", "h2", "h3"]);
    let cluster = rig.cluster("[masters]\nh[1:3]\n\n[agents]\nh[1:3]\n");

    // Killed as soon as each of these can be seen on a host.
    for (host, sight) in [
        (h1, "ls -d /opt/mesoform/versions/*/.arriving.*"),
        (h2, "test -e /var/lib/mesoform/runs/last"),
        (h3, "test -e /var/lib/mesoform/units/mesoform-quorum.service.inputs"),
        (h1, "systemctl is-active mesoform-master"),
    ] {
        let mut up = rig.start_mesoform(&["up", "-i", "cluster.ini"]);
        eventually(sight, SOON, || !up.is_running() || host.run(sight).success());
        up.kill_alone();
        let killed = up.wait(SOON);
        println!("{sight}: killed after {:.1} s, exit {}", killed.took.as_secs_f32(), killed.code);
        // What was begun on the hosts goes on to its end, and lets go of them.
        eventually("the hosts are free", SOON, || {
            hosts.iter().all(|host| host.run("test ! -e /var/lib/mesoform/lock").success())
        });
    }
    let rest: Run = cluster.up().expect_success().expect_says("\"cluster\" is up");
    println!("the rest took {:.1} s", rest.took.as_secs_f32());
    cluster.status().expect_success().expect_says("all is well");
    cluster.create_web("/web", 3).expect_answers(3);
    cluster.up().expect_success().expect_says("0 changes on 3 hosts");
    for host in hosts {
        // No half of anything is left.
        let halves = "find /opt/mesoform /etc/mesoform /var/lib/mesoform -name '.arriving*' \
            -o -name '*.mesoform' -o -name '*.new' -o -name secrets -o -name '.pair-*'";
        assert_eq!(host.run(halves).expect_success().text(), "", "{}", host.name());
        let journals = "cat /var/lib/mesoform/runs/*/journal.jsonl | grep -c '\"event\":\"ended\"'";
        let runs = host.run("find /var/lib/mesoform/runs -name plan.json | wc -l");
        assert_eq!(host.run(journals).text(), runs.text(), "{}", host.name());
    }
}

/// Nothing tells the host that the operator is cut off from it; it is free soon all the same.
#[test]
fn an_operator_who_is_cut_off() {
    let Some(rig) = Rig::new("an_operator_who_is_cut_off") else { return };
    let h1 = rig.host("h1");
    let cluster = rig.cluster("[masters]\nh1\n\n[agents]\nh1\n");
    let is_locked = || h1.run("test -e /var/lib/mesoform/lock").success();

    let mut up = rig.start_mesoform(&["up", "-i", "cluster.ini"]);
    eventually("the operator has the lock", SOON, || {
        assert!(up.is_running(), "it was too quick");
        is_locked()
    });
    let operator = Pid::from_raw(up.pid());
    kill(operator, Signal::SIGSTOP).unwrap();
    assert!(is_locked(), "it was too quick");
    // Whoever comes meanwhile is told when that is.
    let second = cluster.up().expect_code(1).expect_says("last heard of ");
    second.expect_says("if it is gone, the host is free ");
    rig.cut_off(&h1);
    let cut = std::time::Instant::now();
    kill(operator, Signal::SIGCONT).unwrap();
    let lost = up.wait(2 * SOON).expect_code(4).expect_says("the connection was lost");
    rig.tell(&format!("the operator gave up {:.0} s after the cut", cut.elapsed().as_secs_f32()));
    eventually("the host is free", 2 * SOON, || !is_locked());
    rig.tell(&format!("the host was free {:.0} s after the cut", cut.elapsed().as_secs_f32()));
    drop(lost);
    rig.reconnect(&h1);
    cluster.up().expect_success().expect_says("\"cluster\" is up");
    cluster.status().expect_success().expect_says("all is well");
}
