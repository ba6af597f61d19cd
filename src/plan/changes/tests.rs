use super::changes;
use crate::{Change, Kind, Observed, Ownership, PathState, Plan, Step, UnitState, What};
use crate::{fingerprint, sha256_hex};
use jiff::{Timestamp, ToSpan};
use mesoform_identity::{Authority, Grant, KeyRequest, Role};
use proptest::prelude::*;
use std::path::{Path, PathBuf};

/// A host in memory that does what it is told, and nothing else.
#[derive(Default)]
struct Host {
    is: Observed,
}

impl Host {
    fn look(&self, plan: &Plan) -> Vec<Change> {
        changes(plan, &self.is, Timestamp::now())
    }

    fn apply(&mut self, plan: &Plan) -> Vec<Change> {
        let todo = self.look(plan);
        for change in &todo {
            self.perform(&plan.steps[change.step], change.what);
        }
        todo
    }

    fn perform(&mut self, step: &Step, what: What) {
        match step {
            Step::User { name, .. } => drop(self.is.users.insert(name.clone())),
            Step::UserAbsent { name } => drop(self.is.users.remove(name)),
            Step::Directory { path, ownership } => self.put(path, Kind::Directory, ownership, None),
            Step::File { path, ownership, content } => {
                self.put(path, Kind::File, ownership, Some(sha256_hex(content)));
            }
            Step::Credential { path, ownership, sha256, .. } => {
                self.put(path, Kind::File, ownership, Some(sha256.clone()));
            }
            Step::Link { path, target } => {
                self.put(path, Kind::Link, &Ownership::root(0o777), None);
                self.is.paths.get_mut(path).unwrap().target = Some(target.clone());
            }
            Step::Absent { path, .. } => self.is.paths.retain(|p, _| !p.starts_with(path)),
            Step::Unit { name, inputs, .. } => {
                let inputs = fingerprint(inputs, &self.is);
                let unit = self.is.units.entry(name.clone()).or_default();
                match what {
                    What::Enable => unit.enabled = true,
                    What::Disable => unit.enabled = false,
                    _ => {
                        unit.active = "active".into();
                        unit.started_inputs = inputs;
                    }
                }
            }
            other => panic!("{other:?} is not for this host"),
        }
    }

    fn put(&mut self, path: &Path, kind: Kind, o: &Ownership, sha256: Option<String>) {
        let name = |n: &str| if n.is_empty() { "me".to_owned() } else { n.to_owned() };
        let (user, group, mode) = (name(&o.user), name(&o.group), o.mode);
        let state = PathState { kind, user, group, mode, sha256, target: None, text: None };
        self.is.paths.insert(path.to_owned(), state);
    }
}

fn plan(steps: Vec<Step>) -> Plan {
    Plan::new("prod", "node1", steps)
}

fn file(path: &str, content: &str) -> Step {
    Step::File { path: path.into(), ownership: Ownership::root(0o644), content: content.into() }
}

fn unit(inputs: &[&str]) -> Step {
    let inputs = inputs.iter().map(PathBuf::from).collect();
    Step::Unit { name: "a.service".into(), enabled: true, inputs }
}

fn words(changes: &[Change]) -> Vec<String> {
    changes.iter().map(ToString::to_string).collect()
}

#[test]
fn a_bare_host_gets_everything_in_order() {
    let plan = plan(vec![
        Step::User { name: "mesoform".into(), home: "/var/lib/mesoform".into() },
        Step::Directory { path: "/etc/mesoform".into(), ownership: Ownership::root(0o755) },
        file("/etc/mesoform/a.yml", "a: 1\n"),
        unit(&["/etc/mesoform/a.yml"]),
        Step::UnitAbsent { name: "old.service".into() },
    ]);
    let mut host = Host::default();
    assert_eq!(
        words(&host.apply(&plan)),
        [
            "create user mesoform",
            "create directory /etc/mesoform",
            "create file /etc/mesoform/a.yml",
            "enable unit a.service",
            "start unit a.service",
        ]
    );
    assert_eq!(words(&host.look(&plan)), [""; 0]);
}

