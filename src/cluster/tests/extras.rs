//! What an operator adds to hosts is a part of their plans, and every mistake in it is told.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use mesoform_cluster::{BinaryRef, Blueprint, ClusterSpec, Mistakes, removal, resolve};
use mesoform_inventory::{ExtraVars, Inventory};
use mesoform_plan::{Plan, Step};
use std::path::Path;

const HOSTS: &str = "[masters]\nm\n[agents]\nm\na\n[all:vars]\n";
const EXTRAS: &str = "\
mesoform_extra_files=[{'path': '/etc/app', 'directory': True, 'mode': '0750', 'group': 'adm'}, \
    {'path': '/etc/app/a.conf', 'content': 'a\\n', 'owner': 'app', 'mode': '0600'}]
mesoform_extra_units={'disk.service': '[Service]\\nExecStart=/bin/true\\n', \
    'late.service': {'content': 'late', 'enabled': False}}
mesoform_unit_needs={'zookeeper': ['disk.service'], 'late.service': ['mesoform-agent.service', 'disk.service']}
";

fn load(vars: &str) -> Result<ClusterSpec, Mistakes> {
    let text = format!("{HOSTS}{}", vars.replace("\\\n    ", ""));
    let inventory = Inventory::parse(&text, Path::new("demo.ini"), &ExtraVars::default()).unwrap();
    resolve(&inventory)
}

fn plan(spec: &ClusterSpec, host: &str) -> Plan {
    let templates = spec.templates().unwrap();
    let blueprint = Blueprint {
        spec,
        templates: &templates,
        ca_pem: "CA\n",
        ca_fingerprint: "f1",
        credentials: None,
        etcd: None,
    };
    let plan = blueprint
        .host(spec.host(host).unwrap(), &BinaryRef { sha256: "ab".repeat(32), size: 1 })
        .unwrap();
    plan.validate().unwrap();
    plan
}

/// What is the operator's in it, and all units in their order.
fn shown(plan: &Plan) -> Vec<String> {
    let line = |step: &Step| match step {
        Step::File { path, ownership, content }
            if !content.contains("Written by mesoform: change the template") =>
        {
            Some(format!("{} {:o} {} {content:?}", path.display(), ownership.mode, ownership.user))
        }
        Step::Directory { path, ownership }
            if path.starts_with("/etc/app") || path.starts_with("/etc/systemd") =>
        {
            Some(format!("{} {:o} {}", path.display(), ownership.mode, ownership.group))
        }
        Step::Unit { name, enabled, .. } => Some(format!("{name} {enabled}")),
        _ => None,
    };
    plan.steps.iter().filter_map(line).filter(|line| !line.starts_with("/etc/mesoform")).collect()
}

#[test]
fn what_is_added_stands_in_the_plan_in_the_order_of_the_unit_graph() {
    let spec = load(EXTRAS).unwrap();
    insta::assert_debug_snapshot!(shown(&plan(&spec, "m")));
    // The agent alone has no quorum that could need a disk.
    insta::assert_debug_snapshot!(shown(&plan(&spec, "a")));
}

#[test]
fn what_was_added_goes_with_the_cluster() {
    let spec = load(EXTRAS).unwrap();
    let plan = removal(&spec, spec.host("m").unwrap(), true);
    plan.validate().unwrap();
    for gone in [
        "/etc/app/a.conf",
        "/etc/systemd/system/disk.service",
        "/etc/systemd/system/late.service.d",
    ] {
        let is = |step: &Step| matches!(step, Step::Absent { path, .. } if path == Path::new(gone));
        assert!(plan.steps.iter().any(is), "{gone}");
    }
    let unit = Step::UnitAbsent { name: "disk.service".into() };
    assert!(plan.steps.contains(&unit));
}

