//! Strangers in crowds at every port of a cluster that is open to them.

use mesoform_tests::{Crowd, Rig};

const PORTS: [u16; 3] = [8080, 5050, 5051];
/// Of the cluster's own parts.
const AGENTS: u16 = 5055;
/// More than one address gets places for.
const SIZE: usize = 800;
const ASKS: &str = "GET /ping HTTP/1.1\r\nHost: anyone\r\n\r\n";

#[test]
fn crowds_keep_nobody_of_the_cluster_out() {
    let Some(rig) = Rig::new("crowds_keep_nobody_of_the_cluster_out") else { return };
    let [h1, h2, h3] = rig.hosts(["h1", "h2", "h3"]);
    let cluster = rig.cluster(
        "[mesos_masters]\nh[1:3]\n\n[mesos_slaves]\nh[1:3]\n\n[all:vars]\nmesoform_http=plain\n",
    );
    cluster.up().expect_success();
    let mut crowds: Vec<Crowd> = Vec::new();
    for host in [&h1, &h2, &h3] {
        crowds.push(rig.crowd(host, AGENTS, SIZE, ""));
        crowds.extend(PORTS.map(|port| rig.crowd(host, port, SIZE, ASKS)));
    }
    crowds.iter().for_each(Crowd::expect_gathered);
    rig.tell("crowds are at all ports");
    cluster.status().expect_success().expect_says("all is well");
    // All connections of the cluster's own parts are made anew.
    for service in ["agent", "master", "scheduler"] {
        cluster.restart(service).expect_success();
        rig.tell(service);
    }
    // Whoever was restarted leads, or is registered, when that ends.
    cluster.status().expect_success().expect_says("all is well");
    // Users at other addresses come in too.
    let password = cluster.credentials();
    for (port, path) in [(8080, "/v2/apps"), (5050, "/version"), (5051, "/state")] {
        let url = format!("http://{}:{port}{path}", h1.address());
        let asked = format!("curl -s -o /dev/null -w '%{{http_code}}' -m 20 -u '{password}' {url}");
        h2.run(&asked).expect_success().expect_says("200");
    }
    drop(crowds);
    cluster.up().expect_success().expect_says("0 changes");
}
