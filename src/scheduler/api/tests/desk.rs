//! The API in front of a real engine, with the quorum in memory and a master that is played.

use crate::api::{Candidate, Front, Office, Proxy, Role};
use crate::core::{Core, Effect, Input, Launch, Now, Offer, State, TaskRef, Update, View};
use crate::engine::tests::memory::Memory;
use crate::engine::{Engine, Inbox};
use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Request, StatusCode};
use mesoform_mesos::TaskState;
use regex::Regex;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::{CancellationToken, DropGuard};
use tower::ServiceExt;

pub struct Desk {
    pub router: Router,
    pub memory: Memory,
    pub view: watch::Receiver<Arc<View>>,
    pub role: watch::Sender<Role>,
    pub abdicated: CancellationToken,
    _stop: DropGuard,
}

pub struct Said {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Said {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.body))
    }

    pub fn message(&self) -> String {
        self.json()["message"].as_str().unwrap_or_default().to_owned()
    }

    /// Code and body, with what differs from run to run replaced.
    pub fn stable(&self) -> String {
        let body = match serde_json::from_str::<Value>(&self.body) {
            Ok(json) => serde_json::to_string_pretty(&json).unwrap(),
            Err(_) => self.body.clone(),
        };
        let mut text = format!("{}\n{body}", self.status);
        for (pattern, name) in [
            (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "<uuid>"),
            (r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", "<time>"),
            (r"\b31\d{3}\b", "<port>"),
        ] {
            text = Regex::new(pattern).unwrap().replace_all(&text, name).into_owned();
        }
        text
    }
}

pub fn me(http: &str) -> Candidate {
    Candidate { host: "h1".to_owned(), http: http.to_owned(), scheme: Some("http".to_owned()) }
}

pub fn front(role: watch::Receiver<Role>, me: Candidate, consensus: bool) -> Front {
    let consensus = move || {
        let answer = if consensus { Ok(()) } else { Err("2 of 3 voters miss".to_owned()) };
        Box::pin(std::future::ready(answer)) as futures::future::BoxFuture<'static, _>
    };
    Front {
        me,
        cluster: "demo".to_owned(),
        role,
        proxy: Proxy::new(&trusts_nobody()).unwrap(),
        consensus: Arc::new(consensus),
        on_etcd: false,
        failover_timeout: 604_800,
        change_over: Duration::from_secs(20),
    }
}

/// Those who lead pass nothing on.
fn trusts_nobody() -> Arc<rustls::ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    Arc::new(config)
}

/// A scheduler that leads, with a master that offers what `cpus` says whenever it is asked to.
pub fn desk(cpus: i64) -> Desk {
    let memory = Memory::default();
    let (orders, order_queue) = mpsc::channel(64);
    let (events, event_queue) = mpsc::channel(64);
    let (calls, call_queue) = mpsc::channel(64);
    let (view_sender, view) = watch::channel(Arc::default());
    let inbox = Inbox { orders: order_queue, events: event_queue };
    let core = |now: Now| Core::new(State::default(), 7, now);
    let engine = Engine::new(core, memory.clone(), inbox, calls, view_sender);
    let stop = CancellationToken::new();
    let abdicate = stop.child_token();
    tokio::spawn(engine.run(stop.child_token()));
    tokio::spawn(play_master(cpus, events, call_queue));
    let office = Office { view: view.clone(), orders, abdicate: abdicate.clone() };
    let (role, roles) = watch::channel(Role::Leading(office));
    let router = front(roles, me("h1:8080"), true).router();
    Desk { router, memory, view, role, abdicated: abdicate, _stop: stop.drop_guard() }
}

async fn play_master(cpus: i64, events: mpsc::Sender<Input>, mut calls: mpsc::Receiver<Effect>) {
    let (framework_id, master) = ("F-1".to_owned(), "h1:5050".to_owned());
    let _ = events.send(Input::Connected { framework_id, master }).await;
    let mut offers = 0;
    if cpus > 0 {
        let _ = events.send(Input::Offers(vec![offer(offers, cpus)])).await;
    }
    while let Some(call) = calls.recv().await {
        let inputs = match call {
            Effect::Revive if cpus > 0 => {
                offers += 1;
                vec![Input::Offers(vec![offer(offers, cpus)])]
            }
            Effect::Accept { launches, .. } => launches.iter().map(runs).collect(),
            Effect::Kill(task) => vec![status(task, TaskState::Killed)],
            _ => Vec::new(),
        };
        for input in inputs {
            let _ = events.send(input).await;
        }
    }
}

fn offer(number: usize, cpus: i64) -> Offer {
    Offer {
        id: format!("o{number}"),
        agent_id: "S1".to_owned(),
        host: "h2".to_owned(),
        attributes: Default::default(),
        cpus,
        mem: 1_000_000_000,
        disk: 0,
        ports: vec![(31000, 31999)],
    }
}

fn runs(launch: &Launch) -> Input {
    status(TaskRef::of(&launch.instance), TaskState::Running)
}

fn status(task: TaskRef, state: TaskState) -> Input {
    Input::Update(Update {
        task_id: task.task_id,
        agent_id: task.agent_id,
        state,
        uuid: Some(vec![1]),
        message: "Command terminated".to_owned(),
        reason: None,
    })
}

impl Desk {
    pub async fn get(&self, path: &str) -> Said {
        self.ask("GET", path, "").await
    }

    pub async fn ask(&self, method: &str, path: &str, body: impl ToString) -> Said {
        let request = Request::builder().method(method).uri(path);
        ask(&self.router, request.body(Body::from(body.to_string())).unwrap()).await
    }

    /// Waits until no deployment is under way.
    pub async fn deployed(&self) {
        let mut view = self.view.clone();
        let done = view.wait_for(|view| view.state.deployments.is_empty());
        tokio::time::timeout(Duration::from_secs(90), done).await.unwrap().unwrap();
    }
}

pub async fn ask(router: &Router, request: Request<Body>) -> Said {
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = axum::body::to_bytes(body, 1 << 24).await.unwrap();
    let body = String::from_utf8(body.to_vec()).unwrap();
    Said { status: parts.status, headers: parts.headers, body }
}
