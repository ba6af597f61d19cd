//! What a task may do on its host, and as whom; and no service may read what is another's.

use mesoform_tests::{App, Cluster, Host, Request, Rig};
use serde_json::{Value, json};

const INVENTORY: &str =
    "[mesos_masters]\nh1\n\n[mesos_slaves]\nh1\n\n[all:vars]\nmesoform_task_log_size=1\n";

/// Looks around, and tells on its port what it found.
const LOOK: &str = r#"
tells() { echo "$1: $(shift; eval "$@" 2>&1 | tr '\n' ' ')"; }
writes() { for dir in "$@"; do touch $dir/mine && echo $dir; done 2>/dev/null; }
mkdir www
{
    tells user id -un
    tells sandbox stat -c %U:%a .
    tells settings ls -A /etc/mesoform
    tells data find /var/lib/mesoform -mindepth 1 -maxdepth 2
    tells tasks 'ls -A /var/lib/mesoform/agent/tasks | wc -l'
    tells key cat /etc/mesoform/pki/master.key
    tells sudo 'sudo -n id -un >/dev/null 2>&1 && echo root'
    tells wrote writes . .. /etc /usr /opt/mesoform /etc/mesoform /var/lib/mesoform /var/lib
} > www/index.html
exec busybox httpd -f -p $PORT0 -h www"#;

#[test]
fn tasks_are_confined() {
    let Some(rig) = Rig::new("tasks_are_confined") else { return };
    let h1 = &rig.host("h1");
    let cluster = &rig.cluster(INVENTORY);
    cluster.up().expect_success().expect_silent_about("warning");
    every_service_is_a_user_of_its_own(h1);
    units_are_as_tight_as_they_are(h1);

    let nobody = found(&rig, cluster, "/look", json!({}));
    let hidden = "settings: \ndata: /var/lib/mesoform/agent /var/lib/mesoform/agent/tasks \n\
                  tasks: 1 \nkey: cat: /etc/mesoform/pki/master.key: No such file or directory \n";
    assert_eq!(
        nobody,
        format!("user: mesoform-task \nsandbox: mesoform-task:750 \n{hidden}sudo: \nwrote: . \n")
    );
    // Its own wish counts, and gives no way to more: that user may use sudo elsewhere.
    let admin = found(&rig, cluster, "/admin", json!({ "user": "admin" }));
    assert_eq!(admin, format!("user: admin \nsandbox: admin:750 \n{hidden}sudo: \nwrote: . \n"));
    let root = found(&rig, cluster, "/root", json!({ "user": "root" }));
    assert!(root.starts_with("user: root \nsandbox: root:750 \n"), "{root}");
    assert!(root.contains(hidden), "{root}");

    an_unknown_user_is_told_of(cluster);
    output_is_bounded(cluster, h1);
    root_for_all_is_possible_and_loud(&rig, cluster);
}

fn every_service_is_a_user_of_its_own(host: &Host) {
    let who = "for service in quorum master scheduler agent; do
        pid=$(systemctl show -P MainPID mesoform-$service)
        stat -c \"$service %U\" /proc/$pid
        stat -c '%U:%G %a' /etc/mesoform/pki/$service.key /var/lib/mesoform/$service | xargs
    done";
    assert_eq!(
        host.run(who).expect_success().text(),
        "quorum mesoform-quorum\n\
         mesoform-quorum:mesoform-quorum 600 mesoform-quorum:mesoform-quorum 700\n\
         master mesoform-master\n\
         mesoform-master:mesoform-master 600 mesoform-master:mesoform-master 700\n\
         scheduler mesoform-scheduler\n\
         mesoform-scheduler:mesoform-scheduler 600 mesoform-scheduler:mesoform-scheduler 700\n\
         agent root\n\
         root:root 600 root:root 711"
    );
}

/// By systemd's own measure, from 0 (nothing to be feared) to 100.
fn units_are_as_tight_as_they_are(host: &Host) {
    let verify = "systemd-analyze verify --man=no /etc/systemd/system/mesoform-*.service";
    assert_eq!(host.run(verify).expect_success().text(), "");
    for (service, most) in [("quorum", 20), ("master", 20), ("scheduler", 20), ("agent", 50)] {
        let unit = format!("mesoform-{service}.service");
        host.run(&format!("systemd-analyze security --threshold={most} {unit}")).expect_success();
    }
}

/// What an app of one instance finds, with `more` in its definition.
fn found(rig: &Rig, cluster: &Cluster<'_>, id: &str, more: Value) -> String {
    let app = create(cluster, id, LOOK, more);
    app.expect("it has looked around", |app| {
        let task = app.tasks().pop()?;
        let answer = rig.http(&Request::get(&format!("http://{}/", task.place)));
        answer.ok().then_some(answer.body)
    })
}

fn create<'a>(cluster: &'a Cluster<'_>, id: &str, cmd: &str, more: Value) -> App<'a> {
    let mut definition = json!({ "id": id, "instances": 1, "cpus": 0.1, "mem": 32, "cmd": cmd });
    let fields = definition.as_object_mut().unwrap();
    fields.extend(more.as_object().unwrap().clone());
    cluster.ask("POST", "/v2/apps", Some(&definition.to_string())).expect_status(201);
    cluster.app(id)
}

fn an_unknown_user_is_told_of(cluster: &Cluster<'_>) {
    let app = create(cluster, "/stranger", "sleep 1000", json!({ "user": "stranger" }));
    let failure = app.expect("its failure is told", |_| {
        let app = cluster.ask("GET", "/v2/apps/stranger", None).json();
        let failure = &app["app"]["lastTaskFailure"];
        failure["message"].is_string().then(|| failure.clone())
    });
    assert_eq!(failure["state"], "TASK_FAILED");
    assert_eq!(failure["message"], "there is no user 'stranger' on this host");
}

fn output_is_bounded(cluster: &Cluster<'_>, host: &Host) {
    let app = create(cluster, "/talks", "seq 1 400000; echo done >&2; exec sleep 1000", json!({}));
    let sizes = "cd $(dirname $(grep -l done /var/lib/mesoform/agent/tasks/*/sandbox/stderr)) &&
                 stat -c '%n %U' stdout* && cat stdout.2 stdout.1 stdout | sha256sum &&
                 seq 1 400000 | sha256sum && find . -size +1024k";
    let said = app.expect("it has said everything", |_| {
        let found = host.run(sizes);
        let lines: Vec<String> = found.text().lines().map(str::to_owned).collect();
        (found.success() && lines.get(3) == lines.get(4)).then_some(lines)
    });
    let names = ["stdout", "stdout.1", "stdout.2"].map(|name| format!("{name} mesoform-task"));
    assert_eq!(said[..3], names);
    assert_eq!(said.len(), 5, "none is larger than it may be: {said:?}");
}

fn root_for_all_is_possible_and_loud(rig: &Rig, cluster: &Cluster<'_>) {
    let root = ["-e", "mesoform_task_user=root"];
    let loud = "tasks run as root (mesoform_task_user=root)";
    cluster.does(&[&["up"][..], &root].concat()).expect_success().expect_says(loud);
    cluster.does(&[&["status"][..], &root].concat()).expect_says("all is well").expect_says(loud);
    let all = found(rig, cluster, "/all", json!({}));
    assert!(all.starts_with("user: root \n"), "{all}");

    for words in [&["up"][..], &["up", "--check"]] {
        let unknown = cluster.does(&[words, &["-e", "mesoform_task_user=stranger"]].concat());
        unknown.expect_code(1).expect_says("it has no user \"stranger\"");
    }
    cluster.up().expect_success().expect_silent_about("warning");
}
