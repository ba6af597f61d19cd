//! From bare hosts to an app that answers, with one command.

use std::time::Duration;

use mesoform_tests::{Cluster, Host, Request, Rig, eventually};

const SOON: Duration = Duration::from_secs(120);

#[test]
fn first_cluster() {
    let Some(rig) = Rig::new("first_cluster") else { return };
    let [h1, h2, h3] = rig.hosts(["h1", "h2", "h3"]);
    let cluster = rig.cluster("[mesos_masters]\nh[1:3]\n\n[mesos_slaves]\nh[1:3]\n");
    let hosts = [&h1, &h2, &h3];
    hosts.iter().for_each(|host| watch_processes(host));
    let up = cluster.up().expect_success().expect_says("\"cluster\" is up");
    println!("up on three bare hosts took {:.1} s", up.took.as_secs_f32());
    cluster.create_web("/web", 3).expect_answers(3);
    cluster
        .status()
        .expect_success()
        .expect_says("all is well")
        .expect_says("agents: 3 of 3")
        .expect_silent_about("nobody leads");

    etcdctl_is_served(&cluster, &hosts);
    strangers_are_refused(&rig, &cluster, &hosts);
    let said = format!("{up}{}", cluster.status());
    secrets_stay_where_they_belong(&cluster, &hosts, &said);
}

/// An inventory in the style of the playbooks that people have.
#[test]
fn first_cluster_of_masters_and_separate_agents() {
    let Some(rig) = Rig::new("first_cluster_of_masters_and_separate_agents") else { return };
    let [m1, m2, m3, s1, s2] =
        rig.hosts(["master1", "master2", "master3", "slave1", "slave2.example.org"]);
    let cluster = rig.cluster(
        "[mesos_masters]\nmaster1 zoo_id=1\nmaster2 zoo_id=2\nmaster3 zoo_id=3\n\n\
         [mesos_slaves]\nslave1\nslave2.example.org\n\n\
         [mesos:children]\nmesos_masters\nmesos_slaves\n\n[mesos:vars]\nansible_user=admin\n",
    );
    let up = cluster.up().expect_success();
    println!("up on five bare hosts took {:.1} s", up.took.as_secs_f32());
    let tasks = cluster.create_web("/web", 3).expect_answers(3);
    let on = |task: &mesoform_tests::Task| task.host.starts_with("slave");
    assert!(tasks.iter().all(on), "a master that is no agent runs tasks: {tasks:?}");
    cluster.status().expect_success().expect_says("all is well").expect_says("agents: 2 of 2");

    let services = "systemctl list-units --plain --no-legend 'mesoform-*.service' | \
                    grep -o '^mesoform-[qmsa][a-z]*\\.service' | sort | xargs";
    for master in [&m1, &m2, &m3] {
        let found = master.run(services).expect_success();
        let wanted = "mesoform-master.service mesoform-quorum.service mesoform-scheduler.service";
        assert_eq!(found.text(), wanted, "{}", master.name());
        assert_eq!(master.run("ls /etc/mesoform/pki | grep -c agent").text(), "0");
    }
    for agent in [&s1, &s2] {
        assert_eq!(agent.run(services).text(), "mesoform-agent.service", "{}", agent.name());
        assert_eq!(agent.run("ls /etc/mesoform/pki | xargs").text(), "agent.crt agent.key ca.crt");
    }
    cluster.etcdctl(&[&m1, &m2, &m3], &["member", "list"]).expect_success().expect_says("master3");
}

/// What runs, with its environment, is written down on the host all the while.
fn watch_processes(host: &Host) {
    let look = "while :; do ps axewwo args; sleep 0.1; done >/root/processes";
    host.run(&format!("systemd-run --quiet --unit=watch sh -c '{look}'")).expect_success();
}

fn etcdctl_is_served(cluster: &Cluster<'_>, hosts: &[&Host]) {
    let etcdctl = |words: &[&str]| cluster.etcdctl(hosts, words).expect_success();
    let members = etcdctl(&["member", "list"]);
    for host in hosts {
        members.clone().expect_says(host.name()).expect_says(&format!("{}:2379", host.address()));
    }
    assert_eq!(members.text().lines().count(), 3, "{members}");
    assert_eq!(members.stdout.matches("started").count(), 3, "{members}");
    etcdctl(&["endpoint", "health"]);
    assert_eq!(etcdctl(&["endpoint", "status"]).stdout.matches(", true, ").count(), 1);

    assert_eq!(etcdctl(&["put", "story", "first"]).text(), "OK");
    assert_eq!(etcdctl(&["get", "story"]).text(), "story\nfirst");
    for voter in hosts {
        let got = cluster.etcdctl(&[voter], &["get", "--print-value-only", "story"]);
        assert_eq!(got.expect_success().text(), "first", "{}", voter.name());
    }
    let watch = cluster.watch(hosts, "watched");
    eventually("the watch has begun", SOON, || {
        etcdctl(&["put", "watched", "begun"]);
        watch.says("PUT\nwatched\nbegun\n")
    });
    etcdctl(&["put", "watched", "changed"]);
    etcdctl(&["del", "watched"]);
    eventually("the watch tells", SOON, || {
        watch.says("PUT\nwatched\nchanged\n") && watch.says("DELETE\nwatched\n")
    });
    assert_eq!(etcdctl(&["del", "story"]).text(), "1");
    assert_eq!(etcdctl(&["get", "story"]).text(), "");
}

