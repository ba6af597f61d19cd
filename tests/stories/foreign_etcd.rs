//! The whole cluster on Debian's etcd instead of a quorum of its own: members die, and come back.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use mesoform_tests::{Answer, App, Cluster, Host, Rig, Run, eventually};

const LIMIT: Duration = Duration::from_secs(180);
const PREFIX: &str = "/cluster/mesoform/";

#[test]
fn foreign_etcd() {
    let Some(rig) = Rig::new("foreign_etcd") else { return };
    let hosts = rig.hosts(["h1", "h2", "h3"]);
    let etcd = Etcd::start(&rig, rig.hosts(["e1", "e2", "e3"]));
    let cluster = rig.cluster(&format!("{MASTERS_AND_AGENTS}\n[all:vars]\n{}", etcd.variables()));
    rig.tell("an etcd is there");

    let check = cluster.check().expect_success().expect_silent_about("mesoform-quorum");
    check.expect_says("zoo_id means nothing here").expect_silent_about("PRIVATE KEY");
    let up = cluster.does(&["up", "--diff"]).expect_success().expect_says("\"cluster\" is up");
    let up = up.expect_says(&etcd.url(0)).expect_silent_about("PRIVATE KEY");
    println!("{up}");
    let web = cluster.create_web("/web", 3);
    let prober = web.probe(&web.expect_answers(3));
    let status = cluster.status().expect_success().expect_says("all is well");
    println!("{status}");
    etcd.hosts
        .iter()
        .for_each(|host| drop(status.clone().expect_says(&host.address().to_string())));
    no_quorum_of_its_own(&etcd, &hosts);
    rig.tell("an app answers");

    let dead = leading_master(&cluster, &hosts);
    dead.service("master").kill();
    eventually("another master leads, and all is well", LIMIT, || {
        let health = cluster.health();
        let led = health["leading_master"].as_str().is_some_and(|name| name != dead.name());
        led && health["ailments"].as_array().is_some_and(Vec::is_empty)
    });
    web.scale(4).expect_status(200);
    web.expect_answers(4);
    rig.tell(&format!("the master of {} was killed, another leads", dead.name()));

    let first = etcd.leader(&cluster);
    etcd.kill(first);
    changes_work(&web, 5);
    eventually("status warns of the member, and all is well", LIMIT, || {
        let status = cluster.status();
        status.success() && status.says("all is well") && status.says("does not answer")
    });
    cluster.up().expect_success().expect_says("0 changes");
    rig.tell("a member of etcd that led is gone, and changes work");

    let second = (first + 1) % 3;
    etcd.kill(second);
    changes_are_refused(&cluster, &hosts);
    eventually("status says what is wrong", LIMIT, || {
        let status = cluster.status();
        status.code == 2 && status.says("no consensus") && status.says("mesoform does not run it")
    });
    let asked = prober.answers();
    eventually("the app goes on answering", LIMIT, || prober.answers() > asked + 30);
    rig.tell("etcd has lost its majority: changes are refused, and the app answers");

    etcd.start_again(first);
    etcd.start_again(second);
    changes_work(&web, 6);
    eventually("all is well", LIMIT, || cluster.status().success());
    rig.tell(&format!("etcd is back; {} answers, all good", prober.expect_all_answered()));

    cluster.up().expect_success().expect_says("0 changes");
    cluster.check().expect_success().expect_says("0 changes");
    it_is_not_ours(&rig, &cluster, &etcd);
    down_leaves_it_alone(&rig, &cluster, &etcd);
}

const MASTERS_AND_AGENTS: &str = "[mesos_masters]\nh1 zoo_id=1\nh2 zoo_id=2\nh3 zoo_id=3\n\n\
                                  [mesos_slaves]\nh[1:3]\n";

fn no_quorum_of_its_own(etcd: &Etcd, hosts: &[Host]) {
    let services = ["master", "scheduler"];
    for host in hosts {
        host.run("id mesoform-quorum || ls /etc/mesoform/quorum.yml").expect_code(2);
        host.run("systemctl cat mesoform-quorum.service").expect_code(1);
        let keys = host.run("stat -c '%n %U %a' /etc/mesoform/pki/*-etcd.key").expect_success();
        let wanted =
            services.map(|s| format!("/etc/mesoform/pki/{s}-etcd.key mesoform-{s} 600")).join("\n");
        assert_eq!(keys.text(), wanted);
        let key = fs::read_to_string(etcd.file("client.key")).unwrap();
        let secret = key.lines().nth(1).unwrap();
        let found = host.run(&format!(
            "grep -rlF -e '{secret}' /etc /var/lib /run /root /tmp --exclude-dir=pki; \
             journalctl --no-pager -o json --all | grep -qF -e '{secret}' && echo journal; true"
        ));
        assert_eq!(found.text(), "", "the key is seen on {}", host.name());
    }
    let keys = etcd.ctl(&["get", "--prefix", "--keys-only", "/"]).expect_success();
    let keys: Vec<&str> = keys.text().lines().filter(|line| !line.is_empty()).collect();
    assert!(!keys.is_empty() && keys.iter().all(|key| key.starts_with(PREFIX)), "{keys:?}");
}

