//! `up` on a cluster that is up: nothing changes, and nothing is touched.

use mesoform_tests::{Host, Listing, Rig};

#[test]
fn second_run_changes_nothing() {
    let Some(rig) = Rig::new("second_run_changes_nothing") else { return };
    let hosts = rig.hosts(["h1", "h2", "h3"]);
    let cluster = rig.cluster("[masters]\nh[1:3]\n\n[agents]\nh[1:3]\n");
    cluster.up().expect_success();
    let web = cluster.create_web("/web", 3);
    let tasks = web.expect_answers(3);
    let operators = || {
        let find = [".mesoform", "-type", "f", "-printf", "%p\t%m %i %T+\n"];
        Listing::parse(&rig.run("find", &find).expect_success().stdout)
    };
    let before = hosts.each_ref().map(|host| (files(host), running(host)));
    let kept = operators();
    let prober = web.probe(&tasks);

    for _ in 0..2 {
        let up = cluster.up().expect_success();
        println!("the second run took {:.2} s", up.took.as_secs_f32());
        up.expect_says("0 changes on 3 hosts");
    }
    let json = cluster.does(&["up", "--output", "json"]).expect_success();
    assert!(json.changes().is_empty());

    prober.expect_all_answered();
    assert_eq!(web.expect_answers(3), tasks);
    for (host, (files_before, running_before)) in hosts.iter().zip(&before) {
        files_before.expect_same(&files(host));
        assert_eq!(&running(host), running_before, "{}", host.name());
    }
    let gone: Vec<String> = kept
        .difference(&operators())
        .into_iter()
        .filter(|line| !line.contains(": new: "))
        .collect();
    assert_eq!(gone, [""; 0], "the operator's files");
}

/// All but what the cluster's own life changes: the quorum's data, who leads, and what the masters have
/// heard of the tasks.
fn files(host: &Host) -> Listing {
    let own = ["quorum/", "agent/agent.json", "agent/tasks/"];
    let own = own.map(|name| format!("/var/lib/mesoform/{name}"));
    host.untouched().without(&own.each_ref().map(String::as_str))
}

/// The services and tasks, with what tells one start from another.
fn running(host: &Host) -> String {
    let show = "systemctl show --property=Id,MainPID,InvocationID,ActiveEnterTimestampMonotonic \
                'mesoform-*.service'; pgrep -ax busybox";
    host.run(show).expect_success().stdout
}
