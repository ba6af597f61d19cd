//! Closed loops: every client asks, waits for the answer, and asks again.

use crate::member::Member;
use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// More clients than this share connections.
pub const CONNECTIONS: usize = 64;

/// How it went.
pub struct Load {
    pub per_second: f64,
    pub median: Duration,
    pub late: Duration,
    /// CPU of all three members, per answer.
    pub cpu: Duration,
}

/// Lets `clients`, who share `connections`, ask for `time`, after a short while to warm up.
pub async fn run<C, E, F>(
    members: &[Member],
    connections: Vec<C>,
    clients: usize,
    time: Duration,
    ask: impl Fn(C, usize, usize) -> F + Clone + Send + Sync + 'static,
) -> Load
where
    C: Clone + Send + 'static,
    E: Debug,
    F: Future<Output = Result<(), E>> + Send,
{
    let used = || members.iter().map(Member::cpu).sum::<f64>();
    let (warm, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let mut running = JoinSet::new();
    for number in 0..clients {
        let client = connections[number % connections.len()].clone();
        let (ask, warm, done) = (ask.clone(), warm.clone(), done.clone());
        running.spawn(async move {
            let mut times = Vec::new();
            for count in 0.. {
                if done.load(Ordering::Relaxed) {
                    break;
                }
                let begin = Instant::now();
                ask(client.clone(), number, count).await.unwrap();
                if warm.load(Ordering::Relaxed) {
                    times.push(begin.elapsed());
                }
            }
            times
        });
    }
    tokio::time::sleep(time / 4).await;
    let (begin, cpu) = (Instant::now(), used());
    warm.store(true, Ordering::Relaxed);
    tokio::time::sleep(time).await;
    done.store(true, Ordering::Relaxed);
    let (seconds, cpu) = (begin.elapsed().as_secs_f64(), used() - cpu);
    let mut times: Vec<Duration> = running.join_all().await.into_iter().flatten().collect();
    times.sort_unstable();
    let at = |part: usize| times.get(times.len() * part / 100).copied().unwrap_or_default();
    Load {
        per_second: times.len() as f64 / seconds,
        median: at(50),
        late: at(99),
        cpu: Duration::from_secs_f64(cpu / times.len().max(1) as f64),
    }
}
