//! Disks that are nearly full, and full.

// Helpers of tests, though not themselves marked as such.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

#[allow(dead_code, unused_imports)]
mod common;

use common::{Client, Cluster, PATIENCE};
use mesoform_etcd::pb::{
    AlarmAction, AlarmRequest, AlarmType, CompactionRequest, LeaseGrantRequest, PutRequest,
};
use mesoform_quorum::{FreeSpace, QuorumError, Tuning};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status};

const MIB: u64 = 1024 * 1024;

fn assert_no_space(refused: &Status) {
    let told = (refused.code(), refused.message());
    assert_eq!(told, (Code::ResourceExhausted, "etcdserver: mvcc: database space exceeded"));
}

/// The members whose alarm is raised, as `asked` knows it.
async fn alarms(asked: &mut Client) -> Vec<u64> {
    let request = AlarmRequest { action: AlarmAction::Get as i32, ..Default::default() };
    let alarms = asked.maintenance.alarm(request).await.unwrap().into_inner().alarms;
    assert!(alarms.iter().all(|member| member.alarm == AlarmType::Nospace as i32));
    alarms.iter().map(|member| member.member_id).collect()
}

/// Waits until these members' alarms are raised, as `asked` knows it.
async fn raised(asked: &mut Client, wanted: &[u64]) {
    let start = Instant::now();
    loop {
        let found = alarms(asked).await;
        if found == wanted {
            return;
        }
        assert!(start.elapsed() < PATIENCE, "{found:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Puts until one is refused, or accepted.
async fn put_until(client: &mut Client, accepted: bool) -> Option<Status> {
    let start = Instant::now();
    loop {
        let put = client.put("again", "v").await;
        if put.is_ok() == accepted {
            return put.err();
        }
        assert!(start.elapsed() < PATIENCE, "{put:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn one_full_disk_stops_writes_everywhere_until_there_is_room() {
    let free = Arc::new(AtomicU64::new(1000 * MIB));
    let told = free.clone();
    let of_the_second = move |folder: &Path| {
        let second = folder.iter().any(|part| part == "h2");
        if second { told.load(Ordering::Relaxed) } else { 1000 * MIB }
    };
    let tuning =
        Tuning { free_space: FreeSpace::told_by(1000 * MIB, of_the_second), ..Tuning::default() };
    let mut cluster = Cluster::tuned(3, tuning).await;
    for slot in cluster.slots() {
        cluster.start(slot).await;
    }
    let mut clients: Vec<Client> =
        cluster.slots().into_iter().map(|slot| cluster.client(slot)).collect();
    for client in &mut clients {
        client.ready().await;
        client.insist("before", "1").await;
    }
    let second = clients[1].status().await.header.unwrap().member_id;
    assert_eq!(alarms(&mut clients[0]).await, [0; 0]);

    free.store(90 * MIB, Ordering::Relaxed);
    for client in &mut clients {
        let refused = put_until(client, false).await.unwrap();
        assert_no_space(&refused);
        raised(client, &[second]).await;
        // What is there can be read, and deleted.
        assert_eq!(client.get("before").await.unwrap().as_deref(), Some("1"));
        assert_no_space(&client.grant(60).await.unwrap_err());
        client.delete("nothing").await.unwrap();
    }
    // Nothing but forgetting is left, at last.
    free.store(10 * MIB, Ordering::Relaxed);
    let start = Instant::now();
    while clients[0].delete("nothing").await.is_ok() {
        assert!(start.elapsed() < PATIENCE, "it goes on to delete");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    for client in &mut clients {
        assert_no_space(&client.delete("before").await.unwrap_err());
        let revision = client.status().await.header.unwrap().revision;
        let compaction = CompactionRequest { revision, physical: true };
        // The first one does it; the others find it done.
        let done = client.kv.compact(compaction).await;
        assert!(done.is_ok() || done.unwrap_err().code() == Code::OutOfRange);
    }
    free.store(1000 * MIB, Ordering::Relaxed);
    for client in &mut clients {
        put_until(client, true).await;
        raised(client, &[]).await;
        assert_eq!(client.get("before").await.unwrap().as_deref(), Some("1"));
    }
    let grant = LeaseGrantRequest { ttl: 60, id: 0 };
    clients[0].lease.lease_grant(grant).await.unwrap();
}

/// A small file system, taken away with this value.
struct Small(PathBuf);

impl Small {
    /// None: only root may mount.
    fn mounted(at: &Path) -> Option<Self> {
        if !nix::unistd::geteuid().is_root() {
            eprintln!("NOT TESTED: only root can mount a small file system");
            return None;
        }
        fs::create_dir_all(at).unwrap();
        let kind = Some("tmpfs");
        mount(kind, at, kind, MsFlags::empty(), Some("size=96m,mode=700")).unwrap();
        Some(Self(at.to_owned()))
    }

    fn fill(&self, bytes: u64) -> PathBuf {
        let ballast = self.0.join(".ballast");
        fs::write(&ballast, vec![7; usize::try_from(bytes).unwrap()]).unwrap();
        ballast
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        umount2(&self.0, MntFlags::MNT_DETACH).unwrap();
    }
}

#[tokio::test]
async fn a_small_disk_fills_up_and_nothing_breaks() {
    let mut cluster = Cluster::of(1).await;
    let Some(disk) = Small::mounted(&cluster.settings(1).data_dir) else { return };
    let ballast = disk.fill(40 * MIB);
    cluster.start(1).await;
    let mut client = cluster.client(1);
    client.ready().await;
    let mut written = 0;
    let value = "v".repeat(256 * 1024);
    let refused = loop {
        match client.put(&format!("k{written}"), &value).await {
            Ok(_) => written += 1,
            Err(refused) => break refused,
        }
        assert!(written < 1000);
    };
    assert_no_space(&refused);
    assert!(written > 5, "{written}");
    assert_eq!(client.count().await.unwrap(), written);
    let id = client.status().await.header.unwrap().member_id;
    assert_eq!(alarms(&mut client).await, [id]);
    fs::remove_file(ballast).unwrap();
    put_until(&mut client, true).await;
    // It was never so full that it could not start again.
    cluster.kill(1);
    cluster.start(1).await;
    let mut client = cluster.client(1);
    client.ready().await;
    assert_eq!(client.count().await.unwrap(), written + 1);
    cluster.stop(1).await;
}

#[tokio::test]
async fn a_disk_that_is_really_full_ends_the_process_and_loses_nothing() {
    // Whoever asks is told that there is room.
    let free_space = FreeSpace::told_by(u64::MAX, |_| u64::MAX);
    let tuning = Tuning { free_space, ..Tuning::default() };
    let mut cluster = Cluster::of(1).await;
    let settings = cluster.settings(1);
    let Some(disk) = Small::mounted(&settings.data_dir) else { return };
    let port = || TcpListener::bind("127.0.0.1:0");
    let (peer, port) = (port().await.unwrap(), port().await.unwrap());
    let mut client = Client::connect(&cluster.operator(), &port.local_addr().unwrap().to_string());
    let run = mesoform_quorum::serve(settings, tuning, peer, port, CancellationToken::new());
    let running = tokio::spawn(run);
    client.ready().await;
    let ballast = disk.fill(80 * MIB);
    let mut written = 0;
    let value = "v".repeat(256 * 1024);
    while client
        .kv
        .put(PutRequest {
            key: format!("k{written}").into(),
            value: value.clone().into(),
            ..Default::default()
        })
        .await
        .is_ok()
    {
        written += 1;
        assert!(written < 1000);
    }
    let ended = tokio::time::timeout(PATIENCE, running).await.unwrap().unwrap();
    let error = ended.unwrap_err();
    assert!(matches!(error, QuorumError::Raft { .. }), "{error}");
    assert!(error.to_string().contains("No space left on device"), "{error}");
    fs::remove_file(ballast).unwrap();
    cluster.start(1).await;
    let mut client = cluster.client(1);
    client.ready().await;
    // The one that was not acknowledged may be there, or not.
    let found = client.count().await.unwrap();
    assert!((written..=written + 1).contains(&found), "{found} of {written}");
    cluster.stop(1).await;
}
