//! Clients that know neither TLS nor, some of them, passwords: what is given up for them is only what
//! they need, and `status` is loud about it.

use mesoform_tests::{App, Cluster, Host, Request, Rig};

const SCHEDULER: u16 = 8080;

#[test]
fn old_clients_with_a_password() {
    let Some(rig) = Rig::new("old_clients_with_a_password") else { return };
    let hosts = rig.hosts(["h1", "h2", "h3"]);
    let cluster = rig.cluster(
        "[mesos_masters]\nh[1:3]\n\n[mesos_slaves]\nh[1:3]\n\n[all:vars]\nmesoform_http=plain\n",
    );
    cluster
        .up()
        .expect_success()
        .expect_says("http://")
        .expect_says("(mesoform_http=plain)")
        .expect_silent_about("https://10.77.0.11:8080");
    let password = cluster.credentials();
    let asks = |request: Request| rig.http(&request.credentials(&password));
    for host in &hosts {
        for (port, path) in [(SCHEDULER, "/v2/apps"), (5051, "/state")] {
            asks(plain(host, port, path)).expect_status(200);
            rig.http(&plain(host, port, path)).expect_status(401);
            rig.http(&plain(host, port, path).credentials("admin:wrong")).expect_status(401);
        }
        rig.http(&plain(host, 5050, "/state")).expect_status(401);
    }
    serves_an_app(&cluster, &hosts[0], |request| asks(request).status);
    cluster
        .status()
        .expect_success()
        .expect_says("mesoform_http=plain")
        .expect_silent_about("mesoform_auth=none")
        .expect_says("all is well");
    cluster.up().expect_success().expect_says("0 changes");
}

#[test]
fn old_clients_without_a_password() {
    let Some(rig) = Rig::new("old_clients_without_a_password") else { return };
    let host = rig.host("h1");
    let cluster = rig
        .cluster("[mesos_masters]\nh1\n\n[mesos_slaves]\nh1\n\n[all:vars]\nmesoform_auth=none\n");
    cluster.up().expect_success();
    let ca = cluster.state().join("ca.crt");
    let asks = |path: &str, port| {
        let url = format!("https://{}:{port}{path}", host.address());
        rig.http(&Request::get(&url).ca(&ca))
    };
    for (port, path) in [(SCHEDULER, "/v2/apps"), (5050, "/state"), (5051, "/state")] {
        asks(path, port).expect_status(200);
    }
    cluster
        .status()
        .expect_success()
        .expect_says("mesoform_auth=none")
        .expect_silent_about("mesoform_http=plain")
        .expect_says("all is well");
}

fn plain(host: &Host, port: u16, path: &str) -> Request {
    Request::get(&format!("http://{}:{port}{path}", host.address()))
}

/// The scheduler reaches the masters, whatever they ask old clients for.
fn serves_an_app(cluster: &Cluster<'_>, host: &Host, asks: impl Fn(Request) -> u16) {
    let url = format!("http://{}:{SCHEDULER}/v2/apps", host.address());
    let create = Request::new("POST", &url).body(&App::web("/web", 3).to_string());
    assert_eq!(asks(create), 201, "{}", cluster.status());
    cluster.app("/web").expect_answers(3);
}
