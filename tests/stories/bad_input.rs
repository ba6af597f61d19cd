//! What cannot work is refused: with the host, the cause and the cure, the right exit code, and
//! nothing touched.

use std::fs;

use mesoform_tests::{Host, Listing, Rig, Run};

const THREE: &str = "[masters]\nh1 zoo_id=1\nh2 zoo_id=2\nh3 zoo_id=3\n\n[agents]\nh[1:3]\n";

#[test]
fn a_host_that_cannot_be_entered() {
    let Some(rig) = Rig::new("a_host_that_cannot_be_entered") else { return };
    let hosts @ [h1, h2, h3] = &rig.hosts(["h1", "h2", "h3"]);

    let no_key = rig.dir().join("no_key");
    fs::write(&no_key, "this is no key").unwrap();
    for key in [no_key.display().to_string(), "/none/such".to_owned()] {
        let inventory = format!("{THREE}[all:vars]\nansible_ssh_private_key_file={key}\n");
        refused(&rig, hosts, &inventory, 1)
            .expect_says("cluster.ini:")
            .expect_says(&format!("the private key {key} cannot be used"))
            .expect_says("correct ansible_ssh_private_key_file");
    }

    // One of them is refused, and so the others are left alone.
    let known = fs::read_to_string(rig.known_hosts()).unwrap();
    let of = |host: &Host| {
        let line = known.lines().find(|line| line.starts_with(&format!("{} ", host.address())));
        line.unwrap().split_once(' ').unwrap().1.to_owned()
    };
    let without_h2: Vec<&str> = known.lines().filter(|line| !line.contains(&of(h2))).collect();
    fs::write(rig.known_hosts(), without_h2.join("\n") + "\n").unwrap();
    refused(&rig, hosts, THREE, 4)
        .expect_says("h2: failed: its ssh-ed25519 host key SHA256:")
        .expect_says("is not known")
        .expect_says("ssh-keyscan")
        .expect_says("one host could not be reached");
    fs::write(rig.known_hosts(), known.replace(&of(h2), &of(h3))).unwrap();
    refused(&rig, hosts, THREE, 4)
        .expect_says("h2: failed: HOST KEY CHANGED")
        .expect_says("known_hosts:2 has ssh-ed25519")
        .expect_says("ssh-keygen -R");
    fs::write(rig.known_hosts(), &known).unwrap();

    let nobody = THREE.replace("h1 zoo_id=1", "h1 zoo_id=1 ansible_user=nobody");
    refused(&rig, hosts, &nobody, 4)
        .expect_says("h1: failed: user nobody was not let in")
        .expect_says("authorized_keys");
    let guarded = THREE.replace("h1 zoo_id=1", "h1 zoo_id=1 ansible_user=guarded");
    refused(&rig, hosts, &guarded, 2)
        .expect_says("h1: failed: user guarded needs a sudo password")
        .expect_says("set ansible_become_password");

    h3.kill();
    refused(&rig, &[h1.clone(), h2.clone()], THREE, 4)
        .expect_says(&format!("h3: failed: does not answer at {}", h3.address()))
        .expect_says("nothing was changed");
    rig.mesoform(&["status", "-i", "cluster.ini"]).expect_code(4).expect_says("h3");
}

#[test]
fn a_host_that_is_not_fit() {
    let Some(rig) = Rig::new("a_host_that_is_not_fit") else { return };
    let hosts @ [h1, h2, h3] = &rig.hosts(["h1", "h2", "h3"]);

    h1.run("mount -t tmpfs -o size=8m none /opt").expect_success();
    h2.run("mount -t tmpfs -o size=64m none /var/lib").expect_success();
    refused(&rig, hosts, THREE, 1)
        .expect_says("h1: failed: /opt has 8 MiB free, and ")
        .expect_says("h2: failed: /var/lib has 64 MiB free, and 512 MiB are needed")
        .expect_says("make room there")
        .expect_says("stopped before anything was changed: 2 hosts stand in the way");
    h1.run("umount /opt").expect_success();
    h2.run("umount /var/lib").expect_success();

    h2.run("systemd-run --quiet --unit=taken busybox httpd -f -p 5050 -h /tmp").expect_success();
    refused(&rig, hosts, THREE, 1)
        .expect_says("h2: failed: port 5050 of its master is in use by busybox (pid ")
        .expect_says(", taken.service); stop that")
        .expect_says("mesoform_master_port");
    h2.run("systemctl stop taken").expect_success();

    // An sshd that sees what it would in a container without init.
    let sshd = "mount -t tmpfs none /run/systemd && exec /usr/sbin/sshd -D -p 2222";
    h3.run(&format!("systemd-run --quiet --unit=bare unshare -m sh -c '{sshd}'")).expect_success();
    let contained = THREE.replace("h3 zoo_id=3", "h3 zoo_id=3 ansible_port=2222");
    refused(&rig, hosts, &contained, 1)
        .expect_says("h3: failed: systemd is not its first process")
        .expect_says("install it, or boot the host");
    h3.run("systemctl stop bare").expect_success();

    // A host of another cluster, whatever is asked.
    let theirs = rig.inventory_named("theirs.ini", "[masters]\nh1\n\n[agents]\nh1\n");
    let theirs = theirs.display().to_string();
    rig.mesoform(&["up", "-i", &theirs]).expect_success();
    let of_another = |run: Run| {
        run.expect_says("h1: failed: it belongs to the cluster \"theirs\"")
            .expect_says("not to \"cluster\"")
            .expect_says("mesoform down");
    };
    of_another(refused(&rig, hosts, THREE, 1));
    let before = files(hosts);
    of_another(rig.mesoform(&["down", "--yes", "-i", "cluster.ini"]).expect_code(1));
    same(&before, hosts);
    rig.mesoform(&["status", "-i", &theirs]).expect_success().expect_says("all is well");

    // Another cluster of the same name.
    fs::rename(rig.dir().join(".mesoform/theirs"), rig.dir().join("moved")).unwrap();
    let stranger = rig.mesoform(&["up", "-i", &theirs]).expect_code(1);
    stranger.expect_says("it belongs to the cluster \"theirs\"").expect_says("bring its CA to");
    fs::remove_dir_all(rig.dir().join(".mesoform/theirs")).unwrap();
    fs::rename(rig.dir().join("moved"), rig.dir().join(".mesoform/theirs")).unwrap();
    same(&before, hosts);
    rig.mesoform(&["up", "-i", &theirs]).expect_success().expect_says("0 changes");
}

