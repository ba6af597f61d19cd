//! What `up --check` prints is what `up` then does, and nothing else; it touches nothing itself.

use mesoform_tests::{Changes, Cluster, Host, Rig, Run};

const BEFORE: &str = "[masters]\nh1\n\n[agents]\nh1\nh2\n";
const AFTER: &str = "[masters]\nh1\n\n[agents]\nh1\nh2 mesoform_attributes='rack:blue'\nh3\n\n\
                     [all:vars]\nmesoform_scheduler_port=8081\n";

#[test]
fn check_tells_the_truth() {
    let Some(rig) = Rig::new("check_tells_the_truth") else { return };
    let hosts @ [h1, h2, h3] = &rig.hosts(["h1", "h2", "h3"]);

    // Bare hosts.
    let cluster = rig.cluster(BEFORE);
    let known = std::fs::read(rig.known_hosts()).unwrap();
    let (would, did, check) = check_and_up(&cluster, hosts, || assert!(!cluster.state().exists()));
    assert_eq!(would, did);
    // A CA that nobody has made yet is not shown.
    let lines = diff_of(&check, "h1", "/etc/mesoform/pki/ca.crt");
    assert_eq!(lines.last().unwrap(), "+(made at the first up)");
    let lines = diff_of(&check, "h1", "/etc/mesoform/cluster");
    assert_eq!(lines.last().unwrap(), "+cluster (made at the first up)");
    check.expect_silent_about("BEGIN CERTIFICATE");
    assert_eq!(would.keys().collect::<Vec<_>>(), ["h1", "h2"]);
    for change in ["create directory /opt/mesoform", "start unit mesoform-agent.service"] {
        assert!(would.values().all(|changes| changes.contains(change)), "{change}: {would:#?}");
    }
    let binaries = would.values().flatten().filter(|change| change.starts_with("create binary "));
    assert_eq!(binaries.count(), 2);
    assert_eq!(std::fs::read(rig.known_hosts()).unwrap(), known);
    cluster.create_web("/web", 2).expect_answers(2);

    // Nothing to do.
    let (would, did, _) = check_and_up(&cluster, hosts, || ());
    assert!(would.is_empty() && did.is_empty(), "{would:#?}");

    // Another inventory: an attribute, a port, a new host.
    let cluster = rig.cluster(AFTER);
    let (would, did, check) = check_and_up(&cluster, hosts, || ());
    assert_eq!(would, did);
    assert_eq!(would.keys().collect::<Vec<_>>(), ["h1", "h2", "h3"]);
    assert!(would["h1"].contains("update file /etc/mesoform/scheduler.yml (content)"));
    assert!(would["h1"].contains("restart unit mesoform-scheduler.service (its inputs changed)"));
    assert!(!would["h1"].iter().any(|change| change.contains("mesoform-agent.service")));
    let lines = diff_of(&check, "h2", "/etc/mesoform/agent.yml");
    assert!(lines.iter().any(|line| line.starts_with('-') && line.contains("attributes:")));
    assert!(lines.iter().any(|line| line.starts_with('+') && line.contains("blue")), "{lines:#?}");
    let lines = diff_of(&check, "h1", "/etc/mesoform/scheduler.yml");
    assert!(lines.iter().any(|line| line.starts_with('-') && line.contains(":8080")));
    assert!(lines.iter().any(|line| line.starts_with('+') && line.contains(":8081")), "{lines:#?}");
    cluster.status().expect_success().expect_says("agents: 3 of 3");

    // What somebody did by hand.
    h1.run("echo '# mine' >>/etc/mesoform/master.yml; echo x >>/etc/mesoform/master.credentials")
        .expect_success();
    h2.run("systemctl disable --quiet --now mesoform-agent; chmod 0777 /etc/mesoform/pki")
        .expect_success();
    h3.run("rm /etc/mesoform/pki/agent.key; ln -sfn / /opt/mesoform/bin/mesoform").expect_success();
    // And what was left behind by versions of before: one runs, two stay for the way back.
    h1.run(
        "cd /opt/mesoform/versions; for v in 1 2 3 4; do mkdir 00$v; cp /bin/sleep 00$v/mesoform; \
         touch -d @$v 00$v; done; systemd-run --quiet --unit=old $PWD/001/mesoform 1000",
    )
    .expect_success();
    let (would, did, check) = check_and_up(&cluster, hosts, || ());
    assert_eq!(would, did);
    let removed = would["h1"].iter().filter(|change| change.starts_with("remove "));
    assert_eq!(removed.collect::<Vec<_>>(), ["remove path /opt/mesoform/versions/002"]);
    h1.run("cd /opt/mesoform/versions; test -e 001 -a ! -e 002 -a -e 003 -a -e 004")
        .expect_success();
    assert!(diff_of(&check, "h1", "/etc/mesoform/master.yml").contains(&"-# mine".to_owned()));
    assert!(would["h1"].contains("update credential /etc/mesoform/master.credentials (content)"));
    assert!(would["h2"].contains("start unit mesoform-agent.service"), "{would:#?}");
    cluster.status().expect_success().expect_says("all is well");
}

/// What `up --check` says, what `up` says after it, and the first in full. The check touches
/// nothing, and secrets are in neither.
fn check_and_up(
    cluster: &Cluster<'_>,
    hosts: &[Host],
    after_check: impl FnOnce(),
) -> (Changes, Changes, Run) {
    // Nor do its own quorum and masters wait for a check: a task of a stopped agent starts elsewhere.
    let own = ["/var/lib/mesoform/quorum/", "/var/lib/mesoform/agent/tasks/"];
    let files = |host: &Host| host.untouched().without(&own);
    let before: Vec<_> = hosts.iter().map(files).collect();
    let check = cluster.does(&["up", "--check", "--diff", "--output", "json"]).expect_success();
    after_check();
    for (host, before) in hosts.iter().zip(before) {
        before.expect_same(&files(host));
    }
    let words = cluster.does(&["up", "--check", "--diff"]).expect_success();
    let up = cluster.does(&["up", "--diff", "--output", "json"]).expect_success();
    let credentials = cluster.credentials();
    let password = credentials.split_once(':').unwrap().1;
    let line = hosts[0].run("cat /etc/mesoform/master.credentials").expect_success();
    for said in [&check, &words, &up] {
        let said = said.clone().expect_silent_about("PRIVATE KEY").expect_silent_about(password);
        said.expect_silent_about(line.text().rsplit(':').next().unwrap());
    }
    let (would, did) = (check.changes(), up.changes());
    for change in would.values().flatten() {
        words.clone().expect_says(change);
    }
    (would, did, check)
}

/// The lines of a file's difference as the check shows it.
fn diff_of(check: &Run, host: &str, file: &str) -> Vec<String> {
    let events = check.events();
    let wanted = |event: &&serde_json::Value| {
        event["host"] == host && event["change"].as_str().is_some_and(|c| c.contains(file))
    };
    let event = events.iter().find(wanted).unwrap_or_else(|| panic!("{host}: {file}\n{check}"));
    event["diff"].as_str().unwrap_or_default().lines().map(str::to_owned).collect()
}
