use crate::client::Client;
use crate::cluster::Cluster;
use std::fmt::Debug;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Between two puts: one that was under way when the leader died may wait long for nothing.
const PAUSE: Duration = Duration::from_millis(20);

/// From the leader's SIGKILL to the next put that another member acknowledges. The killed one then
/// comes back.
pub async fn failover(cluster: &mut Cluster) -> Duration {
    let leader = cluster.leader().await;
    let mut clients = cluster.clients();
    clients.remove(leader);
    let client = clients.remove(0);
    let took = until_served(|| cluster.members[leader].kill(), || put(client.clone())).await;
    cluster.members[leader].restart();
    cluster.ready().await;
    took
}

/// From `kill` to the first `put` after it that does.
pub async fn until_served<F, E>(kill: impl FnOnce(), put: impl Fn() -> F) -> Duration
where
    F: Future<Output = Result<(), E>> + Send + 'static,
    E: Debug + Send + 'static,
{
    put().await.expect("it serves");
    let begin = Instant::now();
    kill();
    let mut asked = JoinSet::new();
    let mut tick = tokio::time::interval(PAUSE);
    loop {
        tokio::select! {
            _ = tick.tick() => { asked.spawn(put()); }
            Some(answer) = asked.join_next() => if matches!(answer, Ok(Ok(()))) { break },
        }
    }
    begin.elapsed()
}

async fn put(mut client: Client) -> Result<(), tonic::Status> {
    client.put("failover".to_owned(), vec![1]).await.map(|_| ())
}
