//! A database that is full, and the way out of it that etcd's documentation describes: forget, make the
//! file smaller, end the alarm. The original is full at its quota, a voter of ours when its disk is.

use super::common::{Client, PATIENCE, b};
use super::engine::Engine;
use super::http::ask;
use mesoform_etcd::pb::{
    AlarmAction, AlarmMember, AlarmRequest, AlarmType, CompactionRequest, DefragmentRequest,
    DeleteRangeRequest,
};
use mesoform_quorum::{FreeSpace, Tuning};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;
use tokio::time::{Instant, sleep};
use tonic::{Code, Status};

const MIB: u64 = 1024 * 1024;
const DISK: u64 = 96 * MIB;
const QUOTA: u64 = 24 * MIB;

/// A disk for each voter, with nothing on it but the voter's files.
fn small_disks() -> Tuning {
    let free_space = FreeSpace::told_by(DISK, |folder| DISK.saturating_sub(taken(folder)));
    Tuning { free_space, ..Tuning::default() }
}

fn taken(folder: &Path) -> u64 {
    let Ok(files) = fs::read_dir(folder) else { return 0 };
    let sizes = files.filter_map(|file| file.ok()?.metadata().ok());
    sizes.map(|file| file.blocks() * 512).sum()
}

async fn alarms(client: &mut Client) -> Vec<AlarmMember> {
    let request = AlarmRequest { action: AlarmAction::Get as i32, ..Default::default() };
    client.maintenance.alarm(request).await.unwrap().into_inner().alarms
}

/// As `etcdctl alarm disarm`: of each member.
async fn disarm(client: &mut Client) {
    for AlarmMember { member_id, alarm } in alarms(client).await {
        assert_eq!(alarm, AlarmType::Nospace as i32);
        let action = AlarmAction::Deactivate as i32;
        client.maintenance.alarm(AlarmRequest { action, member_id, alarm }).await.unwrap();
    }
}

/// Puts until it is refused: how often, and how.
async fn fill(client: &mut Client) -> (i64, Status) {
    let value = "v".repeat(200 * 1024);
    let start = Instant::now();
    let mut puts = 0;
    loop {
        match client.put(&format!("k{puts}"), &value).await {
            Ok(_) => puts += 1,
            Err(refused) if refused.code() == Code::ResourceExhausted => return (puts, refused),
            // An election may come in between on a busy machine.
            Err(error) => assert!(start.elapsed() < PATIENCE * 4, "{error}"),
        }
        assert!(puts < 5000, "it never gets full");
    }
}

async fn forget_all(client: &mut Client) {
    let all = DeleteRangeRequest { key: b("k"), range_end: b("l"), prev_kv: false };
    client.kv.delete_range(all).await.unwrap();
    let revision = client.status().await.header.unwrap().revision;
    let request = CompactionRequest { revision, physical: true };
    client.kv.compact(request).await.unwrap();
}

async fn until(what: &str, mut done: impl AsyncFnMut() -> bool) {
    let start = Instant::now();
    while !done().await {
        assert!(start.elapsed() < PATIENCE * 2, "never: {what}");
        sleep(Duration::from_millis(50)).await;
    }
}

/// What whoever asks how a member is hears of the alarms: its words, and that it is unwell.
async fn told(engine: &Engine, client: &mut Client) {
    until("the status says it", async || {
        let words = |alarm: AlarmMember| format!("memberID:{} alarm:NOSPACE ", alarm.member_id);
        let wanted: Vec<String> = alarms(client).await.into_iter().map(words).collect();
        !wanted.is_empty() && client.status().await.errors == wanted
    })
    .await;
    // As etcd 3.5 and later; 3.4 tells no reason.
    let reason = if engine.is_original() { "" } else { r#""reason":"ALARM NOSPACE""# };
    until("it is unwell", async || {
        let health = ask(engine, "GET", "/health").await;
        let says = |words: &str| health.body.contains(words);
        health.status == 503 && says(r#""health":"false""#) && says(reason)
    })
    .await;
    if engine.is_original() {
        return;
    }
    until("well but for the alarm", async || {
        ask(engine, "GET", "/health?exclude=CORRUPT&exclude=NOSPACE").await.status == 200
    })
    .await;
    until("the metrics say it", async || {
        let metrics = ask(engine, "GET", "/metrics").await.body;
        let sample = |alarm: &AlarmMember| {
            let labels = format!("alarm_type=\"NOSPACE\",server_id=\"{:x}\"", alarm.member_id);
            format!("\netcd_debugging_server_alarms{{{labels}}} 1\n")
        };
        let alarms = alarms(client).await;
        !alarms.is_empty() && alarms.iter().all(|alarm| metrics.contains(&sample(alarm)))
    })
    .await;
}

async fn walk(engine: Engine) {
    let mut client = engine.client();
    let (puts, refused) = fill(&mut client).await;
    assert_eq!(refused.message(), "etcdserver: mvcc: database space exceeded");
    until("an alarm", async || !alarms(&mut client).await.is_empty()).await;
    assert_eq!(client.count().await.unwrap(), puts);
    told(&engine, &mut client).await;
    // Before anything is forgotten: a voter of ours may give back by itself what is.
    let full = client.status().await;
    forget_all(&mut client).await;
    assert_eq!(client.count().await.unwrap(), 0);
    if !engine.is_original() {
        // etcd 3.4 only counts again when its file is made smaller.
        until("little of the file is in use", async || {
            client.status().await.db_size_in_use < full.db_size / 4
        })
        .await;
    }
    client.maintenance.defragment(DefragmentRequest {}).await.unwrap();
    let status = client.status().await;
    assert!(status.db_size < full.db_size / 4, "{} of {}", status.db_size, full.db_size);
    assert!(status.db_size_in_use <= status.db_size);
    disarm(&mut client).await;
    until("no alarm", async || alarms(&mut client).await.is_empty()).await;
    until("well again", async || {
        let health = ask(&engine, "GET", "/health").await;
        health.status == 200 && client.status().await.errors.is_empty()
    })
    .await;
    client.insist("again", "v").await;
    assert_eq!(client.get("again").await.unwrap().as_deref(), Some("v"));
    assert_eq!(client.count().await.unwrap(), 1);
}

#[tokio::test]
async fn as_etcd_does_it() {
    if let Some(etcd) = Engine::etcd_with(QUOTA).await {
        walk(etcd).await;
    }
}

#[tokio::test]
async fn by_one_voter() {
    walk(Engine::one_voter_with(small_disks()).await).await;
}

#[tokio::test]
async fn by_a_follower() {
    walk(Engine::a_follower_with(small_disks()).await).await;
}

/// Here the database uses its free pages again, so it is enough to forget.
#[tokio::test]
async fn ours_goes_on_by_itself_when_enough_is_forgotten() {
    let engine = Engine::one_voter_with(small_disks()).await;
    let mut client = engine.client();
    let (first, _) = fill(&mut client).await;
    forget_all(&mut client).await;
    until("no alarm", async || alarms(&mut client).await.is_empty()).await;
    let (second, refused) = fill(&mut client).await;
    assert_eq!(refused.message(), "etcdserver: mvcc: database space exceeded");
    // The log needs its own room, so it is not as many.
    assert!(first > 10 && second > 5, "{second} puts after {first}");
}
