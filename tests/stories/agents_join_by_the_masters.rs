//! A cluster runs, and another agent boots from its document: a master redeems the token. Whoever boots from a
//! copy of that document stays outside, which the master's log tells.

use std::time::Duration;

use mesoform_tests::{Host, Rig, eventually};

const LIMIT: Duration = Duration::from_secs(400);

#[test]
fn agents_join_by_the_masters() {
    let Some(rig) = Rig::new("agents_join_by_the_masters") else { return };
    let master = rig.host("m1");
    let [agent, copy] = ["a1", "a2"].map(|name| rig.cloud_host(name));
    let at = format!("{}:8000", rig.address());
    let cluster = rig.cluster(&format!(
        "[masters]\nm1\n\n[agents]\na1\n\n[all:vars]\nmesoform_artifact_url=http://{at}/\n"
    ));
    cluster.does(&["up", "--limit", "m1"]).expect_success();
    let inventory = cluster.inventory().display().to_string();
    let _server = rig.start_mesoform(&["serve", "-i", &inventory, "--listen", &at]);
    let render = ["render", "--cloud-config", "--host", "a1", "--enrol-at", "masters"];
    let document = cluster.does(&render).expect_success().stdout;
    agent.seed(&document);
    agent.boot();
    eventually("the agent has joined", LIMIT, || joined(&agent));
    rig.tell("the agent has joined");
    eventually("all is well", LIMIT, || cluster.status().success());
    cluster.create_web("/web", 1).expect_answers(1);
    let again = cluster.does(&["up", "--output", "json"]).expect_success().changes();
    assert!(!again.contains_key("a1"), "{again:#?}");

    copy.seed(&document);
    copy.boot();
    let refused =
        "journalctl -u mesoform-master -o cat | grep 'nobody joins: this token was used on'";
    eventually("the copy is refused", LIMIT, || master.run(refused).success());
    assert!(!copy.run("ls /etc/mesoform/pki/agent.crt").success());
    let log = "journalctl -u mesoform-join -o cat";
    eventually("the copy tells why", LIMIT, || copy.run(log).says("this token was used on"));
    assert!(!copy.run(log).says("mesoform-join-1"));
}

fn joined(host: &Host) -> bool {
    let there = "test -e /etc/mesoform/pki/agent.crt";
    host.run(&format!("{there} && test ! -e /etc/systemd/system/mesoform-join.service")).success()
}