#[test]
fn every_mistake_is_told_with_its_cure() {
    for (vars, cause) in [
        ("mesoform_extra_files=x", "mesoform_extra_files is no list"),
        ("mesoform_extra_files=[{'content': 'x'}]", "has no path"),
        ("mesoform_extra_files=[{'path': '/etc/a'}]", "/etc/a has no content, or two"),
        (
            "mesoform_extra_files=[{'path': '/etc/a', 'src': '/nowhere/x'}]",
            "/nowhere/x: No such file",
        ),
        (
            "mesoform_extra_files=[{'path': '/etc/a', 'content': '', 'mod': 1}]",
            "/etc/a in mesoform_extra_files has a \"mod\"",
        ),
        (
            "mesoform_extra_files=[{'path': '/etc/a', 'content': '', 'mode': 'rw'}]",
            "the mode of /etc/a",
        ),
        (
            "mesoform_extra_files=[{'path': '/etc/a', 'content': '', 'mode': 644}]",
            "the mode of /etc/a",
        ),
        (
            "mesoform_extra_files=[{'path': '/etc/a', 'directory': True, 'mode': 420}]",
            "the mode of /etc/a",
        ),
        ("mesoform_extra_files=[{'path': 'a/b', 'content': ''}]", "the path a/b is not absolute"),
        ("mesoform_extra_files=[{'path': '/a/../b', 'content': ''}]", "contains '..'"),
        (
            "mesoform_extra_files=[{'path': '/etc/a', 'content': '', 'owner': 'a b'}]",
            "is not the name of a user",
        ),
        ("mesoform_extra_files=[{'path': '/etc/mesoform/x', 'content': ''}]", "is mesoform's own"),
        (
            "mesoform_extra_files=[{'path': '/etc/systemd/system/mesoform-agent.service', 'content': ''}]",
            "is mesoform's own",
        ),
        (
            "mesoform_extra_files=[{'path': '/etc/a', 'content': ''}, {'path': '/etc/a', 'content': ''}]",
            "has /etc/a twice",
        ),
        (
            "mesoform_extra_files=[{'path': '/motd', 'content': ''}]",
            "/motd is right below /, where `down` takes nothing away",
        ),
        (
            "mesoform_extra_files=[{'path': '/etc/systemd/system/mesoform-artifact.service', 'content': ''}]",
            "is mesoform's own",
        ),
        (
            "mesoform_extra_files=[{'path': '/etc/systemd/system/mesoform-certificates.timer', 'content': ''}]",
            "is mesoform's own",
        ),
        (
            "mesoform_extra_units={'x.service': {'content': 'x', 'enabled': 'no'}}",
            "x.service in mesoform_extra_units is neither enabled nor not",
        ),
        (
            "mesoform_extra_units={'x.service': {'content': 'x', 'enable': False}}",
            "x.service in mesoform_extra_units has a \"enable\"",
        ),
        ("mesoform_extra_cloud_config={'users': None}", "users in mesoform_extra_cloud_config is"),
        ("mesoform_extra_cloud_config={'runcmd': 'x'}", "runcmd in mesoform_extra_cloud_config is"),
        ("mesoform_extra_units=['x']", "mesoform_extra_units is no dictionary"),
        ("mesoform_extra_units={'mesoform-x.service': ''}", "has mesoform-x.service"),
        ("mesoform_extra_units={'x': ''}", "is not the name of a unit"),
        (
            "mesoform_extra_units={'x.service': {'enabled': False}}",
            "x.service has no content, or two",
        ),
        ("mesoform_unit_needs=[]", "mesoform_unit_needs is no dictionary"),
        ("mesoform_unit_needs={'quorum': 'x'}", "are no list"),
        ("mesoform_unit_needs={'quorum': ['x.service']}", "names \"x.service\", which is no unit"),
        ("mesoform_unit_needs={'quorum': ['master']}", "is a circle: quorum -> master -> quorum"),
        ("mesoform_templates=", "mesoform_templates is"),
    ] {
        let mistakes = load(&format!("{vars}\n")).unwrap_err();
        let text = mistakes.to_string();
        assert!(text.contains(cause) && text.contains("demo.ini:7"), "{vars}: {text}");
        assert!(mistakes.0.iter().all(|mistake| !mistake.cure.is_empty()), "{text}");
    }
}

/// Folders stay when a cluster goes, and drop-ins are how a unit of ours is changed.
#[test]
fn folders_below_the_root_and_drop_ins_can_be_added() {
    let dropin = "/etc/systemd/system/mesoform-agent.service.d";
    let vars = format!(
        "mesoform_extra_files=[{{'path': '/data', 'directory': True}}, \
         {{'path': '{dropin}', 'directory': True}}, \
         {{'path': '{dropin}/a.conf', 'content': '[Service]'}}]\n"
    );
    let spec = load(&vars).unwrap();
    removal(&spec, spec.host("m").unwrap(), false).validate().unwrap();
}

#[test]
fn templates_are_found_beside_the_inventory() {
    let spec = load("mesoform_templates=own\n").unwrap();
    assert_eq!(spec.templates.as_deref(), Some(Path::new("./own")));
    let error = spec.templates().unwrap_err().to_string();
    assert!(error.starts_with("template ./own: No such file"), "{error}");
}
