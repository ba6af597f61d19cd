use crate::client::Client;
use crate::cluster::Cluster;
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
    put(client.clone()).await.expect("it serves");
    let begin = Instant::now();
    cluster.members[leader].kill();
    let mut asked = JoinSet::new();
    let mut tick = tokio::time::interval(PAUSE);
    loop {
        tokio::select! {
            _ = tick.tick() => { asked.spawn(put(client.clone())); }
            Some(answer) = asked.join_next() => if matches!(answer, Ok(Ok(_))) { break },
        }
    }
    let took = begin.elapsed();
    cluster.members[leader].restart();
    cluster.ready().await;
    took
}

async fn put(mut client: Client) -> Result<i64, tonic::Status> {
    client.put("failover".to_owned(), vec![1]).await
}
