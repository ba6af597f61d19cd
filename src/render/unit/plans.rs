//! Plans that no cluster has, but that a plan may be.

use mesoform_plan::{Ownership, Plan, Step, sha256_hex};
use proptest::prelude::*;
use std::path::PathBuf;

fn path() -> impl Strategy<Value = PathBuf> {
    let part = "[a-zA-Z0-9._ %$'\"\\\\é-]{1,12}".prop_filter("no way up", |part| {
        !matches!(part.trim_matches(' '), "." | ".." | "") && !part.contains("..")
    });
    prop::collection::vec(part, 1..4)
        .prop_map(|parts| PathBuf::from(format!("/{}", parts.join("/"))))
}

fn ownership() -> impl Strategy<Value = Ownership> {
    let name = prop::sample::select(vec!["", "root", "mesoform-quorum", "apps"]);
    let mode = prop::sample::select(vec![0o644, 0o600, 0o755, 0o4750, 0]);
    (name.clone(), name, mode).prop_map(|(user, group, mode)| Ownership::new(user, group, mode))
}

fn content() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "([a-z:%$#'\"{}\\[\\] -]{0,20}\n){0,30}",
        // What is worth packing.
        "[a-c]{1,3}".prop_map(|word| word.repeat(2000)),
        Just(String::new()),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let file = (path(), ownership(), content()).prop_map(|(path, ownership, content)| Step::File {
        path,
        ownership,
        content,
    });
    let unit = ("[a-z-]{1,8}\\.(service|timer)", any::<bool>())
        .prop_map(|(name, enabled)| Step::Unit { name, enabled, inputs: Vec::new() });
    let unit_file = ("[a-z-]{1,8}\\.(service|timer)", content()).prop_map(|(name, content)| {
        let path = mesoform_plan::unit_file(&name);
        Step::File { path, ownership: Ownership::root(0o644), content }
    });
    prop_oneof![
        4 => file,
        1 => unit_file,
        1 => unit,
        1 => ("[a-z-]{1,12}", path()).prop_map(|(name, home)| Step::User { name, home }),
        2 => (path(), ownership()).prop_map(|(path, ownership)| Step::Directory { path, ownership }),
        1 => (path(), path()).prop_map(|(path, target)| Step::Link { path, target }),
        1 => Just(Step::Binary {
            path: "/opt/mesoform/versions/abc/mesoform".into(),
            sha256: sha256_hex("b"),
            size: 1,
        }),
        1 => path().prop_map(|path| Step::Absent { path, recursive: true }),
    ]
}

pub fn plan() -> impl Strategy<Value = Plan> {
    prop::collection::vec(step(), 0..12).prop_map(|steps| {
        // Of two steps for one path or unit the plan would mean the later one.
        let mut seen = std::collections::BTreeSet::new();
        let key = |step: &Step| match step {
            Step::File { path, .. } | Step::Link { path, .. } | Step::Directory { path, .. } => {
                path.display().to_string()
            }
            Step::Unit { name, .. } => format!("unit {name}"),
            Step::User { name, .. } => format!("user {name}"),
            Step::Binary { .. } => "binary".to_owned(),
            other => format!("{other:?}"),
        };
        let steps = steps.into_iter().filter(|step| seen.insert(key(step))).collect();
        Plan::new("demo", "h1.example.org", steps)
    })
}
