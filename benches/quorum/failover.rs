use crate::cluster::Cluster;
use std::time::{Duration, Instant};

/// From the leader's SIGKILL to the next put that another member acknowledges. The killed one then
/// comes back.
pub async fn failover(cluster: &mut Cluster) -> Duration {
    let leader = cluster.leader().await;
    let mut clients = cluster.clients();
    clients.remove(leader);
    let mut client = clients.remove(0);
    client.put("failover".to_owned(), vec![1]).await.unwrap();
    let begin = Instant::now();
    cluster.members[leader].kill();
    loop {
        let put = client.put("failover".to_owned(), vec![2]);
        if let Ok(Ok(_)) = tokio::time::timeout(Duration::from_secs(10), put).await {
            break;
        }
    }
    let took = begin.elapsed();
    cluster.members[leader].restart();
    cluster.ready().await;
    took
}