#[test]
fn a_unit_restarts_with_what_it_reads() {
    let mut host = Host::default();
    host.apply(&plan(vec![file("/etc/a.yml", "a: 1\n"), unit(&["/etc/a.yml"])]));
    host.is.paths.get_mut(&PathBuf::from("/etc/a.yml")).unwrap().text = Some("a: 1\n".into());
    let found = host.look(&plan(vec![file("/etc/a.yml", "a: 2\n"), unit(&["/etc/a.yml"])]));
    assert_eq!(
        words(&found),
        ["update file /etc/a.yml (content)", "restart unit a.service (its inputs changed)"]
    );
    let diff = found[0].unified_diff().unwrap();
    assert!(diff.contains("-a: 1\n+a: 2\n"), "{diff}");
    assert_eq!(found[0].to_json()["diff"], diff);
}

#[test]
fn a_mode_restarts_nothing_and_has_no_diff() {
    let wanted = plan(vec![file("/etc/a.yml", "a: 1\n"), unit(&["/etc/a.yml"])]);
    let mut host = Host::default();
    host.apply(&wanted);
    host.is.paths.get_mut(&PathBuf::from("/etc/a.yml")).unwrap().mode = 0o600;
    let found = host.look(&wanted);
    assert_eq!(words(&found), ["update file /etc/a.yml (mode 0600 → 0644)"]);
    assert_eq!(found[0].diff, None);
}

#[test]
fn a_failed_unit_is_started_again() {
    let wanted = plan(vec![unit(&[])]);
    let mut host = Host::default();
    host.apply(&wanted);
    host.is.units.get_mut("a.service").unwrap().active = "failed".into();
    assert_eq!(words(&host.look(&wanted)), ["start unit a.service (it is failed)"]);
}

#[test]
fn a_credential_shows_only_that_it_changed() {
    let secret = |text: &str| Step::Credential {
        path: "/etc/secret".into(),
        ownership: Ownership::root(0o600),
        name: "admin".into(),
        sha256: sha256_hex(text),
    };
    let mut host = Host::default();
    host.apply(&plan(vec![secret("old")]));
    let found = host.look(&plan(vec![secret("new")]));
    assert_eq!(words(&found), ["update credential /etc/secret (content)"]);
    assert_eq!(found[0].diff, None);
}

#[test]
fn absent_takes_what_lies_below_with_it() {
    let state = UnitState { enabled: true, active: "active".into(), ..UnitState::default() };
    let mut host = Host::default();
    host.apply(&plan(vec![file("/etc/x/a", "a"), file("/etc/x/b", "b")]));
    host.put(Path::new("/etc/x"), Kind::Directory, &Ownership::root(0o755), None);
    host.is.units.insert("a.service".into(), state);
    let found = host.look(&plan(vec![
        Step::UnitAbsent { name: "a.service".into() },
        Step::Absent { path: "/etc/x".into(), recursive: true },
        file("/etc/x/a", "a"),
    ]));
    assert_eq!(
        words(&found),
        ["remove unit a.service", "remove path /etc/x", "create file /etc/x/a"]
    );
}

fn certificate_plan(ca: &Authority, dns: &str) -> Plan {
    plan(vec![
        file("/pki/ca.crt", ca.certificate_pem()),
        Step::Certificate {
            dir: "/pki".into(),
            role: "master".into(),
            owner: "mesoform".into(),
            host: "node1".into(),
            dns: vec![dns.into()],
            ips: vec!["10.0.0.5".parse().unwrap()],
            ca_fingerprint: ca.fingerprint(),
            renew_before_s: 3600,
        },
        unit(&["/pki/master.crt"]),
    ])
}

