//! The link against a master that is scripted, over real sockets.

use crate::core::{Effect, Input, TaskRef, View};
use crate::mesos::FrameworkLink;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use http::StatusCode;
use mesoform_mesos::{ClientOptions, FrameworkInfo, SchedulerClient};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::{CancellationToken, DropGuard};

#[derive(Clone)]
struct Master {
    calls: mpsc::Sender<Value>,
    refuses: Arc<AtomicBool>,
    ended: Arc<AtomicBool>,
}

async fn serve(State(master): State<Master>, body: Bytes) -> Response {
    let call: Value = serde_json::from_slice(&body).unwrap();
    let subscribes = call["type"] == "SUBSCRIBE";
    master.calls.send(call).await.unwrap();
    let status = |code| Response::builder().status(code).body(Body::empty()).unwrap();
    if !subscribes {
        let refuses = master.refuses.load(Ordering::SeqCst);
        return status(if refuses { StatusCode::BAD_REQUEST } else { StatusCode::ACCEPTED });
    }
    let event = if master.ended.load(Ordering::SeqCst) {
        json!({ "type": "ERROR", "error": { "message": "Framework has been removed" } })
    } else {
        json!({ "type": "SUBSCRIBED", "subscribed": {
            "framework_id": { "value": "F-1" }, "heartbeat_interval_seconds": 15.0,
        } })
    };
    let record = format!("{}\n{event}", event.to_string().len());
    let first = futures::stream::iter([Ok::<_, std::io::Error>(Bytes::from(record))]);
    let stream = futures::StreamExt::chain(first, futures::stream::pending());
    Response::builder()
        .header("content-type", "application/json")
        .header("mesos-stream-id", "s1")
        .body(Body::from_stream(stream))
        .unwrap()
}

struct Bench {
    events: mpsc::Receiver<Input>,
    effects: mpsc::Sender<Effect>,
    calls: mpsc::Receiver<Value>,
    master: Master,
    _stop: DropGuard,
}

async fn bench() -> Bench {
    let (call_sender, calls) = mpsc::channel(64);
    let master = Master { calls: call_sender, refuses: Arc::default(), ended: Arc::default() };
    let router =
        axum::Router::new().route("/api/v1/scheduler", post(serve)).with_state(master.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let (event_sender, events) = mpsc::channel(64);
    let (effects, effect_queue) = mpsc::channel(64);
    let stop = CancellationToken::new();
    let options = ClientOptions { masters: vec![address], tls: None, credentials: None };
    let link = FrameworkLink {
        client: SchedulerClient::new(options).unwrap(),
        identify: Box::new(|id| FrameworkInfo { id, ..FrameworkInfo::new("marathon", "root") }),
        events: event_sender,
        view: watch::channel(Arc::new(View::default())).1,
        stop: stop.clone(),
    };
    tokio::spawn(link.run(effect_queue));
    Bench { events, effects, calls, master, _stop: stop.drop_guard() }
}

async fn soon<T>(future: impl Future<Output = Option<T>>) -> T {
    tokio::time::timeout(Duration::from_secs(90), future).await.unwrap().unwrap()
}

fn kill() -> Effect {
    Effect::Kill(TaskRef { task_id: "t1".to_owned(), agent_id: None })
}

#[tokio::test]
async fn calls_go_out_once_subscribed() {
    let mut bench = bench().await;
    assert_eq!(soon(bench.calls.recv()).await["type"], "SUBSCRIBE");
    let connected = soon(bench.events.recv()).await;
    assert!(matches!(connected, Input::Connected { framework_id, .. } if framework_id == "F-1"));
    bench.effects.send(kill()).await.unwrap();
    let call = soon(bench.calls.recv()).await;
    assert_eq!((&call["type"], &call["kill"]["task_id"]["value"]), (&json!("KILL"), &json!("t1")));
    assert_eq!(call["framework_id"]["value"], "F-1");
}

#[tokio::test]
async fn a_call_that_fails_means_a_new_subscription() {
    let mut bench = bench().await;
    soon(bench.calls.recv()).await;
    soon(bench.events.recv()).await;
    bench.master.refuses.store(true, Ordering::SeqCst);
    bench.effects.send(kill()).await.unwrap();
    assert_eq!(soon(bench.calls.recv()).await["type"], "KILL");
    assert!(matches!(soon(bench.events.recv()).await, Input::Disconnected));
    assert_eq!(soon(bench.calls.recv()).await["type"], "SUBSCRIBE");
    assert!(matches!(soon(bench.events.recv()).await, Input::Connected { .. }));
}

#[tokio::test]
async fn a_framework_that_was_ended_is_told_so() {
    let mut bench = bench().await;
    soon(bench.events.recv()).await;
    bench.master.ended.store(true, Ordering::SeqCst);
    bench.master.refuses.store(true, Ordering::SeqCst);
    bench.effects.send(kill()).await.unwrap();
    assert!(matches!(soon(bench.events.recv()).await, Input::Disconnected));
    assert!(matches!(soon(bench.events.recv()).await, Input::FrameworkGone));
}
