//! What a host of a cluster looks like.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use mesoform_cluster::{BinaryRef, Blueprint, ClusterSpec, removal, resolve};
use mesoform_inventory::{ExtraVars, Inventory};
use mesoform_plan::{Plan, Step};
use mesoform_template::Templates;

fn spec(list: &str) -> ClusterSpec {
    let extra = ExtraVars::parse::<&str>(&[]).unwrap();
    resolve(&Inventory::load(list, &extra).unwrap()).unwrap()
}

fn plan(spec: &ClusterSpec, host: &str) -> Plan {
    let templates = Templates::embedded().unwrap();
    let blueprint = Blueprint {
        spec,
        templates: &templates,
        ca_pem: "-----CA-----\n",
        ca_fingerprint: "f1f2",
        credentials: Some("admin:00:11\n"),
        etcd: None,
    };
    let binary = BinaryRef { sha256: "ab".repeat(32), size: 1 };
    blueprint.host(spec.host(host).unwrap(), &binary).unwrap()
}

/// Readable: places and properties first, contents after.
fn shown(plan: &Plan) -> String {
    let mut text = String::new();
    for step in &plan.steps {
        let line = match step {
            Step::File { path, ownership, content } => {
                format!("file {} {ownership:?}\n{content}", path.display())
            }
            other => format!("{other:?}"),
        };
        text.push_str(&line);
        text.push('\n');
    }
    text
}

#[test]
fn a_host_that_is_everything() {
    let spec = spec("10.0.0.1,10.0.0.2,10.0.0.3");
    let plan = plan(&spec, "10.0.0.2");
    plan.validate().unwrap();
    insta::assert_snapshot!(shown(&plan));
}

#[test]
fn plans_are_deterministic() {
    let spec = spec("10.0.0.1,");
    assert_eq!(plan(&spec, "10.0.0.1"), plan(&spec, "10.0.0.1"));
}

#[test]
fn secrets_are_in_no_plan() {
    let spec = spec("10.0.0.1,");
    let json = plan(&spec, "10.0.0.1").to_json().unwrap();
    assert!(!json.contains("admin:00:11"), "{json}");
}

#[test]
fn the_certificates_of_a_host_bear_the_name_in_its_settings() {
    let extra = ExtraVars::parse::<&str>(&[]).unwrap();
    let text = "[masters]\nm1.example.org\n[agents]\nm1.example.org\n";
    let inventory = Inventory::parse(text, std::path::Path::new("demo.ini"), &extra).unwrap();
    let plan = plan(&resolve(&inventory).unwrap(), "m1.example.org");
    let hosts = plan.steps.iter().filter_map(|step| match step {
        // A master's own CA is nobody to call.
        Step::Certificate { role, host, dns, .. } if role != "issuer" => {
            Some((host.as_str(), dns.join(" ")))
        }
        _ => None,
    });
    for (host, dns) in hosts {
        assert_eq!((host, dns.as_str()), ("m1.example.org", "m1.example.org localhost"));
    }
    let agent = plan.steps.iter().find_map(|step| match step {
        Step::File { path, content, .. } if path.ends_with("agent.yml") => Some(content.as_str()),
        _ => None,
    });
    assert!(agent.unwrap().contains("hostname: \"m1.example.org\""), "{}", agent.unwrap());
}

fn users(plan: &Plan) -> Vec<&str> {
    let name = |step| match step {
        &Step::User { ref name, .. } | &Step::UserAbsent { ref name } => Some(name.as_str()),
        _ => None,
    };
    plan.steps.iter().filter_map(name).collect()
}

#[test]
fn each_host_has_the_users_that_it_needs_and_loses_all_that_are_ours() {
    let extra = |pairs: &[&str]| ExtraVars::parse(pairs).unwrap();
    let text = "[masters]\nm\n[agents]\na\n";
    let with = |pairs: &[&str]| {
        let inventory = Inventory::parse(text, std::path::Path::new("demo.ini"), &extra(pairs));
        resolve(&inventory.unwrap()).unwrap()
    };
    let spec = with(&[]);
    let services = ["mesoform-quorum", "mesoform-master", "mesoform-scheduler"];
    assert_eq!(users(&plan(&spec, "m")), services);
    assert_eq!(users(&plan(&spec, "a")), ["mesoform-task"]);
    // A user of the operator's is not ours to make, nor to take away.
    for wish in ["mesoform_task_user=root", "mesoform_task_user=apps"] {
        assert_eq!(users(&plan(&with(&[wish]), "a")), [""; 0]);
        let gone = removal(&with(&[wish]), spec.host("a").unwrap(), false);
        assert_eq!(users(&gone), [&services[..], &["mesoform-task"]].concat());
    }
    assert_eq!(users(&removal(&spec, spec.host("a").unwrap(), true)), [""; 0], "they own data");
}

/// A document's unit that fetches another version would hold the services up for ever.
#[test]
fn whoever_brings_the_binary_takes_away_what_would_fetch_it() {
    let spec = spec("10.0.0.1,");
    let fetch = Step::UnitAbsent { name: "mesoform-artifact.service".into() };
    let path = "/etc/systemd/system/multi-user.target.wants/mesoform-artifact.service".into();
    let link = Step::Absent { path, recursive: false };
    let at = |plan: &Plan, step: &Step| plan.steps.iter().position(|other| other == step).unwrap();
    let up = plan(&spec, "10.0.0.1");
    let is_binary = |step: &Step| matches!(step, Step::Binary { .. });
    let is_unit = |step: &Step| matches!(step, Step::Unit { .. });
    let binary = up.steps.iter().position(is_binary).unwrap();
    let unit = up.steps.iter().position(is_unit).unwrap();
    assert!(binary < at(&up, &fetch) && at(&up, &fetch) < at(&up, &link));
    assert!(at(&up, &link) < unit);
    // A host without it has nothing to change.
    let bare = mesoform_plan::Observed::default();
    let changes = mesoform_plan::changes(&up, &bare, jiff::Timestamp::UNIX_EPOCH);
    let steps = [at(&up, &fetch), at(&up, &link)];
    assert!(!changes.iter().any(|change| steps.contains(&change.step)), "{changes:#?}");
    for keep_data in [true, false] {
        let down = removal(&spec, spec.host("10.0.0.1").unwrap(), keep_data);
        down.validate().unwrap();
        assert_eq!((at(&down, &fetch), at(&down, &link)), (2, 3));
    }
}
