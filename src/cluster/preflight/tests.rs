use super::*;
use mesoform_inventory::{ExtraVars, Inventory};
use mesoform_plan::{ClusterMark, Holder, UnitState};
use std::path::PathBuf;

/// A host on which nothing stands in the way.
fn good() -> (Facts, Observed) {
    let facts = Facts {
        systemd: Some(252),
        epoch_ms: 1_000_000,
        disk_free_mib: [(PathBuf::from("/opt"), 100), ("/var/lib".into(), 1000)].into(),
        has_sudo: true,
        free_sudo: true,
        ..Facts::default()
    };
    (facts, Observed::default())
}

fn problems(change: impl Fn(&mut Facts, &mut Observed)) -> Vec<String> {
    problems_of("mesoform-task", change)
}

fn problems_of(task_user: &str, change: impl Fn(&mut Facts, &mut Observed)) -> Vec<String> {
    let (mut facts, mut observed) = good();
    change(&mut facts, &mut observed);
    let inventory = Inventory::load("h1,", &ExtraVars::default()).unwrap();
    let spec = crate::resolve(&inventory).unwrap();
    let wanted = Wanted {
        cluster: "ours",
        ca_fingerprint: "f00d",
        state_dir: Path::new(".mesoform/ours"),
        ports: &spec.options.ports,
        task_user,
        carried: 20 * 1024 * 1024,
        now_ms: 1_000_000,
    };
    check(&spec.hosts[0], &facts, &observed, &wanted).iter().map(ToString::to_string).collect()
}

fn mark(name: &str, fingerprint: &str) -> Option<ClusterMark> {
    Some(ClusterMark { name: name.into(), fingerprint: fingerprint.into() })
}

#[test]
fn nothing_stands_in_the_way_of_a_good_host() {
    assert_eq!(problems(|_, _| ()), [""; 0]);
    assert_eq!(problems(|facts, _| facts.cluster = mark("ours", "f00d")), [""; 0]);
    assert_eq!(problems(|facts, _| facts.epoch_ms += 60_000), [""; 0]);
}

#[test]
fn a_user_for_tasks_that_is_not_ours_to_make_must_be_there() {
    let told = problems_of("apps", |_, _| ());
    assert!(told[0].starts_with("it has no user \"apps\", whom tasks are to run as"), "{told:?}");
    let there = |_: &mut Facts, observed: &mut Observed| observed.users = ["apps".into()].into();
    assert_eq!(problems_of("apps", there), [""; 0]);
}

fn hold(facts: &mut Facts, port: u16, unit: Option<&str>) {
    let unit = unit.map(str::to_owned);
    facts.holders.entry(port).or_default().push(Holder { name: "nginx".into(), pid: 7, unit });
}

type Case = (&'static str, fn(&mut Facts, &mut Observed));

#[test]
fn each_problem_is_told() {
    let cases: [Case; 13] = [
        ("systemd is not its first process", |facts, _| facts.systemd = None),
        ("its systemd is version 237", |facts, _| facts.systemd = Some(237)),
        ("the user (id 1000) may not become root", |facts, _| {
            (facts.uid, facts.has_sudo) = (1000, false);
        }),
        ("its clock is 61 s ahead of this machine's", |facts, _| facts.epoch_ms += 61_000),
        ("its clock is 61 s behind this machine's", |facts, _| facts.epoch_ms -= 61_000),
        ("its clock is", |facts, _| facts.epoch_ms = i64::MIN),
        ("port 5050 of its master is in use by something else (`ss", |facts, _| {
            facts.listening = [5050].into();
        }),
        ("port 5051 of its agent is in use by nginx (pid 7); stop", |facts, _| {
            facts.listening = [5051].into();
            hold(facts, 5051, None);
        }),
        ("/opt has 39 MiB free, and 40 MiB are needed", |facts, _| {
            facts.disk_free_mib.insert("/opt".into(), 39);
        }),
        ("/var/lib has 511 MiB free, and 512 MiB are needed", |facts, _| {
            facts.disk_free_mib.insert("/var/lib".into(), 511);
        }),
        ("it does not know the names a, b,", |facts, _| {
            facts.unresolved = ["a".to_owned(), "b".to_owned()].into();
        }),
        ("it belongs to the cluster \"theirs\"", |facts, _| facts.cluster = mark("theirs", "f00d")),
        (
            "it belongs to the cluster \"ours\" (CA beef…), not to \"ours\" (CA f00d…)",
            |facts, _| {
                facts.cluster = mark("ours", "beef");
            },
        ),
    ];
    for (wanted, change) in cases {
        let problems = problems(change);
        assert_eq!(problems.len(), 1, "{wanted}: {problems:?}");
        assert!(problems[0].starts_with(wanted), "{wanted}: {problems:?}");
        assert!(problems[0].contains(';'), "{wanted} has no cure: {problems:?}");
    }
}

#[test]
fn all_problems_are_told_at_once() {
    let problems = problems(|facts, _| {
        facts.systemd = None;
        facts.listening.extend([2379, 8080]);
    });
    assert_eq!(problems.len(), 3, "{problems:?}");
}

#[test]
fn a_port_may_be_its_own_services() {
    let problems = problems(|facts, observed| {
        facts.listening.extend([5050, 5055, 5051]);
        let up = UnitState { active: "activating".into(), ..UnitState::default() };
        observed.units.insert(Service::Master.unit(), up);
    });
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].contains("port 5051 of its agent"), "{problems:?}");
}

/// As after a change of ports: the service runs, and what it is to listen on next is another's.
#[test]
fn a_service_that_runs_does_not_hold_what_another_process_holds() {
    let told = |unit: Option<&'static str>| {
        problems(move |facts, observed| {
            facts.listening.insert(5050);
            hold(facts, 5050, unit);
            let up = UnitState { active: "active".into(), ..UnitState::default() };
            observed.units.insert(Service::Master.unit(), up);
        })
    };
    assert_eq!(told(Some("mesoform-master.service")), [""; 0]);
    for (unit, by) in [(None, "nginx (pid 7)"), (Some("web.service"), "nginx (pid 7, web.service)")]
    {
        let told = told(unit);
        let words = format!("port 5050 of its master is in use by {by}; stop that");
        assert!(told.len() == 1 && told[0].starts_with(&words), "{told:?}");
    }
}

#[test]
fn a_full_disk_does_not_keep_a_member_from_being_mended() {
    let problems = problems(|facts, _| {
        facts.cluster = mark("ours", "f00d");
        facts.disk_free_mib.insert("/var/lib".into(), 10);
    });
    assert_eq!(problems, [""; 0]);
}
