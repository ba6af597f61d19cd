use super::ask::{happened, range_of};
use super::stage::{LAST, LEASED, Stage};
use super::way::Way;
use crate::{Dice, Session, Told, Watch};
use mesoform_etcd::client::WatchClient;
use mesoform_etcd::pb::watch_request::RequestUnion;
use mesoform_etcd::pb::{WatchCreateRequest, WatchProgressRequest, WatchRequest, WatchResponse};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;

/// For the answer that a watch is made.
const CREATION: Duration = Duration::from_secs(3);

/// Watches until it has seen the last key of all. When a connection ends, and now and then without
/// cause, it goes on at another voter.
pub async fn watcher(
    stage: Arc<Stage>,
    ways: Vec<Way>,
    mut dice: Dice,
    mut watch: Watch,
    curious: bool,
) -> Watch {
    let mut from = 1;
    loop {
        let way = &ways[dice.place(ways.len())];
        let mut session = Session { from, created: None, told: Vec::new() };
        let until = Instant::now() + dice.millis(150, 3000);
        let curious = curious && dice.percent(40);
        let ended = listen(&stage, way, &watch, &mut session, until, curious).await;
        from = next(&session);
        watch.sessions.push(session);
        if ended {
            return watch;
        }
        sleep(dice.millis(1, 50)).await;
    }
}

/// The first revision that the session did not tell all of.
fn next(session: &Session) -> i64 {
    let complete = session.told.iter().rev().find(|told| !told.fragment);
    let heard = complete.map(|told| told.events.last().map_or(told.revision, |(e, _)| e.revision));
    heard.map_or(session.from, |heard| session.from.max(heard + 1))
}

/// One connection, to its end; true: the last key of all came.
async fn listen(
    stage: &Stage,
    way: &Way,
    watch: &Watch,
    session: &mut Session,
    until: Instant,
    curious: bool,
) -> bool {
    let (requests, stream) = mpsc::channel(4);
    let (key, range_end) = range_of(&watch.keys);
    let create = WatchCreateRequest {
        key,
        range_end,
        start_revision: session.from,
        prev_kv: watch.previous,
        fragment: true,
        ..Default::default()
    };
    let send = |union| requests.try_send(WatchRequest { request_union: Some(union) });
    let _ = send(RequestUnion::CreateRequest(create));
    let mut client = WatchClient::new(way.clone());
    let opened = timeout(CREATION, client.watch(ReceiverStream::new(stream))).await;
    let Ok(Ok(responses)) = opened else { return false };
    let mut responses = responses.into_inner();
    let Ok(Ok(Some(created))) = timeout(CREATION, responses.message()).await else { return false };
    assert!(created.created && !created.canceled, "{created:?}");
    session.created = created.header.map(|header| header.revision);
    if curious {
        let _ = send(RequestUnion::ProgressRequest(WatchProgressRequest {}));
    }
    hear(stage, responses, session, until).await
}

async fn hear(
    stage: &Stage,
    mut responses: Streaming<WatchResponse>,
    session: &mut Session,
    until: Instant,
) -> bool {
    loop {
        let response = tokio::select! {
            response = responses.message() => response,
            () = sleep_until(until) => return false,
        };
        let Ok(Some(response)) = response else { return false };
        assert!(!response.canceled, "nothing was compacted: {response:?}");
        let revision = response.header.map_or(0, |header| header.revision);
        let events = response.events.into_iter().map(happened).collect();
        let told = Told { revision, events, fragment: response.fragment };
        let last = told.events.iter().any(|(event, _)| event.key == LAST);
        note_ends(stage, &told);
        session.told.push(told);
        if last {
            return true;
        }
    }
}

/// When a leased key was seen to be gone.
fn note_ends(stage: &Stage, told: &Told) {
    let gone = told.events.iter().filter(|(event, _)| event.now.is_none());
    for (event, _) in gone.filter(|(event, _)| event.key.starts_with(LEASED)) {
        let now = stage.now();
        stage.ended.lock().unwrap().entry(event.key.clone()).or_insert(now);
    }
}
