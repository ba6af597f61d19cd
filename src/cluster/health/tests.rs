use super::*;
use crate::report::{CertificateView, Leader, RenewalView};
use jiff::{Timestamp, ToSpan};
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
            "hostname: a1.example.org, registered: true",
            "hostname: a1.example.org, registered: false",
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
        [
            "a1.example.org: does not answer at a1:22: timed out; see to the host, then run `mesoform up`"
        ]
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
            "m1: no key; see to the host, then run `mesoform up`",
            "nothing is known of the quorum: none of its hosts could be asked; see to them first",
        ]
    );
}

#[test]
fn who_was_not_asked_may_lead() {
    let text = "[masters]\nm1\nm2\nm3\n[agents]\nm1\na1.example.org\n";
    let inventory = Inventory::parse(text, Path::new("hosts.ini"), &ExtraVars::default()).unwrap();
    let spec = crate::resolve(&inventory).unwrap();
    let led = "leader: {host: m2}, leading: false";
    let mut reports =
        reports("leading: true, connected_master", &format!("{led}, connected_master"));
    lead(&mut reports, Some("m2"));
    let health = Health::of(&spec, &reports);
    assert!(health.is_well(), "{health:?}");
    for nobody in [None, Some("m1")] {
        lead(&mut reports, nobody);
        let ailments = Health::of(&spec, &reports).ailments;
        let alone = "m1: its master knows of no master that leads; wait some seconds; if it stays so, \
                     see to the quorum";
        assert_eq!(ailments.iter().map(ToString::to_string).collect::<Vec<_>>(), [alone]);
    }
    for host in ["m2", "m3"] {
        reports.insert(host.into(), Err(Stop::Unreachable("timed out".into())));
    }
    let ailments = Health::of(&spec, &reports).ailments;
    let among = |a: &Ailment| a.what == "no master leads among those that could be asked";
    assert!(ailments.iter().any(among), "{ailments:?}");
}

#[test]
fn what_hosts_that_left_the_inventory_still_do_is_told() {
    let agents = "agents:\n          - {id: A9, hostname: a9, registered: true}";
    let health = Health::of(&spec(), &reports("agents:", agents));
    assert!(health.is_well(), "{health:?}");
    assert_eq!(
        health.warnings[0].to_string(),
        "a9 has an agent that gets tasks, though not among the inventory's; put the host into the \
         inventory again, and take it away with `mesoform down -l`"
    );
    let mut reports = reports("", "");
    lead(&mut reports, Some("m9"));
    assert_eq!(
        ailments(&reports),
        [
            "the master on m9 leads, though not among the inventory's; end it there: systemctl disable \
          --now mesoform-master.service; or put that host into the inventory again, and take it away \
          with `mesoform down -l`"
        ]
    );
}

/// The master of m1 does not lead, and knows that `host` does.
fn lead(reports: &mut Reports, host: Option<&str>) {
    let Some(Ok(report)) = reports.get_mut("m1") else { panic!() };
    let master = report.services.get_mut(&Service::Master).unwrap();
    let Some(View::Master(view)) = &mut master.view else { panic!() };
    let leader = host.map(|host| Leader { host: host.into(), http: String::new() });
    (view.leading, view.leader) = (false, leader);
}

#[test]
fn where_the_masters_were_not_asked_an_agents_own_word_counts() {
    let mut reports = reports("", "");
    reports.remove("m1");
    let Some(Ok(report)) = reports.get_mut("a1.example.org") else { panic!() };
    let agent = report.services.get_mut(&Service::Agent).unwrap();
    let Some(View::Agent(view)) = &mut agent.view else { panic!() };
    view.registered = false;
    let unregistered = "a1.example.org: its agent is not registered with the leading master; see \
                        `journalctl -u mesoform-agent` there";
    assert_eq!(ailments(&reports), [unregistered]);
}

#[test]
fn nothing_is_wrong_with_hosts_that_were_not_asked() {
    let mut reports = reports("", "");
    reports.remove("m1");
    let health = Health::of(&spec(), &reports);
    assert!(health.is_well(), "{health:?}");
    assert_eq!(health.quorum_leader, None);
}

