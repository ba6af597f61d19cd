//! A voter is killed again and again, at any point of what it does; it must find all that it has
//! acknowledged. The seed is printed: `MESOFORM_SEED` repeats its pauses. `MESOFORM_LONG` takes longer.

// Helpers of tests, though not themselves marked as such.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

#[allow(dead_code, unused_imports)]
mod common;

use common::{Client, Cluster, PATIENCE, b};
use mesoform_etcd::pb::{DefragmentRequest, RangeRequest};
use mesoform_quorum::Tuning;
use mesoform_settings::QuorumSettings;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

const WRITERS: u64 = 8;
const SETTINGS: &str = "MESOFORM_CRASH_SETTINGS";

/// So that logs are cut, snapshots made and states flushed many times a second.
fn busy() -> Tuning {
    Tuning { entries_to_snapshot: 40, entries_to_keep: 5, ..Tuning::default() }
}

#[test]
#[ignore = "no test, but the process that the test below kills"]
fn the_voter() {
    let Some(file) = std::env::var_os(SETTINGS) else { return };
    let settings: QuorumSettings = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let served: Result<(), mesoform_quorum::QuorumError> = runtime.block_on(async {
        let peer = TcpListener::bind(settings.listen_peer).await.unwrap();
        let client = TcpListener::bind(settings.listen_client).await.unwrap();
        mesoform_quorum::serve(settings, busy(), peer, client, CancellationToken::new()).await
    });
    served.unwrap();
}

struct Voter(Child);

impl Voter {
    fn start(settings: &std::path::Path) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "the_voter", "--ignored", "--nocapture"]);
        command.env(SETTINGS, settings).stdout(Stdio::null());
        Self(command.spawn().unwrap())
    }
}

impl Drop for Voter {
    /// SIGKILL.
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// What one writer knows of its key: the number it tried last, and the one that was acknowledged.
#[derive(Default)]
struct Key {
    tried: AtomicU64,
    acknowledged: AtomicU64,
}

struct Dice(u64);

impl Dice {
    fn up_to(&mut self, most: u64) -> u64 {
        // Marsaglia's xorshift.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % (most + 1)
    }
}

#[tokio::test]
async fn what_was_acknowledged_survives_being_killed_at_any_point() {
    let budget = Duration::from_secs(if std::env::var("MESOFORM_LONG").is_ok() { 300 } else { 15 });
    let seed = std::env::var("MESOFORM_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed: u64 = seed.unwrap_or_else(|| rand::random::<u64>().max(1));
    eprintln!("MESOFORM_SEED={seed}");
    let cluster = Cluster::of(1).await;
    let file = cluster.settings(1).pki.cert.with_file_name("settings.json");
    std::fs::write(&file, serde_json::to_vec(&cluster.settings(1)).unwrap()).unwrap();
    let (mut dice, begin) = (Dice(seed), Instant::now());
    let keys: Vec<Arc<Key>> = (0..WRITERS).map(|_| Arc::default()).collect();
    let newest = Arc::new(AtomicI64::new(0));
    let mut lives = 0;
    let written = || keys.iter().map(|key| key.acknowledged.load(Ordering::SeqCst)).sum::<u64>();
    // Few lives prove little: where the machine is slow it takes longer.
    let enough = |lives| lives > 3 && written() > 50;
    while begin.elapsed() < budget || (!enough(lives) && begin.elapsed() < budget * 10) {
        let voter = Voter::start(&file);
        lives += 1;
        if dice.up_to(4) == 0 {
            // Killed while it starts, too.
            tokio::time::sleep(Duration::from_millis(dice.up_to(150))).await;
            continue;
        }
        let mut client = cluster.client(1);
        tokio::time::timeout(PATIENCE, client.ready()).await.expect("it does not come up");
        judge(&mut client, &keys, newest.load(Ordering::SeqCst)).await;
        let load = Duration::from_millis(dice.up_to(700));
        write_until(load, voter, &cluster, &keys, &newest).await;
    }
    eprintln!("{lives} lives, {} writes acknowledged", written());
    assert!(enough(lives), "{lives} lives, {} writes", written());
}

/// Everything acknowledged is there, and nothing that was never tried.
async fn judge(client: &mut Client, keys: &[Arc<Key>], newest: i64) {
    for (number, key) in keys.iter().enumerate() {
        let request = RangeRequest { key: b(&format!("w{number}")), ..Default::default() };
        let response = client.kv.range(request).await.unwrap().into_inner();
        let revision = response.header.unwrap().revision;
        assert!(revision >= newest, "revision {newest} was acknowledged, {revision} is there");
        let found = response.kvs.first().map_or(0, |kv| {
            let text = std::str::from_utf8(&kv.value).unwrap();
            text.split(' ').next().unwrap().parse().unwrap()
        });
        let acknowledged = key.acknowledged.load(Ordering::SeqCst);
        let tried = key.tried.load(Ordering::SeqCst);
        assert!(
            (acknowledged..=tried).contains(&found),
            "key {number}: {acknowledged} was acknowledged, {tried} tried, and {found} is there"
        );
        key.acknowledged.store(found, Ordering::SeqCst);
    }
}

/// Writes for a while, and kills the voter in the midst of it.
async fn write_until(
    load: Duration,
    voter: Voter,
    cluster: &Cluster,
    keys: &[Arc<Key>],
    newest: &Arc<AtomicI64>,
) {
    let over = Arc::new(AtomicBool::new(false));
    let mut writing = tokio::task::JoinSet::new();
    for (number, key) in keys.iter().enumerate() {
        let (mut client, over) = (cluster.client(1), over.clone());
        let (key, newest) = (key.clone(), newest.clone());
        writing.spawn(async move {
            while !over.load(Ordering::SeqCst) {
                let next = key.tried.load(Ordering::SeqCst) + 1;
                key.tried.store(next, Ordering::SeqCst);
                let size = usize::try_from(next % 7 * 3000).unwrap();
                let (name, value) = (format!("w{number}"), format!("{next} {}", "v".repeat(size)));
                let Ok(revision) = client.put(&name, &value).await else { return };
                key.acknowledged.store(next, Ordering::SeqCst);
                newest.fetch_max(revision, Ordering::SeqCst);
            }
        });
    }
    // Its file is made smaller all the time.
    let mut client = cluster.client(1);
    writing.spawn(async move {
        while client.maintenance.defragment(DefragmentRequest {}).await.is_ok() {}
    });
    tokio::time::sleep(load).await;
    drop(voter);
    over.store(true, Ordering::SeqCst);
    writing.join_all().await;
}
