//! Three voters of ours beside three members of Debian's etcd: the same clients, the same disk, one
//! after the other, round by round.
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
mod lease;
mod load;
mod rows;
mod score;
mod watch;

use cluster::{Cluster, Kind};
use mesoform_benches::runs;
use score::Score;

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
        for kind in [Kind::Ours, Kind::Etcd] {
            let dir = folder.path().join(format!("{kind:?}-{round}"));
            let Some(cluster) = Cluster::start(kind, &dir).await else {
                println!("etcd is not installed: nothing to compare with");
                continue;
            };
            rows::measure(cluster, &mut score).await;
            std::fs::remove_dir_all(&dir).unwrap();
        }
    }
    score.print();
}

/// The data is beside what was built: a temporary folder may be in memory.
fn target() -> std::path::PathBuf {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tmp");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}
