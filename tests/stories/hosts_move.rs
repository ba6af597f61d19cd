//! One host gets another address, another one a new name: `up` brings the cluster along, and no data is
//! lost.

use mesoform_tests::{Host, Rig};

/// Beside the first one, which the operator goes on using.
const SECOND: &str = "10.77.0.72";

#[test]
fn hosts_move() {
    let Some(rig) = Rig::new("hosts_move") else { return };
    let hosts = rig.hosts(["h1", "h2", "h3"]);
    let cluster = rig.cluster("[masters]\nh[1:3]\n\n[agents]\nh[1:3]\n");
    cluster.up().expect_success();
    let web = cluster.create_web("/web", 3);
    web.expect_answers(3);
    let voters: Vec<&Host> = hosts.iter().collect();
    cluster.etcdctl(&voters, &["put", "story", "kept"]).expect_success();

    let [_, h2, h3] = &hosts;
    h2.run(&format!("ip addr add {SECOND}/24 dev host0")).expect_success();
    let by_address = h3.address();
    let moved = format!(
        "[masters]\nh1\nh2 mesoform_address={SECOND}\n{by_address}\n\n\
         [agents]\nh1\nh2\n{by_address}\n"
    );
    let cluster = rig.cluster(&moved);
    cluster.check().expect_success().expect_says("other names or addresses");
    cluster.up().expect_success();
    rig.tell("moved");
    cluster.up().expect_success().expect_says("0 changes on 3 hosts");
    cluster.status().expect_success().expect_says("agents: 3 of 3");
    let kept = cluster.etcdctl(&voters, &["get", "story"]).expect_success();
    assert!(kept.text().ends_with("kept"), "{kept}");
    cluster.app("/web").expect_answers(3);
}
