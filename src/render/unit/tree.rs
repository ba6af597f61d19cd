//! What enables units in a tree.

use super::boot;
use crate::{Entry, tree};
use mesoform_plan::{Ownership, Plan, Step, unit_file};
use std::path::{Path, PathBuf};

fn links(content: &str) -> Vec<PathBuf> {
    let (name, path) = ("a.service", unit_file("a.service"));
    let content = content.to_owned();
    let plan = Plan::new(
        "demo",
        "h1",
        vec![
            Step::File { path: path.clone(), ownership: Ownership::root(0o644), content },
            Step::Unit { name: name.into(), enabled: true, inputs: Vec::new() },
        ],
    );
    let entries = tree(&boot(&plan)).0.into_iter();
    let links = entries.filter_map(|(place, entry)| match entry {
        Entry::Link { target } => {
            assert_eq!(target, path);
            Some(place)
        }
        Entry::File { .. } => None,
    });
    links.collect()
}

#[test]
fn units_are_enabled_as_systemd_reads_their_files() {
    let wants = Path::new("/etc/systemd/system/x.target.wants/a.service");
    for line in ["WantedBy=x.target", "WantedBy = x.target", " WantedBy =x.target "] {
        assert_eq!(links(&format!("[Install]\n{line}\n")), [wants], "{line}");
    }
    let both = links("[Install]\nWantedBy=x.target y.target\nRequiredBy = z.target\n");
    assert_eq!(both.len(), 3, "{both:?}");
    assert!(both[2].ends_with("z.target.requires/a.service"));
    assert_eq!(
        links("[Install]\n# WantedBy=x.target\nAlsoWantedBy=x.target\n"),
        [""; 0].map(PathBuf::from)
    );
}
