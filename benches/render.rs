//! A thousand hosts, from the inventory to each kind of document, in memory.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "benches print, and what goes wrong ends them"
)]

use mesoform_benches::{Sample, Table, runs};
use mesoform_cluster::{BinaryRef, Blueprint, resolve};
use mesoform_inventory::{ExtraVars, Inventory};
use mesoform_render::{Boot, Dialect, Packer, Supply, document, tree};
use std::path::Path;
use std::time::Instant;

const HOSTS: usize = 1_000;
/// What fits anywhere.
const LIMIT: usize = 16 * 1024;

/// Of the kinds that `mesoform render` knows.
#[derive(Clone, Copy)]
enum Kind {
    Document(Dialect),
    Units,
    Plan,
}

fn main() {
    let kinds = [
        ("--cloud-config", Kind::Document(Dialect::CloudConfig)),
        ("--coreos", Kind::Document(Dialect::Coreos)),
        ("--ignition", Kind::Document(Dialect::Ignition)),
        ("--units", Kind::Units),
        ("--plan", Kind::Plan),
    ];
    let inventories = [
        ("5 masters, 995 agents", cluster(HOSTS, 5), 1),
        // The largest documents: none fits without being packed.
        ("200 times 5 that are everything", cluster(5, 0), HOSTS / 5),
    ];
    let mut table = Table::default();
    for (what, inventory, times) in &inventories {
        for (name, kind) in kinds {
            let mut sample = Sample::default();
            let mut bytes = 0;
            for _ in 0..runs(3) {
                let begin = Instant::now();
                bytes = (0..*times).map(|_| render(inventory, kind)).sum();
                sample.add(begin.elapsed());
            }
            table.row(
                format!("{what}: {name}"),
                &sample,
                format!("{bytes} bytes; goal: at most 1 s"),
            );
        }
    }
    table.print();
    println!("memory at the most: {} MB; goal: under 200 MB", peak() / 1024);
}

/// `hosts` hosts, of which five are masters, and agents those from number `first` on.
fn cluster(hosts: usize, first: usize) -> String {
    let lines: String =
        (0..hosts).map(|n| format!("h{n} ansible_host=10.{}.{}.1\n", n / 256, n % 256)).collect();
    format!("{lines}[masters]\nh[0:4]\n[agents]\nh[{first}:{}]\n{VARS}", hosts - 1)
}

const VARS: &str = "[all:vars]\nmesoform_artifact_url=http://10.255.0.1/{arch}\n";

/// All hosts, one after the other; how many bytes that made.
fn render(inventory: &str, kind: Kind) -> usize {
    let inventory =
        Inventory::parse(inventory, Path::new("bench.ini"), &ExtraVars::default()).unwrap();
    let spec = resolve(&inventory).unwrap();
    let templates = spec.templates().unwrap();
    let blueprint = Blueprint {
        spec: &spec,
        templates: &templates,
        ca_pem: &"A CA of usual length, in lines of sixty-four letters and digits.\n".repeat(10),
        ca_fingerprint: &"f1".repeat(32),
        credentials: Some("admin:00:11\n"),
        etcd: None,
    };
    let binary = BinaryRef { sha256: "86".repeat(32), size: 1 };
    let url = spec.options.artifact_url.as_ref().unwrap();
    let packer = Packer::default();
    let mut bytes = 0;
    for host in &spec.hosts {
        let plan = blueprint.host(host, &binary).unwrap();
        let url = url.at(&host.arch, &binary.sha256);
        let supply = Supply {
            templates: &templates,
            packer: &packer,
            artifact_url: Some(&url),
            join: None,
            address: host.address.parse().ok(),
            extra_cloud_config: None,
        };
        let boot = Boot::of(&plan, &supply).unwrap();
        bytes += match kind {
            Kind::Document(dialect) => {
                document(dialect, &boot, &supply, Some(LIMIT)).unwrap_or_default().len()
            }
            Kind::Units => tree(&boot).0.len(),
            Kind::Plan => plan.to_json().unwrap().len(),
        };
    }
    bytes
}

/// The most memory that this process has had, in KiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}
