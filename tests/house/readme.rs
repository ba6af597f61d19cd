//! The README tells every crate that ours build on, and why.

use super::{cargo, repository};
use std::collections::BTreeSet;

#[test]
fn the_readme_tells_every_dependency_once_and_no_other() {
    let mut told = BTreeSet::new();
    for name in table() {
        assert!(told.insert(name.clone()), "the README names {name} twice");
    }
    let used = direct_dependencies();
    let list = |of: &BTreeSet<String>, without| -> Vec<String> {
        of.difference(without).cloned().collect()
    };
    assert_eq!(list(&used, &told), [""; 0], "these are used and not told in the README");
    assert_eq!(list(&told, &used), [""; 0], "these are told in the README and not used");
}

/// The crates of the first column under "Dependencies".
fn table() -> Vec<String> {
    let readme = std::fs::read_to_string(repository().join("README.md")).unwrap();
    let section = readme.split("\n## ").find(|section| section.starts_with("Dependencies"));
    let rows = section.unwrap().lines().filter_map(|line| line.strip_prefix("| "));
    let names = rows.skip(1).filter_map(|row| row.split(" | ").next());
    names.flat_map(|names| names.split(", ")).map(str::to_owned).collect()
}

fn direct_dependencies() -> BTreeSet<String> {
    let metadata = cargo(&["metadata", "--format-version=1", "--no-deps"]);
    let metadata: serde_json::Value = serde_json::from_str(&metadata).unwrap();
    let packages = metadata["packages"].as_array().unwrap().iter();
    packages
        .flat_map(|package| package["dependencies"].as_array().unwrap())
        .map(|need| need["name"].as_str().unwrap().to_owned())
        .filter(|name| !name.starts_with("mesoform"))
        .collect()
}
