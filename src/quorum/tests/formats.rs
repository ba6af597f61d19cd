//! Data of every format that was ever written opens. `tests/fixtures/format-N` holds one voter's data,
//! packed, as version N wrote it; it is never made anew.

// Helpers of tests, though not themselves marked as such.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[allow(dead_code, unused_imports)]
mod common;

use common::{Cluster, b};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use mesoform_etcd::pb::{LeaseGrantRequest, PutRequest, RangeRequest};
use mesoform_quorum::Tuning;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

const FILES: [&str; 3] = ["voter.json", "log.redb", "state.redb"];
const LEASE: i64 = 7777;

fn fixture(format: u32) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    folder.join(format!("format-{format}"))
}

#[tokio::test]
async fn data_in_format_1_opens() {
    let mut cluster = Cluster::of(1).await;
    let data = cluster.settings(1).data_dir;
    fs::create_dir_all(&data).unwrap();
    for name in FILES {
        let packed = fs::File::open(fixture(1).join(format!("{name}.gz"))).unwrap();
        let mut bytes = Vec::new();
        GzDecoder::new(packed).read_to_end(&mut bytes).unwrap();
        fs::write(data.join(name), bytes).unwrap();
    }
    cluster.start(1).await;
    let mut client = cluster.client(1);
    client.ready().await;
    assert_eq!(client.get("changed").await.unwrap().as_deref(), Some("29"));
    assert_eq!(client.get("gone").await.unwrap(), None);
    assert_eq!(client.get("leased").await.unwrap().as_deref(), Some("v"));
    assert!(client.time_to_live(LEASE).await.unwrap() > 0);
    // The past is there too, and what is to come.
    let past = RangeRequest { key: b("changed"), revision: 20, ..Default::default() };
    let past = client.kv.range(past).await.unwrap().into_inner();
    assert_eq!(past.kvs[0].mod_revision, 20);
    assert_eq!(client.put("new", "v").await.unwrap(), past.header.unwrap().revision + 1);
    cluster.stop(1).await;
}

/// Before a new format is written, the last version makes this of its own:
/// `cargo test -p mesoform-quorum --test formats -- --ignored`.
#[tokio::test]
#[ignore = "makes the fixture of the present format, once and for all"]
async fn make_a_fixture() {
    let tuning = Tuning { entries_to_snapshot: 20, entries_to_keep: 5, ..Tuning::default() };
    let mut cluster = Cluster::tuned(1, tuning).await;
    cluster.start(1).await;
    let mut client = cluster.client(1);
    client.ready().await;
    let grant = LeaseGrantRequest { ttl: 1_000_000_000, id: LEASE };
    client.lease.lease_grant(grant).await.unwrap();
    let leased = PutRequest { key: b("leased"), value: b("v"), lease: LEASE, ..Default::default() };
    client.put_with(leased).await.unwrap();
    client.put("gone", "v").await.unwrap();
    client.delete("gone").await.unwrap();
    for n in 0..30 {
        client.put("changed", &n.to_string()).await.unwrap();
    }
    cluster.stop(1).await;
    fs::create_dir_all(fixture(1)).unwrap();
    for name in FILES {
        let packed = fs::File::create_new(fixture(1).join(format!("{name}.gz"))).unwrap();
        let mut packed = GzEncoder::new(packed, Compression::best());
        packed.write_all(&fs::read(cluster.settings(1).data_dir.join(name)).unwrap()).unwrap();
        packed.finish().unwrap();
    }
}
