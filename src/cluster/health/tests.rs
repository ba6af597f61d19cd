use super::*;
use mesoform_inventory::{ExtraVars, Inventory};
use std::path::Path;

const WELL: &str = include_str!("well.yml");

fn spec() -> ClusterSpec {
    let text = "[masters]\nm1\n[agents]\nm1\na1.example.org\n";
    let inventory = Inventory::parse(text, Path::new("hosts.ini"), &ExtraVars::default()).unwrap();
    crate::resolve(&inventory).unwrap()
}

/// The fixture with `from` replaced by `to`.
fn reports(from: &str, to: &str) -> Reports {
    assert!(from.is_empty() || WELL.contains(from), "{from}");
    let text = if from.is_empty() { WELL.to_owned() } else { WELL.replace(from, to) };
    let reports: BTreeMap<String, HostReport> = serde_saphyr::from_str(&text).unwrap();
    let full = |name: String| if name == "a1" { "a1.example.org".to_owned() } else { name };
    reports.into_iter().map(|(name, report)| (full(name), Ok(report))).collect()
}

fn ailments(reports: &Reports) -> Vec<String> {
    Health::of(&spec(), reports).ailments.iter().map(ToString::to_string).collect()
}

#[test]
fn a_cluster_that_is_well() {
    let health = Health::of(&spec(), &reports("", ""));
    assert!(health.is_well(), "{health:?}");
    assert_eq!(health.quorum_leader.as_deref(), Some("m1"));
    assert_eq!(health.leading_master.as_deref(), Some("m1"));
    assert_eq!(health.leading_scheduler.as_deref(), Some("m1"));
    assert_eq!((health.agents_registered, health.agents_wanted), (2, 2));
}

#[test]
fn each_ailment_is_told_with_its_cure() {
    for (from, to, ailment) in [
        (
            "leader_id: 11",
            "leader_id: 0",
            "the quorum has no consensus: no voter knows a leader (1 of 1 must be up); bring it \
             back with `mesoform restart zookeeper-equivalent`",
        ),
        (
            "leading: true\n",
            "leading: false\n",
            "no master leads; wait some seconds; if it stays so, see to the quorum",
        ),
        (
            "scheduler, leading: true",
            "scheduler, leading: false",
            "no scheduler leads; wait some seconds; if it stays so, see to the quorum",
        ),
        (
            "connected_master: \"m1:5055\"",
            "apps: 0",
            "the leading scheduler is not connected to a master; see `journalctl -u \
             mesoform-scheduler` on its host",
        ),
        (
            "hostname: a1, registered: true",
            "hostname: a1, registered: false",
            "a1.example.org: its agent is not registered with the leading master; see `journalctl \
             -u mesoform-agent` there",
        ),
        (
            "quorum: {active: active",
            "quorum: {active: activating, status: waiting for m2",
            "m1: the quorum is activating (waiting for m2); see `journalctl -u \
             mesoform-quorum.service` there",
        ),
        (
            "    scheduler: {active: active, view: {service: scheduler, leading: true, connected_master: \"m1:5055\"}}\n",
            "",
            "m1: the scheduler is not installed; run `mesoform up`",
        ),
        (
            "scheduler: {active: active,",
            "scheduler: {active: active, error: no answer within 2 s,",
            "m1: the scheduler does not answer: no answer within 2 s; see `journalctl -u \
             mesoform-scheduler.service` there",
        ),
    ] {
        assert_eq!(ailments(&reports(from, to)), [ailment], "{to}");
    }
}

#[test]
fn a_host_that_does_not_answer_is_an_ailment() {
    let mut reports = reports("", "");
    let gone = Stop::Unreachable("does not answer at a1:22: timed out".into());
    reports.insert("a1.example.org".into(), Err(gone));
    assert_eq!(
        ailments(&reports),
        ["a1.example.org: does not answer at a1:22: timed out; see to the host, then run \
          `mesoform up` again"]
    );
}

#[test]
fn a_stopped_service_is_told_without_what_it_said_last() {
    let reports = reports("quorum: {active: active", "quorum: {active: inactive, status: leads");
    assert_eq!(
        ailments(&reports),
        ["m1: the quorum is not running; `mesoform up` starts it; see `journalctl -u \
          mesoform-quorum.service` there why it ended"]
    );
}

#[test]
fn of_voters_that_could_not_be_asked_nothing_is_claimed() {
    let mut reports = reports("", "");
    reports.insert("m1".into(), Err(Stop::Unreachable("no key".into())));
    assert_eq!(
        ailments(&reports),
        [
            "m1: no key; see to the host, then run `mesoform up` again",
            "nothing is known of the quorum: none of its hosts could be asked; see to them first",
        ]
    );
}

#[test]
fn who_was_not_asked_may_lead() {
    let text = "[masters]\nm1\nm2\nm3\n[agents]\nm1\na1.example.org\n";
    let inventory = Inventory::parse(text, Path::new("hosts.ini"), &ExtraVars::default()).unwrap();
    let spec = crate::resolve(&inventory).unwrap();
    let mut reports = reports("leading: true", "leading: false");
    let health = Health::of(&spec, &reports);
    assert!(health.is_well(), "{health:?}");
    for host in ["m2", "m3"] {
        reports.insert(host.into(), Err(Stop::Unreachable("timed out".into())));
    }
    let ailments = Health::of(&spec, &reports).ailments;
    let among = |a: &Ailment| a.what == "no master leads among those that could be asked";
    assert!(ailments.iter().any(among), "{ailments:?}");
}

#[test]
fn nothing_is_wrong_with_hosts_that_were_not_asked() {
    let mut reports = reports("", "");
    reports.remove("m1");
    let health = Health::of(&spec(), &reports);
    assert!(health.is_well(), "{health:?}");
    assert_eq!(health.quorum_leader, None);
}
