//! From three bare hosts to an app that answers, per phase; the second run; and OpenSSH's bound.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "benches print, and what goes wrong ends them"
)]

use mesoform_benches::{Sample, Table, runs};
use mesoform_tests::{Cluster, Host, Request, Rig, Run, eventually};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

const INVENTORY: &str = "[masters]\nh1 zoo_id=1\nh2 zoo_id=2\nh3 zoo_id=3\n\n[agents]\nh[1:3]\n";
const LIMIT: Duration = Duration::from_secs(60);
const APP: &str = r#"{"id": "/web", "instances": 3, "cpus": 0.1, "mem": 32,
    "cmd": "mkdir -p www && echo up > www/index.html && exec busybox httpd -f -p $PORT0 -h www"}"#;

#[derive(Default)]
struct Measured {
    phases: BTreeMap<String, Sample>,
    order: Vec<String>,
    up: Sample,
    app: Sample,
    whole: Sample,
    again: Sample,
    openssh: Sample,
}

fn main() {
    let mut measured = Measured::default();
    for _ in 0..runs(3) {
        let Some(rig) = Rig::new("bench up") else { return };
        let hosts = rig.hosts(["h1", "h2", "h3"]);
        measured.openssh.add(openssh(&rig, &hosts));
        once(&rig, &hosts, &mut measured);
    }
    print(&measured);
}

fn once(rig: &Rig, hosts: &[Host], measured: &mut Measured) {
    let cluster = rig.cluster(INVENTORY);
    let begin = Instant::now();
    let up = cluster.does(&["up", "--output", "json"]);
    assert!(up.success(), "{up}");
    measured.up.add(begin.elapsed());
    app_answers(rig, &cluster, hosts);
    measured.whole.add(begin.elapsed());
    measured.app.add(begin.elapsed().saturating_sub(up.took));
    phases(&up, measured);
    let again = cluster.does(&["up", "--output", "json"]);
    assert!(again.success() && again.stdout.contains("\"changed\":0"), "{again}");
    measured.again.add(again.took);
}

fn phases(up: &Run, measured: &mut Measured) {
    for line in up.stdout.lines() {
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        if event["event"] != "phase-done" {
            continue;
        }
        let title = event["title"].as_str().unwrap().to_owned();
        let took = Duration::from_millis(event["millis"].as_u64().unwrap());
        if !measured.order.contains(&title) {
            measured.order.push(title.clone());
        }
        measured.phases.entry(title).or_default().add(took);
    }
}

/// Posts the app and waits until each of its instances has answered.
fn app_answers(rig: &Rig, cluster: &Cluster<'_>, hosts: &[Host]) {
    let ca = cluster.state().join("ca.crt");
    let credentials = credentials(&cluster.state().join("admin.yml"));
    let api = format!("https://{}:8080/v2/apps", hosts[0].address());
    let post = Request::new("POST", &api).body(APP).ca(&ca).credentials(&credentials);
    let answer = rig.http(&post);
    assert_eq!(answer.status, 201, "{}", answer.body);
    let tasks = Request::get(&format!("{api}/web/tasks")).ca(&ca).credentials(&credentials);
    eventually("all instances answer", LIMIT, || {
        let list: serde_json::Value =
            serde_json::from_str(&rig.http(&tasks).body).unwrap_or_default();
        let places: Vec<String> = list["tasks"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|task| {
                let host = hosts.iter().find(|h| h.name() == task["host"])?;
                Some(format!("http://{}:{}/", host.address(), task["ports"][0].as_u64()?))
            })
            .collect();
        places.len() == 3 && places.iter().all(|url| rig.http(&Request::get(url)).status == 200)
    });
}

fn credentials(file: &Path) -> String {
    let text = std::fs::read_to_string(file).unwrap();
    let field = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.unwrap().trim().trim_matches('"').to_owned()
    };
    format!("{}:{}", field("user"), field("password"))
}

/// The bound: the same compressed bytes to the same hosts with OpenSSH, unpacked, and one script run.
fn openssh(rig: &Rig, hosts: &[Host]) -> Duration {
    let binary = std::env::var("MESOFORM_BIN").expect("MESOFORM_BIN names the static binary");
    let gz = rig.dir().join("binary.gz");
    let packed = std::process::Command::new("gzip").args(["-c", "-6", &binary]).output().unwrap();
    std::fs::write(&gz, packed.stdout).unwrap();
    let script =
        "gzip -dc > /root/bench && sha256sum /root/bench && sync /root/bench && rm /root/bench";
    let begin = Instant::now();
    std::thread::scope(|scope| {
        for host in hosts {
            let gz = &gz;
            scope.spawn(move || {
                let mut ssh = rig.program("ssh");
                ssh.args(["-F", "none", "-o", "BatchMode=yes", "-o"])
                    .arg(format!("UserKnownHostsFile={}", rig.known_hosts().display()))
                    .arg("-i")
                    .arg(rig.key())
                    .arg(format!("root@{}", host.address()))
                    .arg(script)
                    .stdin(std::fs::File::open(gz).unwrap())
                    .stdout(std::process::Stdio::null());
                assert!(ssh.status().unwrap().success(), "OpenSSH to {}", host.name());
            });
        }
    });
    begin.elapsed()
}

fn print(measured: &Measured) {
    let mut table = Table::default();
    for title in &measured.order {
        table.row(format!("  {title}"), &measured.phases[title], "");
    }
    table.row("mesoform up, three bare hosts", &measured.up, "");
    table.row("  then: app posted, all instances answer", &measured.app, "");
    table.row("bare hosts to the answering app", &measured.whole, "goal: at most 10 s");
    table.row("mesoform up again, 0 changes", &measured.again, "goal: at most 1.5 s");
    let ratio = format!("up takes {:.1} times this", measured.up.ratio(&measured.openssh));
    table.row("OpenSSH alone: the binary to three hosts", &measured.openssh, ratio);
    table.print();
}
