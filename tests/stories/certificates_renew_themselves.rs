//! All certificates end soon, and no operator is there: the hosts have them renewed by the masters, and
//! nobody notices.

use std::fs;
use std::time::Duration;

use mesoform_tests::{Cluster, Host, Rig, eventually};

const LIMIT: Duration = Duration::from_secs(300);
const SERVICES: [&str; 4] = ["quorum", "master", "scheduler", "agent"];
/// Which certificate is shown at which port.
const PORTS: [(u16, &str); 7] = [
    (2379, "quorum"),
    (2380, "quorum"),
    (5050, "master"),
    (5055, "master"),
    (5056, "master"),
    (8080, "scheduler"),
    (5051, "agent"),
];

#[test]
fn certificates_renew_themselves() {
    let Some(rig) = Rig::new("certificates_renew_themselves") else { return };
    let hosts = rig.hosts(["h1", "h2", "h3"]);
    let cluster = rig.cluster("[masters]\nh[1:3]\n\n[agents]\nh[1:3]\n");
    cluster.up().expect_success();
    cluster.up().expect_success().expect_says("0 changes on 3 hosts");
    let web = cluster.create_web("/web", 3);
    let tasks = web.expect_answers(3);
    let prober = web.probe(&tasks);

    // The same certificates, with ten days left; nothing is restarted.
    let pids = pids(&hosts);
    for host in &hosts {
        shorten(host, &cluster);
    }
    for host in &hosts {
        all_shown(host);
        assert!(SERVICES.iter().all(|role| !lasts(host, role)), "{}", host.name());
    }
    cluster.status().expect_success().expect_says("end on");
    rig.tell("ten days are left");

    // Masters that cannot sign are told of.
    for host in &hosts {
        host.run("mv /etc/mesoform/pki/issuer.key /root").expect_success();
        look_often(host);
    }
    eventually("it is told that nothing is renewed", LIMIT, || {
        cluster.status().says("its certificates are not renewed, since")
    });
    rig.tell("it is told that nothing is renewed");
    for host in &hosts {
        host.run("mv /root/issuer.key /etc/mesoform/pki").expect_success();
    }
    for host in &hosts {
        for role in SERVICES {
            let what = format!("{} has a new certificate of the {role}", host.name());
            eventually(&what, LIMIT, || lasts(host, role));
            let signed = format!("openssl x509 -noout -issuer -in /etc/mesoform/pki/{role}.crt");
            host.run(&signed).expect_success().expect_says("issuer@");
        }
    }
    rig.tell("all are renewed");
    for host in &hosts {
        all_shown(host);
        host.run("test -z \"$(ls /etc/mesoform/pki | grep -v -e 'crt$' -e 'key$')\"")
            .expect_success();
    }
    assert_eq!(self::pids(&hosts), pids, "nothing was restarted");
    eventually("nothing is warned of any more", LIMIT, || {
        let status = cluster.status();
        status.success() && !status.says("warning")
    });

    // All new connections are by way of the masters' own CAs, and an etcd's client believes them too.
    let all: Vec<&Host> = hosts.iter().collect();
    cluster.etcdctl(&all, &["endpoint", "status"]).expect_success();
    for service in ["quorum", "mesos-master", "marathon", "mesos-slave"] {
        cluster.restart(service).expect_success();
    }
    cluster.up().expect_success().expect_says("0 changes on 3 hosts");
    cluster.etcdctl(&all, &["endpoint", "health"]).expect_success();
    web.scale(4).expect_status(200);
    web.expect_answers(4);
    prober.expect_all_answered();
}

/// Signs the certificates of the services again, for ten days.
#[track_caller]
fn shorten(host: &Host, cluster: &Cluster) {
    let place = host.root().join("root/ca");
    fs::create_dir(&place).unwrap();
    for file in ["ca.crt", "ca.key"] {
        fs::copy(cluster.state().join(file), place.join(file)).unwrap();
    }
    for role in SERVICES {
        let own = format!("/etc/mesoform/pki/{role}");
        let commands = [
            "cd /root/ca && all='-copy_extensions copyall'".to_owned(),
            format!("openssl x509 -x509toreq $all -in {own}.crt -signkey {own}.key -out csr"),
            "openssl x509 -req -in csr $all -CA ca.crt -CAkey ca.key -CAcreateserial -days 10 -out crt"
                .to_owned(),
            format!("cat crt > {own}.crt"),
        ];
        host.run(&commands.join(" && ")).expect_success();
    }
    host.run("rm -r /root/ca").expect_success();
}

/// Some times a minute in place of a day.
#[track_caller]
fn look_often(host: &Host) {
    let folder = host.root().join("etc/systemd/system/mesoform-certificates.timer.d");
    fs::create_dir(&folder).unwrap();
    // The first line takes all times of the unit's own file back.
    let timer = "[Timer]\nOnActiveSec=\nOnActiveSec=1\nOnUnitInactiveSec=2\n\
                 RandomizedDelaySec=0\nAccuracySec=100ms\n";
    fs::write(folder.join("often.conf"), timer).unwrap();
    host.run("systemctl daemon-reload && systemctl restart mesoform-certificates.timer")
        .expect_success();
}

/// For more than 80 days.
#[track_caller]
fn lasts(host: &Host, role: &str) -> bool {
    let check = format!("openssl x509 -noout -checkend 6912000 -in /etc/mesoform/pki/{role}.crt");
    host.run(&check).success()
}

#[track_caller]
fn all_shown(host: &Host) {
    for (port, role) in PORTS {
        eventually(&format!("{} shows its own at {port}", host.name()), LIMIT, || {
            let shown =
                format!("openssl s_client -connect 127.0.0.1:{port} < /dev/null 2> /dev/null");
            let shown = host.run(&format!("{shown} | {FINGERPRINT}")).text().to_owned();
            let kept = format!("{FINGERPRINT} < /etc/mesoform/pki/{role}.crt");
            shown == host.run(&kept).expect_success().text()
        });
    }
}

fn pids(hosts: &[Host]) -> Vec<i32> {
    let of = |host: &Host| SERVICES.map(|service| host.service(service).pid());
    hosts.iter().flat_map(of).collect()
}

const FINGERPRINT: &str = "openssl x509 -noout -fingerprint -sha256";