fn certified(ca: &Authority, plan: &Plan) -> Host {
    let mut grant = Grant::new(Role::Master, "node1");
    grant.dns = vec!["node1".into()];
    grant.ips = vec!["10.0.0.5".parse().unwrap()];
    let chain = ca.sign(&KeyRequest::generate().unwrap().csr_pem, &grant).unwrap();
    let mut host = Host::default();
    host.put(Path::new("/pki/ca.crt"), Kind::File, &Ownership::root(0o644), None);
    host.is.paths.get_mut(&PathBuf::from("/pki/ca.crt")).unwrap().sha256 =
        Some(sha256_hex(ca.certificate_pem()));
    let mine = |mode| Ownership::new("mesoform", "mesoform", mode);
    host.put(Path::new("/pki/master.crt"), Kind::File, &mine(0o644), Some(sha256_hex(&chain)));
    host.put(Path::new("/pki/master.key"), Kind::File, &mine(0o600), None);
    host.is.certificates.insert("/pki/master.crt".into(), chain);
    let Step::Unit { inputs, .. } = &plan.steps[2] else { panic!("a unit") };
    let started_inputs = fingerprint(inputs, &host.is);
    let state =
        UnitState { enabled: true, active: "active".into(), started_inputs, ..Default::default() };
    host.is.units.insert("a.service".into(), state);
    host
}

#[test]
fn a_certificate_is_made_anew_for_a_reason() {
    let ca = Authority::create("prod").unwrap();
    let wanted = certificate_plan(&ca, "node1");
    let host = certified(&ca, &wanted);
    assert_eq!(words(&host.look(&wanted)), [""; 0]);

    let renew = |plan: &Plan, host: &Host, now| -> String {
        let found = changes(plan, &host.is, now);
        let restart = found.last().map(ToString::to_string);
        assert_eq!(restart.as_deref(), Some("restart unit a.service (its inputs changed)"));
        found[found.len() - 2].to_string()
    };
    let now = Timestamp::now();
    let other_name = renew(&certificate_plan(&ca, "node2"), &host, now);
    assert_eq!(other_name, "renew certificate /pki/master.crt (other names or addresses)");
    let later = renew(&wanted, &host, now + (90 * 24).hours());
    assert!(later.starts_with("renew certificate /pki/master.crt (it ends "), "{later}");
    let rival = Authority::create("prod").unwrap();
    let foreign = renew(&certificate_plan(&rival, "node1"), &host, now);
    assert!(foreign.contains("not signed by the CA"), "{foreign}");
    let mut half = certified(&ca, &wanted);
    half.put(Path::new("/pki/master.crt.new"), Kind::File, &Ownership::root(0o644), None);
    assert!(renew(&wanted, &half, now).contains("interrupted"));
}

#[test]
fn a_key_that_others_read_is_closed_and_not_made_anew() {
    let ca = Authority::create("prod").unwrap();
    let wanted = certificate_plan(&ca, "node1");
    let mut host = certified(&ca, &wanted);
    host.is.paths.get_mut(&PathBuf::from("/pki/master.key")).unwrap().mode = 0o644;
    assert_eq!(
        words(&host.look(&wanted)),
        ["update certificate /pki/master.crt (mode 0644 → 0600)"]
    );
}

fn with_versions(there: &[(&str, i64)], running: &[&str], link: &str) -> Host {
    let mut host = Host::default();
    let versions = &mut host.is.versions;
    versions.there = there.iter().map(|(name, brought)| ((*name).to_owned(), *brought)).collect();
    versions.running = running.iter().map(|name| (*name).to_owned()).collect();
    versions.links.insert("/opt/bin/old".into(), format!("/opt/versions/{link}/mesoform").into());
    host
}

fn versions_plan(current: &str) -> Plan {
    plan(vec![
        Step::Link {
            path: "/opt/bin/mesoform".into(),
            target: format!("/opt/versions/{current}/mesoform").into(),
        },
        Step::Versions { dir: "/opt/versions".into(), links: "/opt/bin".into(), spare: 2 },
    ])
}

