//! The rows that ZooKeeper has too, with what comes nearest there: a put replaces the data of a node, a
//! linearizable read is one after a sync, a watcher is a session that watches a tree (and hears of a
//! change without its value).

mod ensemble;

pub use ensemble::Ensemble;

use crate::failover::until_served;
use crate::load::{self, CONNECTIONS, Load};
use crate::rows::{FAILOVERS, KEYS, key, time, wanted};
use crate::score::{Kind, Score};
use crate::watch::{FanOut, PUTS, SINGLE, STREAMS, WATCHERS, WRITERS, wait};
use ensemble::{connect, read};
use futures::stream::{self, StreamExt};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use zookeeper_client::{Acls, AddWatchMode, Client, CreateMode, CreateOptions, Error};

const KIND: Kind = Kind::ZooKeeper;
const NODE: CreateOptions<'static> = CreateMode::Persistent.with_acls(Acls::anyone_all());
/// Requests of one session under way while nodes are made.
const AT_ONCE: usize = 256;

pub async fn measure(mut ensemble: Ensemble, score: &mut Score) {
    score.time("start: three new members, all serve", KIND, ensemble.start);
    prepare(&ensemble).await;
    loads(&ensemble, score).await;
    if wanted("watch") {
        let told = fan_out(&ensemble).await;
        score.rate("watch: events/s to 1,000 watchers", KIND, told.events_per_second);
        for latency in told.latency {
            score.time("watch: put until 1,000 have heard", KIND, latency);
        }
    }
    for member in &ensemble.members {
        score.size("memory: resident, each member", KIND, member.resident());
        score.size("disk: data, each member", KIND, member.stored());
    }
    if wanted("failover") {
        for _ in 0..FAILOVERS {
            let took = failover(&mut ensemble).await;
            score.time("failover: SIGKILL to the next put", KIND, took);
        }
    }
}

/// A node must be there before its data is replaced.
async fn prepare(ensemble: &Ensemble) {
    let client = ensemble.sessions(1).await.remove(0);
    for folder in ["/bench", "/state", "/watched", "/failover", "/leader"] {
        client.create(folder, &[], &NODE).await.unwrap();
    }
    let keys = (0..KEYS).map(|n| format!("/bench/{n:08}"));
    let states = (0..CONNECTIONS).map(|n| format!("/state/{n}"));
    let made = keys.chain(states).map(|path| {
        let client = client.clone();
        async move { client.create(&path, &[7; 256], &NODE).await.map(|_| ()).unwrap() }
    });
    stream::iter(made).buffer_unordered(AT_ONCE).collect::<Vec<_>>().await;
}

async fn loads(ensemble: &Ensemble, score: &mut Score) {
    for clients in [1, 16, 64, 512] {
        if wanted("put") {
            let load = run(ensemble, clients, put).await;
            score.load(&format!("put 256 bytes, {clients} clients"), KIND, &load);
        }
    }
    for clients in [1, 64] {
        if wanted("txn") {
            let load = run(ensemble, clients, txn).await;
            score.load(&format!("txn fenced, 2 puts, {clients} clients"), KIND, &load);
        }
    }
    for (name, serializable) in [("linearizable", false), ("serializable", true)] {
        for clients in [1, 64, 512] {
            if wanted(name) {
                let get = move |client, n, i| get(client, n, i, serializable);
                let load = run(ensemble, clients, get).await;
                score.load(&format!("get {name}, {clients} clients"), KIND, &load);
            }
        }
    }
}

async fn run<F: Future<Output = Result<(), Error>> + Send>(
    ensemble: &Ensemble,
    clients: usize,
    ask: impl Fn(Client, usize, usize) -> F + Clone + Send + Sync + 'static,
) -> Load {
    let sessions = ensemble.sessions(clients.min(CONNECTIONS)).await;
    load::run(&ensemble.members, sessions, clients, time(), ask).await
}

async fn put(client: Client, number: usize, count: usize) -> Result<(), Error> {
    let path = format!("/{}", key(number, count));
    client.set_data(&path, &[7; 256], None).await.map(|_| ())
}

async fn get(client: Client, number: usize, count: usize, serializable: bool) -> Result<(), Error> {
    read(&client, &format!("/{}", key(number, count)), serializable).await
}

async fn txn(client: Client, number: usize, count: usize) -> Result<(), Error> {
    let mut writer = client.new_multi_writer();
    writer.add_check_version("/leader", 0)?;
    writer.add_set_data(&format!("/{}", key(number, count)), &[7; 256], None)?;
    writer.add_set_data(&format!("/state/{number}"), &[7; 256], None)?;
    let written = writer.commit().await;
    written.map(|_| ()).map_err(|error| Error::UnexpectedError(error.to_string()))
}

async fn fan_out(ensemble: &Ensemble) -> FanOut {
    let (heard, mut hearing) = mpsc::channel(1024);
    for client in ensemble.sessions(STREAMS * WATCHERS).await {
        let mut watcher =
            client.watch("/watched", AddWatchMode::PersistentRecursive).await.unwrap();
        let heard = heard.clone();
        tokio::spawn(async move {
            // Held: without it the session ends.
            let _client = client;
            loop {
                watcher.changed().await;
                if heard.send(1).await.is_err() {
                    return;
                }
            }
        });
    }
    let writer = ensemble.sessions(1).await.remove(0);
    let mut latency = Vec::new();
    for n in 0..SINGLE {
        let begin = Instant::now();
        writer.create(&format!("/watched/{n}"), &[7; 256], &NODE).await.unwrap();
        wait(&mut hearing, STREAMS * WATCHERS).await;
        latency.push(begin.elapsed());
    }
    let writers = ensemble.sessions(WRITERS).await;
    let begin = Instant::now();
    let writing = writers.into_iter().enumerate().map(|(number, client)| async move {
        for n in 0..PUTS {
            let path = format!("/watched/{number}-{n}");
            client.create(&path, &[7; 256], &NODE).await.unwrap();
        }
    });
    let events = STREAMS * WATCHERS * WRITERS * PUTS;
    tokio::join!(futures::future::join_all(writing), wait(&mut hearing, events));
    FanOut { latency, events_per_second: events as f64 / begin.elapsed().as_secs_f64() }
}

async fn failover(ensemble: &mut Ensemble) -> Duration {
    let leader = ensemble.leader().await;
    let others = ensemble.members.iter().enumerate().filter(|(place, _)| *place != leader);
    let others: Vec<_> = others.map(|(_, member)| member.address.clone()).collect();
    let client = connect(&others.join(",")).await.unwrap();
    let put = || {
        let client = client.clone();
        async move { client.set_data("/failover", &[1], None).await }
    };
    let took = until_served(
        || ensemble.members[leader].kill(),
        || {
            let put = put();
            async move { put.await.map(|_| ()) }
        },
    )
    .await;
    ensemble.members[leader].restart();
    ensemble.ready().await;
    took
}
