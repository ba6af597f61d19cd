//! The log is bounded by bytes, too.

// Helpers of tests, though not themselves marked as such.
#![allow(clippy::unwrap_used)]

#[allow(dead_code, unused_imports)]
mod common;

use common::Cluster;
use mesoform_quorum::Tuning;

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

const LIMIT: u64 = 512 * KIB;
const VALUE: u64 = 128 * KIB;
const VALUES: u64 = 80;

/// Whatever the disk takes its time for, the log's file stays within this: nothing is added to a log of more
/// than twice its limit, except what was on its way; each entry takes pages for the next power of two (here
/// at most twice its size); the pages of what was cut can be used again after two more writes; and the
/// database makes its file twice as large whenever it is full.
const LARGEST: u64 = 2 * 2 * (2 * LIMIT + 4 * VALUE) + MIB;

#[tokio::test]
async fn large_entries_do_not_pile_up() {
    let tuning = Tuning { bytes_to_snapshot: LIMIT, bytes_to_keep: VALUE, ..Tuning::default() };
    let mut cluster = Cluster::tuned(1, tuning).await;
    cluster.start(1).await;
    let mut client = cluster.client(1);
    client.ready().await;
    let value = "v".repeat(VALUE.try_into().unwrap());
    let log = cluster.settings(1).data_dir.join("log.redb");
    let mut largest = 0;
    for n in 0..VALUES {
        // Where the disk is slow, it says so.
        client.insist(&format!("k{}", n % 3), &value).await;
        largest = largest.max(std::fs::metadata(&log).unwrap().len());
    }
    let written = VALUES * VALUE;
    println!("{written} bytes were written, and the log's file had {largest} at most");
    assert!(largest <= LARGEST, "{written} bytes were written, and the log's file has {largest}");
    cluster.kill(1);
    cluster.start(1).await;
    let mut client = cluster.client(1);
    client.ready().await;
    assert_eq!(client.count().await.unwrap(), 3);
    assert_eq!(client.get("k2").await.unwrap().map(|value| value.len()), Some(value.len()));
    cluster.stop(1).await;
}
