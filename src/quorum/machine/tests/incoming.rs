//! What another voter sends is not to fill the disk.

use super::*;
use std::sync::atomic::{AtomicU64, Ordering};

const MIB: u64 = 1024 * 1024;

/// Receives chunks of a quarter of a MiB: how many there was room for, and why no more.
async fn receive(machine: &mut Machine, chunks: usize, each: impl Fn()) -> (usize, String) {
    let mut received = machine.begin_receiving_snapshot().await.unwrap();
    let chunk = Bytes::from(vec![7; 256 * 1024]);
    for taken in 0..chunks {
        if let Err(error) = received.receive(&chunk) {
            return (taken, error.to_string());
        }
        each();
    }
    (chunks, received.check().map_or_else(|e| e.to_string(), |()| "all of it".to_owned()))
}

#[tokio::test]
async fn a_snapshot_is_refused_as_soon_as_there_is_no_room_for_more() {
    let dir = tempfile::tempdir().unwrap();
    let free = Arc::new(AtomicU64::new(20 * MIB));
    let told = free.clone();
    let (mut machine, _) = machine_with(dir.path(), headroom(move || told.load(Ordering::Relaxed)));
    let shrinks = || {
        free.fetch_sub(256 * 1024, Ordering::Relaxed);
    };
    let (taken, cause) = receive(&mut machine, 1000, shrinks).await;
    // 12 MiB may be taken; the disk is asked once in a MiB.
    assert!((45..=52).contains(&taken), "{taken} chunks");
    assert!(cause.starts_with("there is no room on the disk for 1 MiB more: "), "{cause}");
    assert!(cause.ends_with("of which 8 MiB must stay so; make room in /data"), "{cause}");
    // What was received has no name, so nothing is left of it.
    let names = std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(names.collect::<Vec<_>>(), ["state.redb"]);
}

#[tokio::test]
async fn a_snapshot_that_the_state_has_no_room_for_is_not_taken_in() {
    let dir = tempfile::tempdir().unwrap();
    let (mut machine, _) = machine_with(dir.path(), headroom(|| 16 * MIB));
    assert_eq!(receive(&mut machine, 16, || ()).await, (16, "all of it".to_owned()));
    let (taken, cause) = receive(&mut machine, 20, || ()).await;
    assert_eq!(taken, 20);
    assert!(cause.starts_with("there is no room on the disk for 10 MiB more: "), "{cause}");
}