#[test]
fn of_the_versions_those_in_use_and_two_more_stay() {
    let all = [("a", 1), ("b", 2), ("c", 3), ("d", 4), ("e", 5), ("f", 6), ("g", 6)];
    // g is new, b is a service's, c runs a task; f and e are the newest others.
    let host = with_versions(&all, &["c", "f"], "b");
    let removed = |host: &Host, plan: &Plan| -> Vec<String> {
        words(&host.look(plan)).into_iter().filter(|w| w.starts_with("remove")).collect()
    };
    let wanted = versions_plan("g");
    assert_eq!(
        removed(&host, &wanted),
        ["remove path /opt/versions/d", "remove path /opt/versions/a"]
    );
    // What ran counted among the newest: its end changes nothing.
    let host = with_versions(&all[1..4], &["d"], "b");
    assert_eq!(removed(&host, &versions_plan("b")), [""; 0]);
    let host = with_versions(&all[1..4], &[], "b");
    assert_eq!(removed(&host, &versions_plan("b")), [""; 0]);
    assert_eq!(removed(&Host::default(), &wanted), [""; 0]);
}

#[test]
fn a_version_that_a_link_is_about_to_leave_is_not_in_use() {
    let mut host = with_versions(&[("a", 1), ("b", 2), ("c", 3), ("d", 4)], &[], "d");
    let state = Step::Link { path: "/opt/bin/mesoform".into(), target: "/opt/versions/a/m".into() };
    host.perform(&state, What::Create);
    host.is.versions.links.insert("/opt/bin/mesoform".into(), "/opt/versions/a/m".into());
    let found = words(&host.look(&versions_plan("d")));
    assert_eq!(found.last().unwrap(), "remove path /opt/versions/a");
}

/// One step about the path, user or unit of this number, so that steps do not contradict.
fn any_step(number: usize) -> impl Strategy<Value = Step> {
    let path = PathBuf::from(format!("/srv/{number}"));
    let ownership = (prop::sample::select(vec!["root", "mesoform", ""]), 0..0o7777_u32)
        .prop_map(|(name, mode)| Ownership::new(name, name, mode));
    (0..8_u8, ownership, "[a-c]{0,2}", any::<bool>()).prop_map(
        move |(kind, ownership, content, flag)| {
            let path = path.clone();
            match kind {
                0 => Step::User { name: format!("u{number}"), home: path },
                1 => Step::UserAbsent { name: format!("u{number}") },
                2 => Step::Directory { path, ownership },
                3 => Step::File { path, ownership, content },
                4 => Step::Link { path, target: format!("/to/{content}").into() },
                5 => {
                    let sha256 = sha256_hex(content);
                    Step::Credential { path, ownership, name: "n".into(), sha256 }
                }
                6 => Step::Absent { path, recursive: flag },
                _ => {
                    let inputs = (0..number).map(|n| format!("/srv/{n}").into()).collect();
                    Step::Unit { name: format!("u{number}.service"), enabled: flag, inputs }
                }
            }
        },
    )
}

fn any_plan() -> impl Strategy<Value = Plan> {
    (0..12_usize).prop_flat_map(|n| (0..n).map(any_step).collect::<Vec<_>>()).prop_map(plan)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_done_need_not_be_done_again(before in any_plan(), wanted in any_plan()) {
        let mut host = Host::default();
        host.apply(&before);
        let done = host.apply(&wanted);
        prop_assert!(done.iter().all(|change| change.step < wanted.steps.len()));
        prop_assert!(done.windows(2).all(|two| two[0].step <= two[1].step));
        prop_assert_eq!(words(&host.look(&wanted)), Vec::<String>::new());
    }

    #[test]
    fn a_plan_reads_back_as_it_was(wanted in any_plan()) {
        wanted.validate().unwrap();
        prop_assert_eq!(Plan::parse(&wanted.to_json().unwrap()).unwrap(), wanted);
    }
}