fn strangers_are_refused(rig: &Rig, cluster: &Cluster<'_>, hosts: &[&Host]) {
    let refused = cluster.etcdctl_as_a_stranger(&hosts[..1], &["get", "--prefix", "/"]);
    assert!(!refused.success(), "{refused}");
    assert_eq!(refused.text(), "");
    let ca = cluster.state().join("ca.crt");
    for (port, path) in [(8080, "/v2/apps"), (8080, "/v2/info"), (5050, "/state"), (5051, "/state")]
    {
        let known = cluster.request("GET", hosts[0], port, path);
        let answer = rig.http(&known);
        assert!(answer.ok() || answer.status == 307, "{path}: {answer:?}");
        let stranger = Request::get(&format!("https://{}:{port}{path}", hosts[0].address()));
        let stranger = stranger.ca(&ca);
        rig.http(&stranger).expect_status(401);
        rig.http(&stranger.clone().credentials("admin:wrong")).expect_status(401);
        // In the clear, nobody answers.
        let plain = Request::get(&format!("http://{}:{port}{path}", hosts[0].address()));
        assert!(!rig.http(&plain).ok());
    }
    let post = Request::new("POST", &format!("https://{}:8080/v2/apps", hosts[0].address()));
    rig.http(&post.ca(&ca).body(r#"{"id":"/evil","cmd":"true"}"#)).expect_status(401);
    // Who shows no certificate does not get to the agents' port at all.
    let agents = Request::get(&format!("https://{}:5055/", hosts[0].address())).ca(&ca);
    let answer = rig.http(&agents);
    assert!(matches!(answer.status, 0 | 403), "{answer:?}");
}

fn secrets_stay_where_they_belong(cluster: &Cluster<'_>, hosts: &[&Host], said: &str) {
    let credentials = cluster.credentials();
    let password = credentials.split_once(':').unwrap().1;
    assert!(password.len() >= 32, "a password that can be guessed");
    assert!(!said.contains(password) && !said.contains("PRIVATE KEY"), "{said}");
    for host in hosts {
        // Or it would see what looks for the secrets.
        host.run("systemctl stop watch").expect_success();
        host.run("grep -q 'mesoform apply' /root/processes").expect_success();
        let line =
            host.run("cat /etc/mesoform/master.credentials").expect_success().text().to_owned();
        let hash = line.rsplit_once(':').unwrap().1.to_owned();
        for secret in [password, &hash, "PRIVATE KEY"] {
            is_nowhere(host, secret);
        }
        // The password itself is nowhere on the host; its hash and the keys only where they belong.
        let found = host.run(&format!("grep -rlF -e {password} /etc /opt /var /run /root /tmp"));
        assert_eq!(found.text(), "", "the password lies on {}", host.name());
        let keys = "find /etc/mesoform/pki -name '*.key' ! -perm 600; \
                    cd /etc/mesoform; stat -c '%n %U:%G %a' *.credentials";
        assert_eq!(
            host.run(keys).expect_success().text(),
            "agent.credentials root:root 640\n\
             master.credentials root:mesoform-master 640\n\
             scheduler.credentials root:mesoform-scheduler 640"
        );
    }
    let modes = ["ca.key", "admin.yml", "operator.key"].map(|file| {
        use std::os::unix::fs::PermissionsExt;
        cluster.state().join(file).metadata().unwrap().permissions().mode() & 0o777
    });
    assert_eq!(modes, [0o600; 3]);
}

fn is_nowhere(host: &Host, secret: &str) {
    let found = host.run(&format!(
        "grep -qF -e '{secret}' /root/processes && echo processes; \
         grep -rlF -e '{secret}' /var/lib/mesoform/runs /etc/systemd /run/systemd; \
         journalctl --no-pager -o json --all | grep -qF -e '{secret}' && echo journal; true"
    ));
    assert_eq!(found.text(), "", "{secret} is seen on {}", host.name());
}
