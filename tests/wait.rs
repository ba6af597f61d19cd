use std::time::{Duration, Instant};

/// Waits until something holds, and fails the story when it does not within the limit.
#[track_caller]
pub fn eventually(what: &str, limit: Duration, mut holds: impl FnMut() -> bool) -> Duration {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < limit, "after {} s still not: {what}", limit.as_secs());
        std::thread::sleep(Duration::from_millis(25));
    }
    start.elapsed()
}
