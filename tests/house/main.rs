//! The house's own rules, held against what cargo knows of it: which crate may import which, what must
//! never be in the tree, and what the README tells of it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "these are tests")]

mod readme;

use std::collections::BTreeMap;
use std::process::Command;

/// From the top: each may import those after it, and the common ground.
const PROVISIONING: &[&str] = &[
    "playbook",
    "provider",
    "cluster",
    "render",
    "cloudinit",
    "cloudconfig",
    "transport",
    "apply",
    "supervise",
    "plan",
    "template",
    "inventory",
];
/// The services: none imports another.
const SERVICES: &[&str] = &["scheduler", "master", "agent", "quorum"];
/// What both wings stand on; from the top.
const COMMON: &[&str] =
    &["coordination", "http", "identity", "etcd", "mesos", "notify", "settings"];
/// C++ and C libraries that would end the one static binary.
const BANNED: &[&str] = &["aws-lc-sys", "aws-lc-rs", "openssl-sys", "libsqlite3-sys"];

#[test]
fn arrows_only_point_down() {
    let mut wrong = Vec::new();
    for (name, imports) in imports() {
        for import in imports {
            if let Some(cause) = objection(&name, &import) {
                wrong.push(format!("{name} -> {import}: {cause}"));
            }
        }
    }
    assert!(wrong.is_empty(), "these arrows are not the design's:\n{}", wrong.join("\n"));
}

#[test]
fn nothing_banned_is_in_the_tree() {
    let lock = std::fs::read_to_string(repository().join("Cargo.lock")).unwrap();
    for name in BANNED {
        // The lock file also has what only other platforms use: cargo says what we would build.
        if lock.contains(&format!("name = \"{name}\"\n")) {
            let tree = cargo(&["tree", "--workspace", "-e", "normal,build,dev", "-i", name]);
            assert!(tree.trim().is_empty(), "{name} is in the tree:\n{tree}");
        }
    }
}

/// Why one crate may not import another; None where it may.
fn objection(name: &str, import: &str) -> Option<&'static str> {
    if name == "mesoform" {
        return None;
    }
    let place = |list: &[&str], name: &str| list.iter().position(|item| *item == name);
    let down = |list: &[&str]| match (place(list, name), place(list, import)) {
        (Some(from), Some(to)) => from < to,
        _ => false,
    };
    if place(COMMON, import).is_some() {
        let free = place(COMMON, name).is_none() || down(COMMON);
        return (!free).then_some("it does not point down");
    }
    if place(PROVISIONING, import).is_some() {
        return (!down(PROVISIONING)).then_some("it does not point down its wing");
    }
    match (place(SERVICES, name), place(SERVICES, import)) {
        (Some(_), Some(_)) => Some("services never import each other"),
        (None, Some(_)) => Some("the wings meet only in the command line"),
        _ => Some("this crate has no place in the lists of tests/house: give it one"),
    }
}

/// Each crate of ours and those of ours that it needs to run (tests may use more).
fn imports() -> BTreeMap<String, Vec<String>> {
    let metadata = cargo(&["metadata", "--format-version=1", "--no-deps"]);
    let metadata: serde_json::Value = serde_json::from_str(&metadata).unwrap();
    let ours = |name: &serde_json::Value| {
        let name = name.as_str().unwrap();
        (name == "mesoform")
            .then_some(name)
            .or_else(|| name.strip_prefix("mesoform-"))
            .map(str::to_owned)
    };
    let packages = metadata["packages"].as_array().unwrap().iter();
    packages
        .filter(|package| package["name"] != "mesoform-tests")
        .map(|package| {
            let needs = package["dependencies"].as_array().unwrap().iter();
            let needs = needs.filter(|need| need["kind"] != "dev");
            (
                ours(&package["name"]).unwrap(),
                needs.filter_map(|need| ours(&need["name"])).collect(),
            )
        })
        .collect()
}

fn cargo(arguments: &[&str]) -> String {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo).args(arguments).current_dir(repository()).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo {arguments:?}: {stderr}");
    String::from_utf8(output.stdout).unwrap()
}

fn repository() -> &'static std::path::Path {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}
