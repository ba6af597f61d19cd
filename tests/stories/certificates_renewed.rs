//! All certificates are made anew while everything runs: services show the new ones without a restart.

use std::time::Duration;

use mesoform_tests::{Host, Rig, eventually};

const LIMIT: Duration = Duration::from_secs(120);
const SERVICES: [&str; 4] = ["quorum", "master", "scheduler", "agent"];
/// Which certificate is shown at which port.
const PORTS: [(u16, &str); 6] = [
    (2379, "quorum"),
    (2380, "quorum"),
    (5050, "master"),
    (5055, "master"),
    (8080, "scheduler"),
    (5051, "agent"),
];

#[test]
fn certificates_renewed() {
    let Some(rig) = Rig::new("certificates_renewed") else { return };
    let hosts = rig.hosts(["h1", "h2", "h3"]);
    let cluster = rig.cluster("[masters]\nh[1:3]\n\n[agents]\nh[1:3]\n");
    cluster.up().expect_success();
    let web = cluster.create_web("/web", 3);
    let tasks = web.expect_answers(3);
    let prober = web.probe(&tasks);
    let status = cluster.does(&["status", "--output", "json"]).expect_success();
    for role in SERVICES.iter().chain(&["ca"]) {
        assert!(status.says(&format!(r#""role":"{role}""#)), "{status}");
    }
    assert!(status.says(r#""not_after":"2"#), "{status}");

    let pids: Vec<i32> = pids(&hosts);
    for host in &hosts {
        host.run("cd /etc/mesoform/pki && rm quorum.crt master.crt scheduler.crt agent.crt")
            .expect_success();
    }
    cluster.status().expect_code(2).expect_says("the certificate of the quorum is of no use");
    cluster.up().expect_success().expect_says("12 changes on 3 hosts");
    rig.tell("renewed");
    for host in &hosts {
        for (port, role) in PORTS {
            eventually(&format!("{} shows the new one at {port}", host.name()), LIMIT, || {
                shown(host, port) == kept(host, role)
            });
        }
    }
    rig.tell("shown");
    assert_eq!(self::pids(&hosts), pids, "nothing was restarted");
    // New connections of all kinds, and all by the new certificates.
    for service in ["quorum", "mesos-slave"] {
        cluster.restart(service).expect_success();
    }
    cluster.up().expect_success().expect_says("0 changes on 3 hosts");
    web.scale(4).expect_status(200);
    web.expect_answers(4);
    prober.expect_all_answered();
}

fn pids(hosts: &[Host]) -> Vec<i32> {
    let of = |host: &Host| SERVICES.map(|service| host.service(service).pid());
    hosts.iter().flat_map(of).collect()
}

/// The fingerprint of the certificate that is shown at a port of the host.
fn shown(host: &Host, port: u16) -> String {
    let shown = format!("openssl s_client -connect 127.0.0.1:{port} < /dev/null 2> /dev/null");
    host.run(&format!("{shown} | {FINGERPRINT}")).text().to_owned()
}

/// The fingerprint of the one that lies there.
#[track_caller]
fn kept(host: &Host, role: &str) -> String {
    let command = format!("{FINGERPRINT} < /etc/mesoform/pki/{role}.crt");
    host.run(&command).expect_success().text().to_owned()
}

const FINGERPRINT: &str = "openssl x509 -noout -fingerprint -sha256";