fn leading_master<'h>(cluster: &Cluster<'_>, hosts: &'h [Host]) -> &'h Host {
    let health = cluster.health();
    hosts.iter().find(|host| health["leading_master"] == host.name()).unwrap()
}

fn changes_work(web: &App<'_>, instances: usize) {
    eventually("changes work", LIMIT, || web.scale(instances).status == 200);
    web.expect_answers(instances);
}

/// With 503, and in words. What was asked for first may have been made, and nobody knows.
fn changes_are_refused(cluster: &Cluster<'_>, hosts: &[Host]) {
    let late = App::web("/late", 1).to_string();
    let ask = |host: &Host| cluster.ask_at(host, "POST", "/v2/apps", Some(&late));
    let refused = |answer: &Answer| {
        let words = answer.json()["message"].as_str().unwrap_or_default().to_owned();
        assert_eq!(answer.status, 503, "{answer:?}");
        assert!(!words.is_empty(), "{answer:?}");
        words
    };
    for host in hosts {
        println!("{}", refused(&ask(host)));
    }
}

fn it_is_not_ours(rig: &Rig, cluster: &Cluster<'_>, etcd: &Etcd) {
    let file = rig.dir().join("backup").display().to_string();
    for (words, cure) in [
        (&["restart", "zookeeper-equivalent"][..], "systemctl restart etcd"),
        (&["restart", "quorum", "--force-new-cluster", "h1", "--yes"], "etcdctl snapshot restore"),
        (&["backup", "-o", &file], "etcdctl snapshot save"),
        (&["up", "--prune"], "etcdctl member remove"),
    ] {
        let refused = cluster.does(words).expect_code(1).expect_says("mesoform does not run");
        refused.expect_says(cure);
    }
    // What the one knows does not go over to the other unseen.
    let own = rig.inventory_named("cluster.ini", MASTERS_AND_AGENTS).display().to_string();
    let refused = rig.mesoform(&["up", "-i", &own]).expect_code(1);
    refused.expect_says("this cluster's quorum is an etcd").expect_says("mesoform down");
    let with = format!("{MASTERS_AND_AGENTS}\n[all:vars]\n{}", etcd.variables());
    rig.inventory_named("cluster.ini", &with);
    let other = rig.mesoform(&["up", "-i", &own, "-e", "mesoform_quorum_prefix=/other"]);
    other.expect_code(1).expect_says("/cluster/mesoform/").expect_says("/other/mesoform/");
}

fn down_leaves_it_alone(rig: &Rig, cluster: &Cluster<'_>, etcd: &Etcd) {
    let down = cluster.down().expect_success().expect_says(PREFIX);
    etcd.ctl(&["endpoint", "health"]).expect_success();
    let kept = etcd.ctl(&["get", "--prefix", "--keys-only", PREFIX]).expect_success();
    assert!(kept.says("/scheduler/"), "{kept}");
    let command = down.stdout.lines().find(|line| line.contains("etcdctl")).unwrap().trim();
    rig.run("sh", &["-c", command]).expect_success();
    assert_eq!(etcd.ctl(&["get", "--prefix", "/"]).expect_success().text(), "");
    rig.tell("down, and nothing is left in etcd");
}

/// Debian's etcd on three hosts that are no part of the cluster, with mutual TLS of its own.
struct Etcd<'r> {
    rig: &'r Rig,
    hosts: [Host; 3],
    dir: PathBuf,
}

impl<'r> Etcd<'r> {
    fn start(rig: &'r Rig, hosts: [Host; 3]) -> Self {
        let dir = rig.dir().join("etcd-tls");
        fs::create_dir_all(&dir).unwrap();
        let etcd = Self { rig, hosts, dir };
        etcd.make_ca();
        for host in &etcd.hosts {
            etcd.sign(host.name(), "ec:P-256", &format!("subjectAltName=IP:{}", host.address()));
        }
        // As many an operator's.
        etcd.sign("client", "rsa:2048", "extendedKeyUsage=clientAuth");
        (0..3).for_each(|at| etcd.install(at));
        eventually("etcd answers", LIMIT, || etcd.ctl(&["endpoint", "health"]).success());
        etcd
    }

