//! The disks of all voters are lost, and a new quorum begins from nothing. Agents, which have obeyed the
//! old one, refuse its masters and say why, until their operator has them accept it. What ran runs on,
//! and is nobody's until it is torn down.

use std::time::Duration;

use mesoform_tests::{Cluster, Host, Rig, Task, eventually};

const LIMIT: Duration = Duration::from_secs(180);
const MASTER: u16 = 5050;
const CURE: &str = "mesoform restart agent --accept-quorum";
/// From the last service to the first.
const SERVICES: [&str; 3] = ["scheduler", "master", "quorum"];

#[test]
fn quorum_rebuilt() {
    let Some(rig) = Rig::new("quorum_rebuilt") else { return };
    let hosts = rig.hosts(["h1", "h2", "h3"]);
    let cluster = rig.cluster("[masters]\nh[1:3]\n\n[agents]\nh[1:3]\n");
    cluster.up().expect_success();
    let web = cluster.create_web("/web", 3);
    let old = web.expect_answers(3);
    let prober = web.probe(&old);

    lose_all_voters(&hosts);
    rig.tell("all voters' data is lost");
    // No waiting cures it, so `up` does not wait, and says what does.
    let up = cluster.up().expect_code(2).expect_says("has obeyed the masters of quorum");
    up.expect_says(CURE).expect_says("waiting cures nothing");
    cluster.check().expect_success().expect_says("0 changes");
    let status = cluster.status().expect_code(2).expect_says(CURE);
    println!("{status}");
    for host in &hosts {
        let says = host.service("agent").says();
        assert!(says.contains("has obeyed masters of quorum") && says.contains(CURE), "{says}");
    }
    assert_eq!(cluster.ask("GET", "/v2/apps/web", None).status, 404, "the apps are lost");

    // Nobody is there to be asked: nothing is done.
    let asked = cluster.does(&["restart", "agent", "--accept-quorum"]).expect_code(1);
    asked.expect_says("h3: has obeyed quorum").expect_says("--yes");
    assert_eq!(cluster.health()["agents_registered"], 0);
    let accepted = cluster.does(&["restart", "agent", "--accept-quorum", "--yes"]);
    println!("{}", accepted.expect_success().expect_says("3 agents accepted the quorum"));
    let status = cluster.status().expect_success();
    rig.tell(&format!("accepted\n{status}"));
    let again = cluster.does(&["restart", "agent", "--accept-quorum", "--yes"]);
    again.expect_success().expect_says("0 agents accepted");

    let answers = prober.expect_all_answered();
    rig.tell(&format!("{answers} answers of what ran all the time"));
    tear_down_what_was_left(&cluster, &hosts);
    eventually("the old instances end", LIMIT, || !old.iter().any(|task| web.answers(task)));
    let new = cluster.create_web("/web", 3).expect_answers(3);
    assert!(new.iter().all(|task| !ids(&old).contains(&&task.id)), "{old:?} {new:?}");
    // What is accepted stays accepted, and is no part of what a host should look like.
    cluster.restart("agent").expect_success();
    cluster.up().expect_success().expect_says("0 changes on 3 hosts");
    assert_eq!(web.expect_answers(3), new);
    rig.tell("the app runs again");
}

/// The agents, and what they run, are not touched.
fn lose_all_voters(hosts: &[Host]) {
    for service in SERVICES {
        hosts.iter().for_each(|host| host.service(service).stop());
    }
    for host in hosts {
        host.run("rm -r /var/lib/mesoform/quorum/*").expect_success();
    }
}

/// As `status` tells to.
#[track_caller]
fn tear_down_what_was_left(cluster: &Cluster<'_>, hosts: &[Host]) {
    let health = cluster.health();
    let warning = &health["warnings"][0];
    assert!(warning["what"].as_str().unwrap().starts_with("3 tasks of the framework"), "{warning}");
    let cure = warning["cure"].as_str().unwrap();
    let form = cure.split_whitespace().find(|word| word.starts_with("frameworkId=")).unwrap();
    let leader = health["leading_master"].as_str().unwrap();
    let leader = hosts.iter().find(|host| host.name() == leader).unwrap();
    let request = cluster.request("POST", leader, MASTER, "/master/teardown").body(form);
    cluster.send(&request).expect_status(200);
}

fn ids(tasks: &[Task]) -> Vec<&String> {
    tasks.iter().map(|task| &task.id).collect()
}
