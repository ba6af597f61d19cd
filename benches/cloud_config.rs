//! A document from nothing to applied: cloud-init's four stages beside `mesoform apply`, on trees of the
//! same disk, one after the other.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "benches print, and what goes wrong ends them"
)]

use mesoform_benches::{Sample, Table, runs};
use mesoform_tests::{Host, Rig};
use std::fs;

/// What a first boot starts, one after the other.
const STAGES: &str = "cloud-init init --local && cloud-init init && cloud-init modules --mode=config && \
                      cloud-init modules --mode=final";

const DOCUMENTS: [(&str, &str); 3] = [
    ("an empty document", "#cloud-config\n{}\n"),
    (
        "users, files, commands",
        "#cloud-config\nusers:\n  - default\n  - {name: web, shell: /bin/bash, sudo: 'ALL=(ALL) ALL'}\n\
         write_files:\n  - {path: /etc/web/a, content: a}\n  - {path: /etc/web/b, content: b}\n\
         hostname: web\ntimezone: Europe/Paris\nruncmd:\n  - [sh, -c, 'echo ran >/root/ran']\n",
    ),
    ("a hundred files", include_str!("hundred_files.yaml")),
];

fn main() {
    let Some(rig) = Rig::new("the bench cloud_config") else { return };
    let mut table = Table::default();
    let mut number = 0;
    for (what, document) in DOCUMENTS {
        let (mut theirs, mut ours) = (Sample::default(), Sample::default());
        for _ in 0..runs(3) {
            number += 2;
            let host = tree(&rig, number, document);
            // Once before it counts: the files are in memory for both.
            host.in_tree(&["python3", "-c", "import cloudinit.cmd.main"]).expect_success();
            theirs.add(host.in_tree(&["sh", "-c", STAGES]).expect_success().took);
            let host = tree(&rig, number + 1, document);
            let words = ["/run/mesoform", "apply", "--cloud-config", "/document"];
            ours.add(host.in_tree(&words).expect_success().took);
        }
        let ratio = theirs.ratio(&ours);
        table.row(format!("{what}: cloud-init"), &theirs, "");
        table.row(
            format!("{what}: mesoform"),
            &ours,
            format!("{ratio:.0} times; goal: at least 10"),
        );
    }
    table.print();
}

fn tree(rig: &Rig, number: u32, document: &str) -> Host {
    let host = rig.cloud_host(&format!("t{number}"));
    host.stub_machine();
    host.seed(document);
    fs::write(host.root().join("document"), document).unwrap();
    host
}
