use crate::cluster::Cluster;
use mesoform_etcd::pb::watch_request::RequestUnion;
use mesoform_etcd::pb::{WatchCreateRequest, WatchRequest};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

/// As etcd's own benchmark: ten streams with a hundred watchers each.
pub const STREAMS: usize = 10;
pub const WATCHERS: usize = 100;
/// Puts one at a time, for the latency.
pub const SINGLE: usize = 50;
/// Puts from these clients at once, for the throughput.
pub const WRITERS: usize = 8;
pub const PUTS: usize = 50;

/// What a change costs that a thousand watchers hear of.
pub struct FanOut {
    /// From the put to the last watcher's event.
    pub latency: Vec<Duration>,
    pub events_per_second: f64,
}

pub async fn fan_out(cluster: &Cluster) -> FanOut {
    let (heard, mut hearing) = mpsc::channel(1024);
    for client in cluster.connections(STREAMS).await {
        listen(client, heard.clone()).await;
    }
    let mut writer = cluster.connections(1).await.remove(0);
    let mut latency = Vec::new();
    for n in 0..SINGLE {
        let begin = Instant::now();
        writer.put(format!("watched/{n}"), vec![7; 256]).await.unwrap();
        wait(&mut hearing, STREAMS * WATCHERS).await;
        latency.push(begin.elapsed());
    }
    let begin = Instant::now();
    let writers = cluster.connections(WRITERS).await;
    let writing = writers.into_iter().enumerate().map(|(number, mut client)| async move {
        for n in 0..PUTS {
            client.put(format!("watched/{number}/{n}"), vec![7; 256]).await.unwrap();
        }
    });
    let events = STREAMS * WATCHERS * WRITERS * PUTS;
    tokio::join!(futures::future::join_all(writing), wait(&mut hearing, events));
    FanOut { latency, events_per_second: events as f64 / begin.elapsed().as_secs_f64() }
}

pub async fn wait(hearing: &mut mpsc::Receiver<usize>, mut events: usize) {
    while events > 0 {
        events -= hearing.recv().await.unwrap();
    }
}

async fn listen(mut client: crate::client::Client, heard: mpsc::Sender<usize>) {
    let (requests, receiver) = mpsc::channel(WATCHERS);
    for _ in 0..WATCHERS {
        let create = WatchCreateRequest {
            key: "watched/".into(),
            range_end: "watched0".into(),
            ..Default::default()
        };
        let request_union = Some(RequestUnion::CreateRequest(create));
        requests.send(WatchRequest { request_union }).await.unwrap();
    }
    let mut responses =
        client.watch.watch(ReceiverStream::new(receiver)).await.unwrap().into_inner();
    for _ in 0..WATCHERS {
        assert!(responses.message().await.unwrap().unwrap().created);
    }
    tokio::spawn(async move {
        // Held: without it the stream ends.
        let _requests = requests;
        while let Ok(Some(response)) = responses.message().await {
            if heard.send(response.events.len()).await.is_err() {
                return;
            }
        }
    });
}
