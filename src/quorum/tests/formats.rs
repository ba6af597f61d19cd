//! Data of every format that was ever written opens. `tests/fixtures/format-N` holds one voter's data,
//! packed, as version N wrote it; it is never made anew.

// Helpers of tests, though not themselves marked as such.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[allow(dead_code, unused_imports)]
mod common;

use common::{Cluster, PATIENCE, b};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use mesoform_etcd::pb::{LeaseGrantRequest, PutRequest, RangeRequest};
use mesoform_quorum::{Levels, NEWEST_LEVEL, QuorumError, Tuning};
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

const FILES: [&str; 3] = ["voter.json", "log.redb", "state.redb"];
const LEASE: i64 = 7777;

fn fixture(format: u32) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    folder.join(format!("format-{format}"))
}

/// Puts a fixture where the voter's data are to be.
fn unpack(format: u32, data: &Path) {
    fs::create_dir_all(data).unwrap();
    for name in FILES {
        let packed = fs::File::open(fixture(format).join(format!("{name}.gz"))).unwrap();
        let mut bytes = Vec::new();
        GzDecoder::new(packed).read_to_end(&mut bytes).unwrap();
        fs::write(data.join(name), bytes).unwrap();
    }
}

#[tokio::test]
async fn data_of_every_format_open_and_rise_to_the_newest() {
    for format in 1..=NEWEST_LEVEL {
        opens(format).await;
    }
}

async fn opens(format: u32) {
    let mut cluster = Cluster::of(1).await;
    let data = cluster.settings(1).data_dir;
    unpack(format, &data);
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
    let risen = async {
        while client.status().await.level != NEWEST_LEVEL {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, risen).await.expect("its level does not rise");
    cluster.stop(1).await;
    let record = fs::read_to_string(data.join("voter.json")).unwrap();
    assert!(record.contains(&format!("\"format\": {NEWEST_LEVEL}")), "{record}");
}

#[tokio::test]
async fn data_of_the_newest_format_are_refused_by_an_older_version() {
    let cluster = Cluster::of(1).await;
    unpack(NEWEST_LEVEL, &cluster.settings(1).data_dir);
    for older in [Levels::up_to(NEWEST_LEVEL - 1), Levels::untold()] {
        let tuning = Tuning { levels: older, ..Tuning::default() };
        let bind = || TcpListener::bind("127.0.0.1:0");
        let (peer, client) = (bind().await.unwrap(), bind().await.unwrap());
        let token = CancellationToken::new();
        let served = mesoform_quorum::serve(cluster.settings(1), tuning, peer, client, token);
        let error = served.await.unwrap_err();
        assert!(matches!(error, QuorumError::NewerFormat { .. }), "{error}");
        assert!(error.to_string().contains("run the version that wrote it ("), "{error}");
    }
}

/// Whoever adds a level makes this of it, when it is whole:
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
    for n in 0..20 {
        client.put("changed", &n.to_string()).await.unwrap();
    }
    while client.status().await.level != NEWEST_LEVEL {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    for n in 20..30 {
        client.put("changed", &n.to_string()).await.unwrap();
    }
    cluster.stop(1).await;
    fs::create_dir_all(fixture(NEWEST_LEVEL)).unwrap();
    for name in FILES {
        let packed =
            fs::File::create_new(fixture(NEWEST_LEVEL).join(format!("{name}.gz"))).unwrap();
        let mut packed = GzEncoder::new(packed, Compression::best());
        packed.write_all(&fs::read(cluster.settings(1).data_dir.join(name)).unwrap()).unwrap();
        packed.finish().unwrap();
    }
}
