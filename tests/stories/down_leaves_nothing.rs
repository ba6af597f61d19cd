//! `down` takes everything away again, and only that, and only when it was agreed to.

use std::time::Duration;

use mesoform_tests::{Host, Listing, Rig, eventually};

const INVENTORY: &str = "[masters]\nh[1:3]\n\n[agents]\nh[1:3]\n";

#[test]
fn down_leaves_nothing() {
    let Some(rig) = Rig::new("down_leaves_nothing") else { return };
    let hosts = &rig.hosts(["h1", "h2", "h3"]);
    let bare = hosts.each_ref().map(bare);
    let cluster = rig.cluster(INVENTORY);
    cluster.up().expect_success();
    let web = cluster.create_web("/web", 3);
    let tasks = web.expect_answers(3);

    // Nobody agreed.
    let asked = cluster.does(&["down"]).expect_code(1).expect_says("nothing was removed");
    asked.expect_says("h1: remove unit mesoform-quorum.service").expect_says("--yes");
    assert_eq!(web.expect_answers(3), tasks);

    let down = cluster.down().expect_success().expect_says("is down");
    println!("down took {:.1} s", down.took.as_secs_f32());
    for (host, bare) in hosts.iter().zip(&bare) {
        is_bare(host, bare);
    }
    let silent = |task: &mesoform_tests::Task| !web.answers(task);
    assert!(tasks.iter().all(silent), "tasks outlive their cluster");
    // The operator's part stays: the way back, and to other hosts.
    assert!(cluster.state().join("ca.key").exists());

    // Once more, and nothing is there to ask about.
    for words in [&["down", "--yes"][..], &["down"], &["down", "--keep-data"]] {
        cluster.does(words).expect_success().expect_says("0 changes");
    }
    for (host, bare) in hosts.iter().zip(&bare) {
        is_bare(host, bare);
    }
}

#[test]
fn down_keeps_what_it_says() {
    let Some(rig) = Rig::new("down_keeps_what_it_says") else { return };
    let hosts @ [h1, h2, h3] = &rig.hosts(["h1", "h2", "h3"]);
    let bare = hosts.each_ref().map(bare);
    let cluster = rig.cluster(INVENTORY);
    cluster.up().expect_success();
    let web = cluster.create_web("/web", 3);
    web.expect_answers(3);

    // Only one host: the others do not notice.
    let running = [h1, h2].map(services);
    cluster.does(&["down", "--yes", "--limit", "h3"]).expect_success();
    is_bare(h3, &bare[2]);
    assert_eq!([h1, h2].map(services), running);
    let start = std::time::Instant::now();
    let elsewhere = web.expect("its instances run elsewhere", |web| {
        let answering = web.answering();
        let gone = answering.iter().all(|task| task.host != "h3");
        (answering.len() == 3 && gone).then_some(answering)
    });
    println!("up elsewhere: it took {:.1} s", start.elapsed().as_secs_f32());
    assert_eq!(elsewhere.len(), 3);
    let up = cluster.up().expect_success();
    println!("up of a host that was taken out took {:.1} s", up.took.as_secs_f32());
    cluster.status().expect_success().expect_says("agents: 3 of 3");

    // Everything but the data.
    let data = hosts.each_ref().map(keys);
    let down = cluster.does(&["down", "--yes", "--keep-data"]).expect_success();
    down.expect_silent_about("/var/lib/mesoform").expect_silent_about("/etc/mesoform");
    for (host, data) in hosts.iter().zip(&data) {
        nothing_runs(host);
        host.run("test ! -e /opt/mesoform && test -d /var/lib/mesoform/quorum").expect_success();
        assert_eq!(&keys(host), data, "{}", host.name());
    }
    let up = cluster.up().expect_success().expect_silent_about("/etc/mesoform/pki");
    up.expect_says("create directory /opt/mesoform");
    web.expect_answers(3);
    cluster.status().expect_success().expect_says("all is well");

    cluster.down().expect_success();
    for (host, bare) in hosts.iter().zip(&bare) {
        is_bare(host, bare);
    }
}

/// A host that has come up and is at rest.
fn bare(host: &Host) -> Listing {
    assert_eq!(host.run("systemctl is-system-running --wait").text(), "running");
    host.contents()
}

fn is_bare(host: &Host, bare: &Listing) {
    nothing_runs(host);
    bare.expect_same(&host.contents());
    assert_eq!(host.run("getent passwd; getent group").text().matches("mesoform").count(), 0);
}

fn nothing_runs(host: &Host) {
    let traces = "pgrep -a mesoform; pgrep -a busybox; \
        systemctl list-units --all --plain --no-legend '*mesoform*'; \
        systemctl list-unit-files --no-legend '*mesoform*'; \
        find /run /tmp /var/tmp /dev/shm /sys/fs/cgroup -name '*mesoform*'; \
        grep mesoform /proc/mounts";
    // The session that did it may still be ending.
    let mut found = String::new();
    let soon = Duration::from_secs(90);
    let start = std::time::Instant::now();
    eventually("the looking ends", soon * 2, || {
        found = host.run(traces).text().to_owned();
        found.is_empty() || start.elapsed() > soon
    });
    assert_eq!(found, "", "{}", host.name());
}

fn services(host: &Host) -> String {
    let show = "systemctl show --property=Id,MainPID,InvocationID 'mesoform-[qmsa]*.service'";
    host.run(&format!("{show} | grep -v mesoform-task")).expect_success().stdout
}

/// What makes a host the same member as before.
fn keys(host: &Host) -> String {
    host.run("cd /etc/mesoform && sha256sum cluster *.credentials pki/*").expect_success().stdout
}
