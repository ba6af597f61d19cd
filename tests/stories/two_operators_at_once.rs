//! One `up` at a time: whoever comes second is told who works, and nothing is broken.

use std::time::Duration;

use mesoform_tests::{Rig, Run, eventually};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

const SOON: Duration = Duration::from_secs(120);
const LIMIT: Duration = Duration::from_secs(300);

#[test]
fn two_operators_at_once() {
    let Some(rig) = Rig::new("two_operators_at_once") else { return };
    let hosts @ [h1, _, _] = &rig.hosts(["h1", "h2", "h3"]);
    let cluster = rig.cluster("[masters]\nh[1:3]\n\n[agents]\nh[1:3]\n");

    // At the very same time, on bare hosts, with nothing at the operators' yet.
    let runs = [0; 2].map(|_| rig.start_mesoform(&["up", "-i", "cluster.ini"]));
    let runs = runs.map(|run| run.wait(LIMIT));
    let (won, lost): (Vec<&Run>, Vec<&Run>) = runs.iter().partition(|run| run.success());
    assert!(!won.is_empty(), "both lost: {runs:#?}");
    for run in lost {
        run.clone().expect_code(1).expect_says("works on this host (run ");
    }
    cluster.up().expect_success().expect_says("0 changes on 3 hosts");
    cluster.status().expect_success().expect_says("all is well");
    let web = cluster.create_web("/web", 3);
    let tasks = web.expect_answers(3);

    // In the midst of another's run, which stands still for as long as it takes.
    let attribute = "[masters]\nh[1:3]\n\n[agents]\nh[1:3] mesoform_attributes='rack:blue'\n";
    let cluster = rig.cluster(attribute);
    let mut first = rig.start_mesoform(&["up", "-i", "cluster.ini"]);
    eventually("the first has all locks", SOON, || {
        assert!(first.is_running(), "it was too quick");
        hosts.iter().all(|host| host.run("test -e /var/lib/mesoform/lock").success())
    });
    let holder = Pid::from_raw(first.pid());
    kill(holder, Signal::SIGSTOP).unwrap();
    // All at once, since a session that hears nothing of its operator for 30 s gives up.
    let commands = [&["up"][..], &["down", "--yes"], &["restart", "agent"]];
    let seconds =
        commands.map(|words| rig.start_mesoform(&[words, &["-i", "cluster.ini"]].concat()));
    for second in seconds.map(|second| second.wait(LIMIT)) {
        let second = second.expect_code(1);
        let who = format!("(pid {}) works on this host (run ", first.pid());
        let second = second.expect_says(&who).expect_says("stopped before anything was changed");
        second.expect_says("h1: failed: ");
    }
    kill(holder, Signal::SIGCONT).unwrap();
    first.wait(LIMIT).expect_success();
    cluster.up().expect_success().expect_says("0 changes on 3 hosts");
    cluster.status().expect_success().expect_says("all is well");
    assert_eq!(web.expect_answers(3), tasks);
    for host in hosts {
        host.run("grep -q blue /etc/mesoform/agent.yml").expect_success();
    }
    h1.run("test ! -e /var/lib/mesoform/lock").expect_success();
}