#[test]
fn an_agent_that_obeys_another_quorum_is_told_with_the_cure() {
    let from = "- {id: A2, hostname: a1.example.org, registered: true}";
    let to = "[]\n        quorum: b2\n        leadership: 4\n        fenced: [{hostname: a1.example.org, seen_quorum: \
              a1, seen_leadership: 90}]";
    let gone = reports(
        &format!(
            "agents:\n          - {{id: A1, hostname: m1, registered: true}}\n          {from}"
        ),
        &format!("agents: {to}"),
    );
    let health = Health::of(&spec(), &gone);
    let fenced = health.ailments.iter().find(|a| a.host.as_deref() == Some("a1.example.org"));
    let fenced = fenced.unwrap();
    assert!(fenced.lasting);
    assert_eq!(
        fenced.to_string(),
        "a1.example.org: its agent has obeyed the masters of quorum a1 up to revision 90, and refuses \
         those of quorum b2 (revision 4); if the quorum that it obeys is lost for good, run `mesoform \
         restart agent --accept-quorum`; if not, bring that one back"
    );
}

#[test]
fn tasks_that_a_framework_has_left_behind_are_a_warning() {
    let frameworks = "leading: true\n        leader: {http: \"m1:5050\"}\n        frameworks:\n          \
                      - {id: F-0, name: marathon, recovered: true, tasks: 3}\n          \
                      - {id: F-1, name: marathon, connected: true, tasks: 3}\n";
    let health = Health::of(&spec(), &reports("leading: true\n", frameworks));
    assert!(health.is_well(), "{health:?}");
    let [warning] = health.warnings.as_slice() else { panic!("{health:?}") };
    assert_eq!(
        warning.to_string(),
        "3 tasks of the framework marathon (F-0) run on, which has not come back; they end with its \
         failover time-out, or at once by POST of frameworkId=F-0 to m1:5050/master/teardown"
    );
}

fn certificate(role: &str, now: Timestamp, days: i64) -> CertificateView {
    let not_after = Some(now + (days * 24).hours());
    CertificateView {
        path: format!("/pki/{role}.crt").into(),
        role: role.into(),
        not_after,
        error: None,
    }
}

#[test]
fn certificates_that_end_are_told_in_time() {
    let now: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
    let judged = |days: [i64; 2], own: [i64; 2]| {
        let mut reports = reports("", "");
        let Some(Ok(report)) = reports.get_mut("m1") else { panic!() };
        let [agent, quorum] = days;
        report.certificates = vec![
            certificate("quorum", now, quorum),
            certificate("agent", now, agent),
            certificate("ca", now, own[1]),
        ];
        let own = [certificate("operator", now, own[0]), certificate("ca", now, own[1])];
        let health = Health::of(&spec(), &reports).with_certificates(&reports, &own, now);
        let words = |all: &[Ailment]| all.iter().map(ToString::to_string).collect::<Vec<_>>();
        (words(&health.ailments), words(&health.warnings))
    };
    let up = "; `mesoform up` renews what ends, while everything runs";
    let none = Vec::<String>::new();
    assert_eq!(judged([21, 90], [90, 3650]), (none.clone(), none.clone()));
    assert_eq!(
        judged([20, 19], [90, 3650]).1,
        [format!("m1: the certificates of quorum and agent end on 2026-12-09 (in 19 days){up}")]
    );
    assert_eq!(
        judged([-1, 1], [90, 3650]),
        (
            vec![format!("m1: the certificate of the agent ended on 2026-11-19{up}")],
            vec![format!("m1: the certificate of the quorum ends on 2026-11-21 (in one day){up}")]
        )
    );
    let (ailments, warnings) = judged([90, 90], [3, 300]);
    assert_eq!(ailments, none);
    assert!(warnings[0].starts_with("the certificate of the operator ends on 2026-11-23"));
    assert!(warnings[1].starts_with("the cluster's CA ends on 2027-09-16, and all with it; no"));
    assert_eq!(warnings.len(), 2, "the CA is told once: {warnings:?}");
    assert!(judged([90, 90], [90, 0]).0[0].starts_with("the cluster's CA ended on 2026-11-20"));
}

