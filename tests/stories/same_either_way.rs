//! A host that booted from its document is as `up` would have made it, and `up` has nothing to do there.

use std::collections::BTreeSet;
use std::time::Duration;

use mesoform_tests::{Host, Rig, eventually};

const LIMIT: Duration = Duration::from_secs(400);
/// What waits for nobody is started; where systemd has not come to it yet, `up` would start it.
const STARTED: &str = "! systemctl show --property ActiveState mesoform-quorum mesoform-agent | \
    grep -q inactive";
/// Masters and schedulers start when the quorum has formed, by whoever is first: systemd, or `up`.
const EITHERS: &str = "start unit ";
/// What `up` has of its own runs, and the services of theirs.
const LOOK: &str = "cd / && find etc/mesoform opt/mesoform var/lib/mesoform etc/systemd/system \
    -path var/lib/mesoform/runs -prune -o -path 'var/lib/mesoform/*/*' ! -path '*/units/*' -prune -o \
    \\( -path '*mesoform*' -o -name 'mesoform*' \\) -printf '%p %y %m %u:%g %l\\n' | sort";
const USERS: &str = "grep -h ^mesoform /etc/passwd | cut -d: -f1,2,6,7 | sort; \
    grep -h ^mesoform /etc/group | cut -d: -f1,4 | sort";
const UNITS: &str = "systemctl list-unit-files --no-legend --plain 'mesoform*' | \
    grep -v ^mesoform-run- | sort";

#[test]
fn same_either_way() {
    let Some(rig) = Rig::new("same_either_way") else { return };
    let [h1, h2] = ["h1", "h2"].map(|name| rig.cloud_host(name));
    let h3 = rig.bare_host("h3");
    let at = format!("{}:8000", rig.address());
    let cluster = rig.cluster(&format!(
        "[masters]\nh[1:3]\n\n[agents]\nh[1:3]\n\n[all:vars]\nmesoform_artifact_url=http://{at}/\n\
         mesoform_join_url=https://{at}\n"
    ));
    let inventory = cluster.inventory().display().to_string();
    for host in [&h1, &h2] {
        let render = ["render", "--cloud-config", "--host", host.name()];
        host.seed(&cluster.does(&render).expect_success().stdout);
    }
    let _server = rig.start_mesoform(&["serve", "-i", &inventory, "--listen", &at]);
    std::thread::scope(|scope| {
        for host in [&h1, &h2, &h3] {
            scope.spawn(|| host.boot());
        }
    });
    for host in [&h1, &h2] {
        eventually("it has joined", LIMIT, || joined(host));
    }
    rig.tell("two have joined");

    let changes = cluster.does(&["up", "--output", "json"]).expect_success().changes();
    let touched: BTreeSet<&str> = changes
        .iter()
        .filter(|(_, changes)| changes.iter().any(|change| !change.starts_with(EITHERS)))
        .map(|(host, _)| host.as_str())
        .collect();
    assert_eq!(touched, BTreeSet::from(["h3"]), "{changes:#?}");
    let again = cluster.does(&["up", "--output", "json"]).expect_success().changes();
    assert!(again.is_empty(), "{again:#?}");
    for look in [LOOK, USERS, UNITS] {
        let [booted, brought] = [&h1, &h3].map(|host| told(host, look));
        assert!(booted.len() > 4, "{booted:#?}");
        assert_eq!(booted, brought, "{look}");
    }
}

fn joined(host: &Host) -> bool {
    let there = "test -e /etc/mesoform/pki/master.crt";
    let done = "test ! -e /etc/systemd/system/mesoform-join.service";
    host.run(&format!("{there} && {done} && {STARTED}")).success()
}

fn told(host: &Host, look: &str) -> Vec<String> {
    host.run(look).expect_success().stdout.lines().map(str::to_owned).collect()
}