/// A disk that has no room for another file in the midst of `up`; what `df` says of it looks fine.
#[test]
fn a_disk_that_fills_up() {
    let Some(rig) = Rig::new("a_disk_that_fills_up") else { return };
    let h1 = rig.host("h1");
    let cluster = rig.cluster("[masters]\nh1\n\n[agents]\nh1\n");
    let halves = "find /opt/mesoform /etc/mesoform /var/lib/mesoform -name '.arriving*' -o -name \
                  '*.mesoform' -o -name '*.new' -o -name secrets -o -name '.pair-*' 2>/dev/null || :";
    for (place, inodes) in [("/opt", 4), ("/var/lib/mesoform", 6), ("/etc/mesoform", 7)] {
        let small = format!(
            "mkdir -p {place} && mount -t tmpfs -o size=2g,nr_inodes={inodes} none {place}"
        );
        h1.run(&small).expect_success();
        let full = cluster.up().expect_code(2).expect_says("h1: failed: ");
        let full = full.expect_says("the disk is full").expect_says(place);
        println!("{}", full.stderr);
        full.expect_says("df -i");
        assert_eq!(h1.run(halves).expect_success().text(), "", "{place}");
        h1.run("test ! -e /var/lib/mesoform/lock").expect_success();
        if place != "/etc/mesoform" {
            h1.run(&format!("umount {place}")).expect_success();
        }
    }
    // Where there is room again, the rest is done.
    h1.run("mount -o remount,nr_inodes=1000 /etc/mesoform").expect_success();
    cluster.up().expect_success().expect_says("\"cluster\" is up");
    cluster.status().expect_success().expect_says("all is well");
    cluster.up().expect_success().expect_says("0 changes");
}

/// A new port is another's; and a run ended before it restarted a service that gets one.
#[test]
fn a_new_port() {
    let Some(rig) = Rig::new("a_new_port") else { return };
    let h1 = rig.host("h1");
    let cluster = rig.cluster("[masters]\nh1\n\n[agents]\nh1\n");
    cluster.up().expect_success();
    let moved = ["up", "-e", "mesoform_scheduler_port=8090"];
    h1.run("systemd-run --quiet --unit=taken busybox httpd -f -p 8090 -h /tmp").expect_success();
    for words in [&moved[..], &[&moved[..], &["--check"]].concat()] {
        cluster
            .does(words)
            .expect_code(1)
            .expect_says("h1: failed: port 8090 of its scheduler is in use by busybox (pid ")
            .expect_says(", taken.service); stop that");
    }
    h1.run("systemctl stop taken").expect_success();
    cluster.status().expect_success().expect_says("all is well");

    let scheduler = "/etc/mesoform/scheduler.yml";
    h1.run(&format!("sed -i s/:8080/:8090/ {scheduler} && touch -d '+1 hour' {scheduler}"));
    let told = cluster.status().expect_code(2);
    told.expect_says("h1: the scheduler runs with settings from before the last `mesoform up`")
        .expect_says("the last run from here failed at h1: port 8090 of its scheduler is in use")
        .expect_silent_about("nobody leads");
    cluster.does(&moved).expect_success();
    cluster.status().expect_success().expect_says("scheduler: h1 leads");
}

/// `up` ends with this code, says no secrets, and touches nothing on these hosts.
fn refused(rig: &Rig, hosts: &[Host], inventory: &str, code: i32) -> Run {
    let before = files(hosts);
    let cluster = rig.cluster(inventory);
    let up = cluster.up().expect_code(code);
    same(&before, hosts);
    up
}

fn files(hosts: &[Host]) -> Vec<Listing> {
    let own = ["/var/lib/mesoform/quorum/", "/var/lib/mesoform/agent/agent.json"];
    let of = |host: &Host| host.untouched().without(&own);
    hosts.iter().map(of).collect()
}

fn same(before: &[Listing], hosts: &[Host]) {
    before.iter().zip(files(hosts)).for_each(|(before, after)| before.expect_same(&after));
}
