//! More agents than the inventory knows: they boot from one document for the role, and say themselves who they are.
//! Once they stand in the inventory, `up` finds them as it would have made them.

use std::time::Duration;

use mesoform_tests::{Host, Rig, eventually};

const LIMIT: Duration = Duration::from_secs(400);

#[test]
fn unknown_agents_join() {
    let Some(rig) = Rig::new("unknown_agents_join") else { return };
    let _master = rig.host("m1");
    let [a1, a2, a3] = ["a1", "a2", "a3"].map(|name| rig.cloud_host(name));
    let at = format!("{}:8000", rig.address());
    let inventory = |agents: &str| {
        format!(
            "[masters]\nm1\n\n{agents}[all:vars]\nmesoform_artifact_url=http://{at}/\n\
             mesoform_join_url=https://{at}\n"
        )
    };
    let cluster = rig.cluster(&inventory(""));
    cluster.up().expect_success();
    let path = cluster.inventory().display().to_string();
    let _server = rig.start_mesoform(&["serve", "-i", &path, "--listen", &at]);
    let render = ["render", "--cloud-config", "--role", "agent", "--count", "2"];
    let document = cluster.does(&render).expect_success().stdout;
    for host in [&a1, &a2] {
        host.seed(&document);
        host.boot();
        eventually("it has joined", LIMIT, || joined(host));
    }
    rig.tell("two agents have joined that nobody knew");
    cluster.create_web("/web", 2).expect_answers(2);
    a3.seed(&document);
    a3.boot();
    eventually("a third is told that two were invited", LIMIT, || {
        a3.run("journalctl -u mesoform-join -o cat").says("have joined with this token")
    });
    assert!(!joined(&a3));

    let known = rig.cluster(&inventory("[agents]\na[1:2]\n\n"));
    let changes = known.does(&["up", "--output", "json"]).expect_success().changes();
    assert!(changes.is_empty(), "{changes:#?}");
    known.status().expect_success();
}

fn joined(host: &Host) -> bool {
    let there = "test -e /etc/mesoform/pki/agent.crt";
    host.run(&format!("{there} && test ! -e /etc/systemd/system/mesoform-join.service")).success()
}
