//! Disks that are nearly full, and full.

// Helpers of tests, though not themselves marked as such.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

#[allow(dead_code, unused_imports)]
mod common;

use common::{Client, Cluster, PATIENCE};
use mesoform_etcd::pb::{
    AlarmAction, AlarmRequest, AlarmType, CompactionRequest, DefragmentRequest, DeleteRangeRequest,
    LeaseGrantRequest, PutRequest, StatusResponse,
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

/// Waits until a voter says that this is wrong with it.
async fn said(asked: &mut Client, wanted: &[String]) {
    let start = Instant::now();
    loop {
        let found = asked.status().await.errors;
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
        said(client, &[format!("memberID:{second} alarm:NOSPACE ")]).await;
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
        said(client, &[]).await;
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
        Self::sized(at, "size=96m,mode=700")
    }

    fn sized(at: &Path, options: &str) -> Option<Self> {
        if !nix::unistd::geteuid().is_root() {
            eprintln!("NOT TESTED: only root can mount a small file system");
            return None;
        }
        fs::create_dir_all(at).unwrap();
        let kind = Some("tmpfs");
        mount(kind, at, kind, MsFlags::empty(), Some(options)).unwrap();
        Some(Self(at.to_owned()))
    }

    fn resize(&self, options: &str) {
        let kind = Some("tmpfs");
        mount(kind, &self.0, kind, MsFlags::MS_REMOUNT, Some(options)).unwrap();
    }

    fn free(&self) -> u64 {
        let stat = nix::sys::statvfs::statvfs(&self.0).unwrap();
        stat.blocks_available() * stat.fragment_size()
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

/// Puts values of 256 KiB until one is refused; how many were not.
async fn fill(client: &mut Client, prefix: &str) -> i64 {
    let value = "v".repeat(256 * 1024);
    let mut written = 0;
    loop {
        match client.put(&format!("{prefix}{written}"), &value).await {
            Ok(_) => written += 1,
            Err(refused) => {
                assert_no_space(&refused);
                return written;
            }
        }
        assert!(written < 1000);
    }
}

/// Deletes all keys with this prefix, and forgets that there were any.
async fn forget(client: &mut Client, prefix: &str) {
    let range_end = common::b(&format!("{prefix}\u{7f}"));
    let all = DeleteRangeRequest { key: common::b(prefix), range_end, ..Default::default() };
    client.kv.delete_range(all).await.unwrap();
    let revision = client.status().await.header.unwrap().revision;
    client.kv.compact(CompactionRequest { revision, physical: true }).await.unwrap();
}

/// What a voter says of itself when it has found out that its file is mostly free: it does not look at
/// all pages whenever it is asked.
async fn mostly_free(client: &mut Client) -> StatusResponse {
    let start = Instant::now();
    loop {
        let full = client.status().await;
        if full.db_size_in_use < full.db_size / 4 {
            return full;
        }
        assert!(start.elapsed() < PATIENCE, "{full:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn what_is_forgotten_makes_room_without_a_restart() {
    let mut cluster = Cluster::of(1).await;
    let Some(_disk) = Small::mounted(&cluster.settings(1).data_dir) else { return };
    cluster.start(1).await;
    let mut client = cluster.client(1);
    client.ready().await;
    let written = fill(&mut client, "k").await;
    assert!(written > 5, "{written}");
    forget(&mut client, "k").await;
    put_until(&mut client, true).await;
    assert_eq!(alarms(&mut client).await, [0; 0]);
    // It goes on, and finds all of it at the next start.
    let written = fill(&mut client, "again").await;
    cluster.kill(1);
    cluster.start(1).await;
    let mut client = cluster.client(1);
    client.ready().await;
    assert_eq!(client.count().await.unwrap(), written + 1);
    cluster.stop(1).await;
}

#[tokio::test]
async fn a_defragmentation_gives_back_what_is_forgotten() {
    let mut cluster = Cluster::of(1).await;
    cluster.start(1).await;
    let mut client = cluster.client(1);
    client.ready().await;
    client.insist("stays", "1").await;
    for key in 0..80 {
        client.insist(&format!("k{key}"), &"v".repeat(256 * 1024)).await;
    }
    forget(&mut client, "k").await;
    let full = mostly_free(&mut client).await;
    client.maintenance.defragment(DefragmentRequest {}).await.unwrap();
    let status = client.status().await;
    assert!(status.db_size < full.db_size / 4, "{full:?} {status:?}");
    assert!(status.db_size_in_use <= status.db_size, "{status:?}");
    assert_eq!(client.get("stays").await.unwrap().as_deref(), Some("1"));
    client.insist("after", "2").await;
    cluster.kill(1);
    cluster.start(1).await;
    let mut client = cluster.client(1);
    client.ready().await;
    assert_eq!(client.count().await.unwrap(), 2);
    cluster.stop(1).await;
}

#[tokio::test]
async fn a_voter_defragments_by_itself_where_nothing_else_makes_room() {
    let free = Arc::new(AtomicU64::new(1000 * MIB));
    let told = free.clone();
    let free_space = FreeSpace::told_by(0, move |_| told.load(Ordering::Relaxed));
    let mut cluster = Cluster::tuned(1, Tuning { free_space, ..Tuning::default() }).await;
    cluster.start(1).await;
    let mut client = cluster.client(1);
    client.ready().await;
    for key in 0..160 {
        client.insist(&format!("k{key}"), &"v".repeat(256 * 1024)).await;
    }
    forget(&mut client, "k").await;
    let full = mostly_free(&mut client).await;
    // Less than half of the reserve is free: pages that can be used again do not count as room.
    free.store(7 * MIB, Ordering::Relaxed);
    put_until(&mut client, false).await;
    let start = Instant::now();
    while client.status().await.db_size > full.db_size / 4 {
        assert!(start.elapsed() < PATIENCE, "{full:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    free.store(1000 * MIB, Ordering::Relaxed);
    put_until(&mut client, true).await;
    cluster.stop(1).await;
}

#[tokio::test]
async fn a_voter_without_room_for_the_state_refuses_it_and_gets_it_when_there_is() {
    // So that what the third one lacks is not in the log any more.
    let tuning = Tuning { entries_to_snapshot: 40, entries_to_keep: 5, ..Tuning::default() };
    let mut cluster = Cluster::tuned(3, tuning).await;
    let Some(disk) = Small::sized(&cluster.settings(3).data_dir, "size=40m,mode=700") else {
        return;
    };
    for slot in cluster.slots() {
        cluster.start(slot).await;
    }
    cluster.client(3).ready().await;
    cluster.stop(3).await;
    let mut client = cluster.client(1);
    client.ready().await;
    let value = "v".repeat(256 * 1024);
    for key in 0..150 {
        client.insist(&format!("k{key}"), &value).await;
    }
    cluster.start(3).await;
    let mut third = cluster.client(3);
    // The others tell it to be full, or it has not got far; whatever it is sent, it lives.
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(5) {
        let stale = third.get_stale("k149").await;
        assert_ne!(stale.unwrap_or_default().as_deref(), Some(value.as_str()));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(disk.free() > 6 * MIB, "{} are left", disk.free());
    disk.resize("size=400m");
    let start = Instant::now();
    while third.get_stale("k149").await.unwrap_or_default().as_deref() != Some(value.as_str()) {
        assert!(start.elapsed() < PATIENCE * 4, "it never gets the state");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    third.insist("again", "v").await;
    cluster.stop(3).await;
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