#[test]
fn the_cas_of_masters_are_told_of_while_certificates_can_still_be_renewed() {
    let now = Timestamp::now();
    for (days, warned) in [(91, 0), (89, 1)] {
        let mut reports = reports("", "");
        let Some(Ok(report)) = reports.get_mut("m1") else { panic!() };
        report.certificates = vec![certificate("issuer", now, days)];
        let health = Health::of(&spec(), &reports).with_certificates(&reports, &[], now);
        assert_eq!(health.warnings.len(), warned, "{health:?}");
    }
}

#[test]
fn a_renewal_that_fails_is_a_warning() {
    let now: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
    let mut reports = reports("", "");
    let Some(Ok(report)) = reports.get_mut("m1") else { panic!() };
    let trouble = vec!["agent: nobody is there".to_owned()];
    report.renewal = Some(RenewalView::after(None, now, trouble));
    let health = Health::of(&spec(), &reports).with_certificates(&reports, &[], now);
    assert!(health.is_well(), "{health:?}");
    assert_eq!(
        health.warnings[0].to_string(),
        "m1: its certificates are not renewed, since 2026-11-20: agent: nobody is there; see \
         `journalctl -u mesoform-certificates` there; meanwhile `mesoform up` renews what ends"
    );
}

#[test]
fn a_certificate_of_no_use_is_an_ailment() {
    let mut reports = reports("", "");
    let Some(Ok(report)) = reports.get_mut("m1") else { panic!() };
    let error = Some("it was not signed by the CA of this cluster".into());
    report.certificates =
        vec![CertificateView { role: "master".into(), error, ..Default::default() }];
    let health = Health::of(&spec(), &reports).with_certificates(&reports, &[], Timestamp::now());
    assert_eq!(
        health.ailments[0].to_string(),
        "m1: the certificate of the master is of no use: it was not signed by the CA of this cluster; \
         `mesoform up` makes a new one"
    );
}

#[test]
fn who_votes_is_held_against_the_inventory() {
    let view = |roster: &str| {
        let with = format!("leader_id: 11, raft_index: 9, roster: [{roster}]");
        Health::of(&spec(), &reports("leader_id: 11", &with))
    };
    assert!(view("{id: 11, name: m1}").is_well());
    let words = |health: &[Ailment]| health.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        words(&view("{id: 11, name: m1, learner: true}").ailments),
        ["m1: its voter has the quorum's data, but no vote; `mesoform up` gives it one"]
    );
    assert_eq!(
        words(&view("{id: 12, name: m1}").ailments),
        ["m1: its voter is no member of the quorum; `mesoform up` takes it in"]
    );
    let left = view("{id: 11, name: m1}, {id: 13, name: m3}");
    assert!(left.is_well());
    assert_eq!(
        words(&left.warnings),
        [
            "m3 is in the quorum, though not among the inventory's voters; `mesoform up --prune` takes it out"
        ]
    );
}

#[test]
fn a_leader_without_a_majority_is_none_whoever_hears_it() {
    let lone = QuorumView { member_id: 3, leader_id: 0, ..QuorumView::default() };
    let learner = QuorumView { member_id: 1, leader_id: 3, ..QuorumView::default() };
    assert!(!learner.is_led([&lone, &learner].into_iter()));
    assert!(learner.is_led([&learner].into_iter()), "nobody denies it");
    let leads = QuorumView { leader_id: 3, ..lone };
    assert!(learner.is_led([&leads, &learner].into_iter()));
}