    fn file(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    fn path(&self, name: &str) -> String {
        self.file(name).display().to_string()
    }

    fn url(&self, at: usize) -> String {
        format!("https://{}:2379", self.hosts[at].address())
    }

    /// What the inventory says of it.
    fn variables(&self) -> String {
        format!(
            "mesoform_quorum_endpoints={},{},{}\nmesoform_quorum_ca_file={}\n\
             mesoform_quorum_cert_file={}\nmesoform_quorum_key_file={}\n",
            self.url(0),
            self.url(1),
            self.url(2),
            self.path("ca.crt"),
            self.path("client.crt"),
            self.path("client.key")
        )
    }

    fn make_ca(&self) {
        let (key, crt) = (self.path("ca.key"), self.path("ca.crt"));
        let words = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
        let rest = ["-nodes", "-days", "90", "-subj", "/CN=etcd-ca", "-keyout", &key, "-out", &crt];
        self.rig.run("openssl", &[&words[..], &rest].concat()).expect_success();
    }

    fn sign(&self, name: &str, key: &str, extension: &str) {
        let file = |ending: &str| self.path(&format!("{name}.{ending}"));
        let (crt, csr, ext) = (file("crt"), file("csr"), file("ext"));
        fs::write(&ext, extension).unwrap();
        let key = match key.split_once(':') {
            Some(("ec", curve)) => format!("-newkey ec -pkeyopt ec_paramgen_curve:{curve}"),
            _ => format!("-newkey {key}"),
        };
        let made = format!(
            "openssl req -new {key} -nodes -subj /CN={name} -keyout {} -out {csr} && \
             openssl x509 -req -in {csr} -CA {} -CAkey {} -CAcreateserial -days 90 -extfile {ext} \
             -out {crt}",
            file("key"),
            self.path("ca.crt"),
            self.path("ca.key")
        );
        self.rig.run("sh", &["-c", &made]).expect_success();
    }

    fn install(&self, at: usize) {
        let host = &self.hosts[at];
        let root = host.root();
        fs::copy("/usr/bin/etcd", root.join("usr/local/bin/etcd")).unwrap();
        fs::create_dir_all(root.join("etc/etcd")).unwrap();
        for (from, to) in [("ca.crt", "ca.crt"), ("crt", "own.crt"), ("key", "own.key")] {
            let from = if from == to { from.to_owned() } else { format!("{}.{from}", host.name()) };
            fs::copy(self.file(&from), root.join("etc/etcd").join(to)).unwrap();
        }
        fs::write(root.join("etc/systemd/system/etcd.service"), self.unit(host)).unwrap();
        host.run("systemctl daemon-reload && systemctl start --no-block etcd").expect_success();
    }

    fn unit(&self, host: &Host) -> String {
        let (name, address) = (host.name(), host.address());
        let peers = self.hosts.iter().map(|h| format!("{}=https://{}:2380", h.name(), h.address()));
        let peers = peers.collect::<Vec<_>>().join(",");
        let tls = |kind: &str| {
            format!(
                "--{kind}cert-file /etc/etcd/own.crt --{kind}key-file /etc/etcd/own.key \
                 --{kind}trusted-ca-file /etc/etcd/ca.crt --{kind}client-cert-auth"
            )
        };
        format!(
            "[Service]\nExecStart=/usr/local/bin/etcd --name {name} --data-dir /var/lib/etcd \
             --listen-client-urls https://{address}:2379 --advertise-client-urls https://{address}:2379 \
             --listen-peer-urls https://{address}:2380 \
             --initial-advertise-peer-urls https://{address}:2380 --initial-cluster {peers} {} {}\n",
            tls(""),
            tls("peer-")
        )
    }

    /// Which member leads, as the cluster's operator sees it.
    fn leader(&self, cluster: &Cluster<'_>) -> usize {
        let health = cluster.health();
        let led = health["quorum_leader"].as_str().unwrap_or_default().to_owned();
        (0..3).find(|at| self.url(*at) == led).unwrap_or_else(|| panic!("nobody leads: {health}"))
    }

    fn kill(&self, at: usize) {
        self.hosts[at].run("systemctl kill -s KILL etcd").expect_success();
        let dead = "systemctl is-active etcd";
        eventually("the member is gone", LIMIT, || !self.hosts[at].run(dead).success());
    }

    fn start_again(&self, at: usize) {
        let start = "systemctl reset-failed etcd; systemctl start --no-block etcd";
        self.hosts[at].run(start).expect_success();
    }

    fn ctl(&self, words: &[&str]) -> Run {
        let urls = [0, 1, 2].map(|at| self.url(at)).join(",");
        let (ca, crt) = (self.path("ca.crt"), self.path("client.crt"));
        let key = self.path("client.key");
        let who = ["--endpoints", &urls, "--cacert", &ca, "--cert", &crt, "--key", &key];
        let all = [&["ETCDCTL_API=3", "etcdctl"][..], &who, words].concat();
        self.rig.run("env", &all)
    }
}
