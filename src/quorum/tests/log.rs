//! The log is bounded by bytes, too.

// Helpers of tests, though not themselves marked as such.
#![allow(clippy::unwrap_used)]

#[allow(dead_code, unused_imports)]
mod common;

use common::Cluster;
use mesoform_quorum::Tuning;

const MIB: u64 = 1024 * 1024;

#[tokio::test]
async fn large_entries_do_not_pile_up() {
    let tuning = Tuning { bytes_to_snapshot: 4 * MIB, bytes_to_keep: MIB, ..Tuning::default() };
    let mut cluster = Cluster::tuned(1, tuning).await;
    cluster.start(1).await;
    let mut client = cluster.client(1);
    client.ready().await;
    let value = "v".repeat(1024 * 1024);
    let log = cluster.settings(1).data_dir.join("log.redb");
    let mut largest = 0;
    for n in 0..60 {
        client.put(&format!("k{}", n % 3), &value).await.unwrap();
        // The limit is looked after twice a second.
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        largest = largest.max(std::fs::metadata(&log).unwrap().len());
    }
    assert!(largest < 45 * MIB, "60 MiB were written, and the log's file has {largest} bytes");
    cluster.kill(1);
    cluster.start(1).await;
    let mut client = cluster.client(1);
    client.ready().await;
    assert_eq!(client.count().await.unwrap(), 3);
    assert_eq!(client.get("k2").await.unwrap().map(|value| value.len()), Some(value.len()));
    cluster.stop(1).await;
}
