//! What is damaged, foreign or incomplete is refused with words, before anyone is answered from it.

// Helpers of tests, though not themselves marked as such.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[allow(dead_code, unused_imports)]
mod common;

use common::Cluster;
use mesoform_quorum::{QuorumError, Tuning};
use nix::fcntl::{Flock, FlockArg};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// A voter alone that has seen some writes, and has ended.
struct Ended(Cluster);

impl Ended {
    async fn new() -> Self {
        let tuning = Tuning { entries_to_snapshot: 20, entries_to_keep: 5, ..Tuning::default() };
        let mut cluster = Cluster::tuned(1, tuning).await;
        cluster.start(1).await;
        let mut client = cluster.client(1);
        client.ready().await;
        for n in 0..60 {
            client.put(&format!("k{}", n % 7), &"v".repeat(500)).await.unwrap();
        }
        let ended = Self(cluster);
        ended.stop().await
    }

    async fn stop(mut self) -> Self {
        self.0.stop(1).await;
        self.closed().await;
        self
    }

    /// Waits until its files are closed: a thread of its own does that, and writes into them.
    async fn closed(&self) {
        for name in ["log.redb", "state.redb"] {
            let Ok(mut file) = fs::File::open(self.file(name)) else { continue };
            while let Err((back, _)) = Flock::lock(file, FlockArg::LockExclusiveNonblock) {
                file = back;
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
    }

    fn dir(&self) -> PathBuf {
        self.0.settings(1).data_dir
    }

    fn file(&self, name: &str) -> PathBuf {
        self.dir().join(name)
    }

    /// Why it does not start.
    async fn refused(&self) -> QuorumError {
        let port = || TcpListener::bind("127.0.0.1:0");
        let (peer, client) = (port().await.unwrap(), port().await.unwrap());
        let (settings, shutdown) = (self.0.settings(1), CancellationToken::new());
        let run = mesoform_quorum::serve(settings, Tuning::default(), peer, client, shutdown);
        let ended = tokio::time::timeout(common::PATIENCE, run).await;
        self.closed().await;
        ended.expect("it serves").expect_err("it serves")
    }

    async fn serves(mut self) -> Self {
        self.0.start(1).await;
        let mut client = self.0.client(1);
        client.ready().await;
        assert_eq!(client.count().await.unwrap(), 7);
        self.stop().await
    }
}

fn change(path: &Path, change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let before = fs::read(path).unwrap();
    let mut bytes = before.clone();
    change(&mut bytes);
    fs::write(path, bytes).unwrap();
    before
}

#[tokio::test]
async fn damaged_files_are_refused() {
    let voter = Ended::new().await.serves().await;
    for name in ["log.redb", "state.redb"] {
        let path = voter.file(name);
        // Where its roots are: there is no harmless bit.
        let good = change(&path, |bytes| bytes[64..320].iter_mut().for_each(|byte| *byte ^= 4));
        let error = voter.refused().await;
        assert!(matches!(error, QuorumError::Database { .. }), "{error}");
        assert!(error.to_string().contains(name), "{error}");
        fs::write(&path, &good[..good.len() / 2]).unwrap();
        let error = voter.refused().await;
        assert!(matches!(error, QuorumError::Database { .. }), "{error}");
        fs::write(&path, "not a database").unwrap();
        let error = voter.refused().await;
        assert!(matches!(error, QuorumError::Database { .. }), "{error}");
        fs::write(&path, good).unwrap();
    }
    voter.serves().await;
}

#[tokio::test]
async fn no_bit_of_the_voters_record_can_change_unseen() {
    let voter = Ended::new().await;
    let path = voter.file("voter.json");
    let length = fs::read(&path).unwrap().len();
    let mut harmless = 0;
    for at in 0..length {
        let good = change(&path, |bytes| bytes[at] ^= 1 << (at % 7));
        let text = fs::read_to_string(&path).unwrap_or_default();
        // A name that nobody knows, or white space of another kind, changes nothing.
        if text.contains("\"checksum\": \"") || text.contains("\"checksum\":") {
            let error = voter.refused().await;
            let words = error.to_string();
            let known = matches!(
                error,
                QuorumError::DataDir { .. }
                    | QuorumError::OtherCluster { .. }
                    | QuorumError::NewerFormat { .. }
            );
            assert!(known, "byte {at}: {words}");
        } else {
            harmless += 1;
        }
        fs::write(&path, good).unwrap();
    }
    assert!(harmless < 12, "{harmless}");
    voter.serves().await;
}

#[tokio::test]
async fn a_missing_file_is_told() {
    let voter = Ended::new().await;
    for name in ["voter.json", "log.redb", "state.redb"] {
        let aside = voter.dir().with_extension("aside");
        fs::rename(voter.file(name), &aside).unwrap();
        let error = voter.refused().await;
        assert!(
            matches!(&error, QuorumError::MissingFile { path } if path.ends_with(name)),
            "{error}"
        );
        assert!(!voter.file(name).exists(), "{name} was made anew");
        fs::rename(&aside, voter.file(name)).unwrap();
    }
    voter.serves().await;
}

#[tokio::test]
async fn files_of_another_voter_are_refused() {
    let voter = Ended::new().await;
    let other = Ended::new().await;
    for name in ["log.redb", "state.redb"] {
        let own = fs::read(voter.file(name)).unwrap();
        fs::copy(other.file(name), voter.file(name)).unwrap();
        let error = voter.refused().await;
        assert!(matches!(error, QuorumError::OtherOwner { .. }), "{error}");
        fs::write(voter.file(name), own).unwrap();
    }
    voter.serves().await;
}

#[tokio::test]
async fn an_older_state_beside_a_newer_log_is_refused() {
    let mut voter = Ended::new().await;
    let old = fs::read(voter.file("state.redb")).unwrap();
    voter.0.start(1).await;
    let mut client = voter.0.client(1);
    client.ready().await;
    for n in 0..100 {
        client.put(&format!("k{}", n % 7), "new").await.unwrap();
    }
    let voter = voter.stop().await;
    let new = fs::read(voter.file("state.redb")).unwrap();
    fs::write(voter.file("state.redb"), old).unwrap();
    let error = voter.refused().await;
    assert!(
        matches!(&error, QuorumError::Gap { path, .. } if path.ends_with("log.redb")),
        "{error}"
    );
    fs::write(voter.file("state.redb"), new).unwrap();
    voter.serves().await;
}
