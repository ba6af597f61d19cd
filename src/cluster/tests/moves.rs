//! Hosts that get another address, name or voter's place: new certificates and settings, and no data is
//! touched.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

use mesoform_cluster::{BinaryRef, Blueprint, ClusterSpec, resolve, sign};
use mesoform_identity::{Authority, KeyRequest};
use mesoform_inventory::{ExtraVars, Inventory};
use mesoform_plan::{
    Change, Kind, Observed, Ownership, PathState, Plan, SigningRequest, Step, UnitState, What,
    changes, fingerprint, sha256_hex,
};
use mesoform_template::Templates;
use std::path::Path;

fn spec(hosts: &str) -> ClusterSpec {
    let text = format!("[masters]\n{hosts}\n[agents]\nh[1:3]\n");
    let inventory = Inventory::parse(&text, Path::new("moves.ini"), &ExtraVars::default()).unwrap();
    resolve(&inventory).unwrap()
}

fn plan(spec: &ClusterSpec, ca: &Authority, host: &str) -> Plan {
    let blueprint = Blueprint {
        spec,
        templates: &Templates::embedded().unwrap(),
        ca_pem: ca.certificate_pem(),
        ca_fingerprint: &ca.fingerprint(),
        credentials: None,
        etcd: None,
    };
    let binary = BinaryRef { sha256: "ab".repeat(32), size: 1 };
    blueprint.host(spec.host(host).unwrap(), &binary).unwrap()
}

/// A host that is just as the plan wants it.
fn brought_up(plan: &Plan, ca: &Authority) -> Observed {
    let mut is = Observed::default();
    for (number, step) in plan.steps.iter().enumerate() {
        match step {
            Step::User { name, .. } => drop(is.users.insert(name.clone())),
            Step::Directory { path, ownership } => {
                put(&mut is, path, Kind::Directory, ownership, None);
            }
            Step::File { path, ownership, content } => {
                put(&mut is, path, Kind::File, ownership, Some(sha256_hex(content)));
            }
            Step::Binary { path, sha256, .. } => {
                put(&mut is, path, Kind::File, &Ownership::root(0o755), Some(sha256.clone()));
            }
            Step::Credential { path, ownership, sha256, .. } => {
                put(&mut is, path, Kind::File, ownership, Some(sha256.clone()));
            }
            Step::Link { path, target } => {
                put(&mut is, path, Kind::Link, &Ownership::root(0o777), None);
                is.paths.get_mut(path).unwrap().target = Some(target.clone());
            }
            Step::Certificate { .. } => certify(&mut is, plan, number, ca),
            Step::Unit { name, enabled, inputs } => {
                let unit = UnitState {
                    enabled: *enabled,
                    active: "active".into(),
                    started_inputs: fingerprint(inputs, &is),
                    ..UnitState::default()
                };
                is.units.insert(name.clone(), unit);
            }
            _ => {}
        }
    }
    is
}

fn put(is: &mut Observed, path: &Path, kind: Kind, o: &Ownership, sha256: Option<String>) {
    let (user, group, mode) = (o.user.clone(), o.group.clone(), o.mode);
    let state = PathState { kind, user, group, mode, sha256, target: None, text: None };
    is.paths.insert(path.to_owned(), state);
}

fn certify(is: &mut Observed, plan: &Plan, number: usize, ca: &Authority) {
    let Step::Certificate { dir, role, owner, host, dns, ips, .. } = &plan.steps[number] else {
        return;
    };
    let request = SigningRequest {
        step: number,
        role: role.clone(),
        host: host.clone(),
        dns: dns.clone(),
        ips: ips.clone(),
        csr_pem: KeyRequest::generate().unwrap().csr_pem,
    };
    let chain = sign(ca, &plan.steps, &request).unwrap();
    let [key, certificate, _] = Step::certificate_paths(dir, role);
    let mine = |mode| Ownership::new(owner.clone(), owner.clone(), mode);
    put(is, &key, Kind::File, &mine(0o600), None);
    put(is, &certificate, Kind::File, &mine(0o644), Some(sha256_hex(&chain)));
    is.certificates.insert(certificate, chain);
}

/// What `up` does on `host` after the inventory's masters became `to`.
fn moved(to: &str, host: &str) -> Vec<Change> {
    let ca = Authority::create("moves").unwrap();
    let before = plan(&spec(BEFORE), &ca, host);
    let is = brought_up(&before, &ca);
    let now = jiff::Timestamp::now();
    let again: Vec<String> = changes(&before, &is, now).iter().map(ToString::to_string).collect();
    assert_eq!(again, [""; 0], "it is as it should be before");
    changes(&plan(&spec(to), &ca, host), &is, now)
}

const BEFORE: &str = "h1 ansible_host=10.0.0.1 zoo_id=1\nh2 ansible_host=10.0.0.2 zoo_id=2\n\
                      h3 ansible_host=10.0.0.3 zoo_id=3";

/// The subjects of the changes of this kind, by their last part.
fn subjects(all: &[Change], what: What) -> Vec<&str> {
    let of_kind = all.iter().filter(|change| change.what == what);
    of_kind.filter_map(|change| change.subject.rsplit('/').next()).collect()
}

fn assert_no_data_is_touched(all: &[Change]) {
    for change in all {
        let data = change.subject.starts_with("/var/lib/mesoform");
        assert!(!data && !matches!(change.what, What::Remove | What::Create), "{change}");
    }
}

const ALL_UNITS: [&str; 4] = [
    "mesoform-quorum.service",
    "mesoform-master.service",
    "mesoform-scheduler.service",
    "mesoform-agent.service",
];

#[test]
fn a_host_with_another_address_gets_certificates_for_it() {
    let to = BEFORE.replace("10.0.0.2", "10.0.7.2");
    let own = moved(&to, "h2");
    assert_no_data_is_touched(&own);
    let renewed = subjects(&own, What::Renew);
    assert_eq!(renewed, ["quorum.crt", "master.crt", "scheduler.crt", "agent.crt"]);
    for change in own.iter().filter(|change| change.what == What::Renew) {
        assert_eq!(change.reasons, ["other names or addresses"]);
    }
    assert_eq!(subjects(&own, What::Restart), ALL_UNITS);

    let other = moved(&to, "h1");
    assert_no_data_is_touched(&other);
    assert_eq!(subjects(&other, What::Renew), [""; 0], "the others keep theirs");
    assert_eq!(subjects(&other, What::Restart), ALL_UNITS, "they must know where it is now");
}

#[test]
fn a_host_that_is_reached_by_a_name_gets_certificates_for_it() {
    let own = moved(&BEFORE.replace("10.0.0.2", "node-two.example.org"), "h2");
    assert_no_data_is_touched(&own);
    assert_eq!(subjects(&own, What::Renew).len(), 4);
}

#[test]
fn another_place_among_the_voters_needs_no_certificates() {
    let own = moved(&BEFORE.replace("zoo_id=3", "zoo_id=9"), "h3");
    assert_no_data_is_touched(&own);
    assert_eq!(subjects(&own, What::Renew), [""; 0]);
    assert_eq!(subjects(&own, What::Update), ["quorum.yml"]);
    assert_eq!(subjects(&own, What::Restart), ["mesoform-quorum.service"]);
}