#[test]
fn who_runs_with_old_settings_is_not_said_to_lead_nobody() {
    let from = "quorum: {active: active, view: {service: quorum, member_id: 11, leader_id: 11}}";
    let to = "quorum: {active: active, error: connection refused, outdated: true}";
    let told = ailments(&reports(from, to));
    let words = "m1: the quorum runs with settings from before the last `mesoform up`, which has not \
                 restarted it; what it does is not known, since it is asked by the new ones; `mesoform up` \
                 restarts it, once what stopped the last one is mended";
    assert_eq!(told, [words]);
    let from = "scheduler: {active: active, view: {service: scheduler, leading: true, connected_master: \
                \"m1:5055\"}}";
    let told = ailments(&reports(from, &to.replace("quorum", "scheduler")));
    assert_eq!(told, [words.replace("quorum", "scheduler")]);
    // What it says counts, wherever it says it.
    assert!(ailments(&reports("quorum: {active: active,", "quorum: {outdated: true,")).is_empty());
}

#[test]
fn before_the_first_up_there_is_one_thing_to_say() {
    let bare = |name: &str| (name.to_owned(), Err(Stop::Failed(NOT_INSTALLED.into())));
    let all: Reports = [bare("m1"), bare("a1.example.org")].into();
    let told = ailments(&all);
    let words =
        "mesoform is installed on none of these hosts; `mesoform up` makes the cluster run on them";
    assert_eq!(told, [words]);
    let mut one = reports("", "");
    one.extend([bare("a1.example.org")]);
    let told = ailments(&one);
    assert_eq!(told, ["a1.example.org: mesoform is not installed there; `mesoform up` brings it"]);
}

#[test]
fn services_of_a_host_that_were_stopped_together_are_told_together() {
    let text = WELL.replace(": {active: active", ": {active: inactive");
    let text = text
        .replace("      active: active\n", "      active: inactive\n")
        .replacen("a1:", "m2:", 1);
    let mut reports: Reports = serde_saphyr::from_str::<BTreeMap<String, HostReport>>(&text)
        .unwrap()
        .into_iter()
        .map(|(name, mut report)| {
            report.services.values_mut().for_each(|found| found.view = None);
            (name, Ok(report))
        })
        .collect();
    reports.insert("a1.example.org".into(), reports["m2"].clone());
    let health = Health::of(&spec(), &reports);
    insta::assert_snapshot!(health.told().join("\n"));
}

#[test]
fn an_agent_that_was_stopped_is_not_told_to_be_unregistered_too() {
    let mut reports = reports("hostname: a1.example.org, registered: true", "hostname: x");
    let Some(Ok(report)) = reports.get_mut("a1.example.org") else { panic!() };
    let stopped = ServiceReport { active: "inactive".into(), ..ServiceReport::default() };
    report.services.insert(Service::Agent, stopped);
    let told = ailments(&reports);
    assert!(
        told.len() == 1 && told[0].starts_with("a1.example.org: the agent is not running"),
        "{told:?}"
    );
}

#[test]
fn a_full_disk_is_told_with_whose_it_is_what_is_refused_and_the_cure() {
    let told = |view: &str| {
        let health =
            Health::of(&spec(), &reports("leader_id: 11", &format!("leader_id: 11, {view}")));
        assert!(health.ailments.iter().all(|a| a.lasting && a.service == Some(Service::Quorum)));
        health.told()
    };
    let refused = "is nearly full, so all voters refuse writes (etcd's NOSPACE): nothing that masters, \
                   schedulers and clients keep in the quorum can change";
    let cure = "or delete keys and compact (`etcdctl del`, `etcdctl compact`): writes then go on by \
                themselves";
    assert_eq!(
        told("full: [11], data_dir: /var/lib/mesoform/quorum"),
        [format!(
            "m1: the disk with its voter's data {refused}; make room in /var/lib/mesoform/quorum, {cure}"
        )]
    );
    // One that was not asked, or is nobody's whom the roster knows.
    assert_eq!(
        told("full: [12, 171], roster: [{id: 11, name: m1}, {id: 12, name: m2}]"),
        [
            format!("m2: the disk with its voter's data {refused}; make room there, {cure}"),
            format!("the disk with the data of the voter ab {refused}; make room there, {cure}"),
        ]
    );
    assert_eq!(told("full: []"), [""; 0]);
}
