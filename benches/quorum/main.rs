//! Three voters of ours beside three members of Debian's etcd, and of its ZooKeeper: the same clients,
//! the same disk, one after the other, round by round.
//!
//! `ROWS=put,txn` measures only rows whose names hold one of these words; `SECONDS=5` sets how long.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "benches print, and what goes wrong ends them"
)]

mod client;
mod cluster;
mod disk;
mod failover;
mod keys;
mod launch;
mod lease;
mod load;
mod member;
#[cfg(all(target_arch = "x86_64", target_env = "musl"))]
#[allow(dead_code, reason = "its tests need a harness")]
#[path = "../../src/mesoform/memory.rs"]
mod memory;
mod rows;
mod score;
mod watch;
mod zookeeper;

use cluster::Cluster;
use launch::Launch;
use mesoform_benches::runs;
use score::{Kind, Score};
use std::path::Path;
use zookeeper::Ensemble;

/// The clients must not be what is measured.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(compare());
}

async fn compare() {
    let folder = tempfile::tempdir_in(target()).unwrap();
    let mut score = Score::default();
    score.disk(&disk::flush_times(folder.path()));
    for round in 0..runs(3) {
        let dir = |name: &str| folder.path().join(format!("{name}-{round}"));
        voters(Kind::Ours, launch::ours, &dir("ours"), &mut score).await;
        voters(Kind::Etcd, launch::etcd, &dir("etcd"), &mut score).await;
        ensemble(&dir("zookeeper"), &mut score).await;
    }
    score.print();
}

async fn voters(kind: Kind, launch: Launch, dir: &Path, score: &mut Score) {
    match Cluster::start(kind, launch, dir).await {
        Some(cluster) => rows::measure(cluster, score).await,
        None => println!("{kind:?} is not installed: nothing to compare with"),
    }
    std::fs::remove_dir_all(dir).unwrap();
}

async fn ensemble(dir: &Path, score: &mut Score) {
    match Ensemble::start(dir).await {
        Some(ensemble) => zookeeper::measure(ensemble, score).await,
        None => println!("ZooKeeper is not installed: nothing to compare with"),
    }
    std::fs::remove_dir_all(dir).unwrap();
}

/// The data is beside what was built: a temporary folder may be in memory.
fn target() -> std::path::PathBuf {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tmp");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}
