//! What documents look like: a change of one is a change for whoever boots machines from them.

use crate::kit::{Cluster, EXTRAS, FIVE, ONE, THREE};
use mesoform_render::{Dialect, Entry, tree};

#[test]
fn one_host_that_is_everything() {
    let cluster = Cluster::of(ONE);
    insta::assert_snapshot!(cluster.document(Dialect::CloudConfig, "m1", None));
}

#[test]
fn a_master_of_three_and_an_agent_of_another_architecture() {
    let cluster = Cluster::of(THREE);
    let both = ["m2.example.org", "a1"];
    for (dialect, name) in [
        (Dialect::CloudConfig, "three_cloud_config"),
        (Dialect::Coreos, "three_coreos"),
        (Dialect::Ignition, "three_ignition"),
    ] {
        let text = both.map(|host| cluster.document(dialect, host, None)).join("\n");
        insta::assert_snapshot!(name, text);
    }
}

#[test]
fn a_master_of_five() {
    let cluster = Cluster::of(FIVE);
    insta::assert_snapshot!(cluster.document(Dialect::CloudConfig, "m5", None));
}

#[test]
fn what_an_operator_adds() {
    let text = Cluster::of(EXTRAS).document(Dialect::CloudConfig, "m1", None);
    // The rest is as without it.
    let added = |part: &&str| {
        !part.starts_with("/etc/mesoform") && !part.contains("mesoform: change the template")
    };
    let parts = text.split("  - path: ").filter(added);
    insta::assert_snapshot!(parts.collect::<Vec<_>>().join("  - path: "));
}

/// The files' contents are the plan's, which other snapshots show.
#[test]
fn a_tree_of_units() {
    let cluster = Cluster::of(THREE);
    let tree = tree(&cluster.boot(cluster.spec.host("a1").unwrap()));
    let mut text = String::new();
    for (path, entry) in tree.0 {
        let path = path.display();
        let shown = match entry {
            Entry::Link { target } => format!("{path} -> {}\n", target.display()),
            Entry::File { ownership, content } if content.starts_with("# a1 of") => {
                format!("{path} {:04o}\n{content}", ownership.mode)
            }
            Entry::File { ownership, .. } => format!("{path} {:04o}\n", ownership.mode),
        };
        text.push_str(&shown);
    }
    insta::assert_snapshot!(text);
}
