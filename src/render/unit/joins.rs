//! A host with a token asks for what its document must not have, before anything of ours starts.

use super::plans::plan;
use super::{supply, templates, text, yaml};
use crate::{Boot, Dialect, Join, Packer, Supply};
use mesoform_plan::place::{FETCH_UNIT, JOIN, JOIN_UNIT};
use mesoform_plan::{Joining, Plan, SecretText, Step, unit_file};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

const TOKEN: &str = "mesoform-join-1.abc.def";

fn join() -> Join {
    Join { token: SecretText::new(TOKEN), places: vec!["https://192.0.2.1:8000".into()] }
}

fn boot(plan: &Plan, join: &Join, url: Option<&str>) -> Boot {
    let (templates, packer) = (templates(), Packer::default());
    let supply = Supply { join: Some(join), artifact_url: url, ..supply(&templates, &packer) };
    Boot::of(plan, &supply).unwrap()
}

/// Of a host with a service, a certificate and a secret.
fn host() -> Plan {
    let certificate = Step::Certificate {
        dir: "/etc/mesoform/pki".into(),
        role: "agent".into(),
        owner: "root".into(),
        host: "h1".into(),
        dns: Vec::new(),
        ips: Vec::new(),
        ca_fingerprint: "f1".repeat(32),
        renew_before_s: 1,
    };
    let binary =
        Step::Binary { path: "/opt/v/a/mesoform".into(), sha256: "ab".repeat(32), size: 1 };
    let unit = |name: &str| Step::Unit { name: name.into(), enabled: true, inputs: Vec::new() };
    let steps = vec![binary, certificate, unit("data.mount"), unit("mesoform-agent.service")];
    Plan::new("demo", "h1", steps)
}

#[test]
fn what_misses_is_asked_for_before_all_services() {
    let (plan, join) = (host(), join());
    let boot = boot(&plan, &join, Some("http://192.0.2.1/m"));
    assert!(boot.missing.is_nothing());
    let file = |path: &std::path::Path| boot.files.iter().find(|file| file.path == path).unwrap();
    let ticket = file(JOIN.as_ref());
    assert_eq!(ticket.ownership.mode, 0o600);
    let ticket = Joining::parse(&ticket.content).unwrap();
    assert_eq!((ticket.token.reveal(), ticket.places.len()), (TOKEN, 1));
    assert_eq!(ticket.plan.steps, plan.steps[1..]);
    let unit = &file(&unit_file(JOIN_UNIT)).content;
    assert!(unit.contains("\nBefore=mesoform-agent.service shutdown.target\n"), "{unit}");
    assert!(unit.contains(&format!("\nConditionPathExists={JOIN}\n")), "{unit}");
    assert!(unit.contains(FETCH_UNIT) && !unit.contains(TOKEN), "{unit}");
    let enabled: Vec<&str> = boot.enabled().collect();
    assert_eq!(enabled, [FETCH_UNIT, JOIN_UNIT, "data.mount", "mesoform-agent.service"]);

    let document = yaml(&text(Dialect::CloudConfig, &boot, None));
    let start = document["runcmd"].as_array().unwrap().last().unwrap();
    assert!(start.as_array().unwrap().iter().any(|word| word == "mesoform-agent.service"));
}

#[test]
fn without_a_binary_nobody_asks() {
    let boot = boot(&host(), &join(), None);
    assert_eq!((boot.join.is_none(), boot.missing.certificates), (true, 1));
    assert!(!boot.files.iter().any(|file| file.content.contains(TOKEN)));
}

/// The token stands in the one file that root alone reads.
#[test]
fn the_token_stands_in_one_place() {
    let mut runner = TestRunner::deterministic();
    for _ in 0..32 {
        let plan = plan().new_tree(&mut runner).unwrap().current();
        let boot = boot(&plan, &join(), Some("http://192.0.2.1/m"));
        let holders: Vec<u32> = boot
            .files
            .iter()
            .filter(|file| file.content.contains(TOKEN))
            .map(|file| file.ownership.mode)
            .collect();
        assert!(holders.is_empty() && boot.join.is_none() || holders == [0o600], "{holders:?}");
    }
}
