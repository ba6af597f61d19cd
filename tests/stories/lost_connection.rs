//! The operator is gone in the midst of `up`; the next `up` does what is left.

use std::time::Duration;

use mesoform_tests::{Rig, Run, eventually};

const SOON: Duration = Duration::from_secs(60);

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
    let rest: Run = cluster.up().expect_success().expect_says("cluster is up");
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
