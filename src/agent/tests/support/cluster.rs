//! A cluster of one agent, which is a process of its own, and masters that only do as they are told.

use super::{PATIENCE, executor_program};
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::{Json, Router, routing::post};
use http::StatusCode;
use mesoform_http::Door;
use mesoform_identity::{Authority, Grant, Identity, KeyRequest, Role, write_public, write_secret};
use mesoform_mesos::agent_protocol::{
    Fence, Fenced, Order, OrderKind, Pong, QuorumId, Report, StatusUpdate, Subscribe,
};
use mesoform_mesos::{
    AgentId, CommandInfo, FrameworkId, FrameworkInfo, TaskId, TaskInfo, TaskState, TaskStatus,
    recordio,
};
use mesoform_settings::{
    AgentSettings, Attribute, FORMAT, HttpSettings, Launcher, PkiPaths, ResourceSettings, Scheme,
};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

#[path = "../../../../tests/port.rs"]
mod port;

use port::Port;

/// Where everything of a test lies, and who may speak to whom.
pub struct Cluster {
    pub dir: tempfile::TempDir,
    authority: Authority,
    /// Of agents: nobody else gets them.
    ports: Mutex<Vec<Port>>,
}

impl Cluster {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self { authority: Authority::create("test").unwrap(), dir, ports: Mutex::default() }
    }

    fn pki(&self, role: Role, host: &str) -> PkiPaths {
        let dir = self.dir.path().join(format!("pki-{host}"));
        std::fs::create_dir_all(&dir).unwrap();
        let paths = PkiPaths::in_dir(&dir, role.as_str());
        let request = KeyRequest::generate().unwrap();
        let mut grant = Grant::new(role, host);
        grant.ips = vec![[127, 0, 0, 1].into()];
        let certificate = self.authority.sign(&request.csr_pem, &grant).unwrap();
        write_public(&paths.ca, self.authority.certificate_pem().as_bytes()).unwrap();
        write_public(&paths.cert, certificate.as_bytes()).unwrap();
        write_secret(&paths.key, request.key_pem.expose().as_bytes()).unwrap();
        paths
    }

    /// A master that leads with this leadership.
    pub async fn master(&self, host: &str, leadership: i64) -> Master {
        self.master_as(host, leadership, Role::Master, None).await
    }

    pub async fn master_as(
        &self,
        host: &str,
        leadership: i64,
        role: Role,
        redirect: Option<String>,
    ) -> Master {
        let identity = Identity::load(&self.pki(role, host)).unwrap();
        Master::start(&identity, leadership, redirect).await
    }

    pub fn settings(&self, masters: &[&Master]) -> AgentSettings {
        self.settings_of("h1", masters)
    }

    pub fn settings_of(&self, hostname: &str, masters: &[&Master]) -> AgentSettings {
        let port = Port::reserve();
        let listen = port.address();
        self.ports.lock().unwrap().push(port);
        AgentSettings {
            format: FORMAT,
            cluster: "test".into(),
            hostname: hostname.into(),
            address: "127.0.0.1".into(),
            http: HttpSettings {
                listen,
                advertise: listen.to_string(),
                scheme: Scheme::Http,
                credentials: None,
            },
            masters: masters.iter().map(|master| master.address()).collect(),
            pki: self.pki(Role::Agent, hostname),
            work_dir: self.dir.path().join("work"),
            run_dir: self.dir.path().join("run"),
            launcher: Launcher::Process,
            task_user: None,
            task_log_mib: 1,
            hidden: Vec::new(),
            attributes: vec![Attribute { name: "rack".into(), value: "r1".into() }],
            resources: ResourceSettings { cpus: Some(2.0), ..Default::default() },
        }
    }

    pub fn agent(&self, masters: &[&Master]) -> AgentProcess {
        self.agent_with(&self.settings(masters), |_| {})
    }

    pub fn agent_with(
        &self,
        settings: &AgentSettings,
        adapt: impl FnOnce(&mut Command),
    ) -> AgentProcess {
        let path = self.dir.path().join("agent.yml");
        std::fs::write(&path, mesoform_settings::to_yaml(settings).unwrap()).unwrap();
        let log = std::fs::File::options().append(true).create(true).open(self.log()).unwrap();
        let mut command = Command::new(executor_program());
        command
            .arg(&path)
            .env("LEAKED", "yes")
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap());
        command.stderr(log);
        adapt(&mut command);
        let work_dir = settings.work_dir.clone();
        AgentProcess { child: command.spawn().unwrap(), api: settings.http.listen, work_dir }
    }

    pub fn log(&self) -> PathBuf {
        self.dir.path().join("agent.log")
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let tasks = std::fs::read_dir(self.dir.path().join("work/tasks"));
        for task in tasks.into_iter().flatten().flatten() {
            mesoform_agent::executor::tree::kill_of_sandbox(&task.path().join("sandbox"));
        }
        if std::thread::panicking() {
            eprintln!("{}", std::fs::read_to_string(self.log()).unwrap_or_default());
        }
    }
}

/// A running agent.
pub struct AgentProcess {
    pub child: Child,
    pub api: SocketAddr,
    work_dir: PathBuf,
}

impl AgentProcess {
    /// SIGKILL, which gives it no time for anything.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub async fn get(&self, path: &str) -> (StatusCode, String) {
        let url = format!("http://{}{path}", self.api);
        let answer = client().get(url).send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    }

    /// The length that is told before the body comes.
    pub async fn length(&self, path: &str) -> Option<u64> {
        let url = format!("http://{}{path}", self.api);
        client().get(url).send().await.unwrap().content_length()
    }

    pub async fn json(&self, path: &str) -> serde_json::Value {
        let (status, text) = self.get(path).await;
        assert_eq!(status, StatusCode::OK, "{text}");
        serde_json::from_str(&text).unwrap()
    }

    /// The sandboxes of all tasks.
    pub fn sandboxes(&self) -> Vec<PathBuf> {
        let tasks = std::fs::read_dir(self.work_dir.join("tasks")).unwrap().flatten();
        tasks.map(|task| task.path().join("sandbox")).collect()
    }
}

impl Drop for AgentProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn client() -> reqwest::Client {
    // The build has no default provider for TLS; none is used here.
    let tls = rustls::ClientConfig::builder_with_provider(Arc::new(
        rustls::crypto::ring::default_provider(),
    ));
    let tls = tls.with_safe_default_protocol_versions().unwrap();
    let tls = tls.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth();
    reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy().build().unwrap()
}

/// What a master was told.
#[derive(Debug)]
pub enum Heard {
    Subscribe(Box<Subscribe>),
    Report(Report),
    Pong(Pong),
}

struct Desk {
    heard: mpsc::UnboundedSender<Heard>,
    /// The stream of the agent that subscribed last.
    orders: Mutex<Option<mpsc::UnboundedSender<Result<bytes::Bytes, std::io::Error>>>>,
    leadership: i64,
    quorum: Mutex<QuorumId>,
    redirect: Option<String>,
    /// What reports are answered with.
    reports: Mutex<StatusCode>,
}

/// A master that only does as it is told.
pub struct Master {
    addr: SocketAddr,
    desk: Arc<Desk>,
    heard: mpsc::UnboundedReceiver<Heard>,
    stop: CancellationToken,
}

impl Master {
    async fn start(identity: &Identity, leadership: i64, redirect: Option<String>) -> Self {
        let (sender, heard) = mpsc::unbounded_channel();
        let desk = Arc::new(Desk {
            heard: sender,
            orders: Mutex::new(None),
            leadership,
            quorum: Mutex::new(QuorumId(7)),
            redirect,
            reports: Mutex::new(StatusCode::ACCEPTED),
        });
        let router = Router::new()
            .route("/agent/v1/subscribe", post(subscribe))
            .route("/agent/v1/report", post(report))
            .route("/agent/v1/pong", post(pong))
            .with_state(desk.clone());
        let stop = CancellationToken::new();
        let anywhere = "127.0.0.1:0".parse().unwrap();
        let door = Door::mutual(anywhere, identity, &[Role::Agent]).await.unwrap();
        let addr = door.local_addr();
        tokio::spawn(door.serve(router, stop.clone()));
        Self { addr, desk, heard, stop }
    }

    pub fn address(&self) -> String {
        self.addr.to_string()
    }

    /// The quorum was formed anew: orders are its from now on, and so must the agent be.
    pub fn is_of(&self, quorum: u64) {
        *self.desk.quorum.lock().unwrap() = QuorumId(quorum);
        self.cut();
    }

    /// The connection is cut: the agent must come again.
    pub fn cut(&self) {
        self.desk.orders.lock().unwrap().take();
    }

    pub fn stop(self) {
        self.cut();
        self.stop.cancel();
    }

    pub fn answer_reports(&self, status: StatusCode) {
        *self.desk.reports.lock().unwrap() = status;
    }

    pub async fn hear(&mut self) -> Heard {
        let heard = tokio::time::timeout(PATIENCE, self.heard.recv()).await;
        heard.expect("the agent says nothing").unwrap()
    }

    pub async fn hear_nothing(&mut self, time: std::time::Duration) {
        let heard = tokio::time::timeout(time, self.heard.recv()).await;
        assert!(heard.is_err(), "{heard:?}");
    }

    /// Waits for a subscription and accepts it.
    pub async fn registered(&mut self) -> Subscribe {
        let subscribe = loop {
            if let Heard::Subscribe(subscribe) = self.hear().await {
                break *subscribe;
            }
        };
        self.order(OrderKind::Registered { agent_id: AgentId::new("agent-1") });
        subscribe
    }

    pub fn order(&self, kind: OrderKind) {
        self.order_of(self.desk.leadership, kind);
    }

    pub fn order_of(&self, revision: i64, kind: OrderKind) {
        let quorum = *self.desk.quorum.lock().unwrap();
        let order = Order::new(Fence::new(quorum, revision), kind);
        let json = serde_json::to_vec(&order).unwrap();
        let orders = self.desk.orders.lock().unwrap();
        let _ = orders.as_ref().unwrap().send(Ok(recordio::encode(&json)));
    }

    pub fn launch(&self, id: &str, command: &str) {
        self.launch_command(id, CommandInfo::shell(command));
    }

    pub fn launch_command(&self, id: &str, command: CommandInfo) {
        let task = TaskInfo::command(id, AgentId::new("agent-1"), command, vec![]);
        self.order(OrderKind::Launch { framework: Box::new(framework()), tasks: vec![task] });
    }

    pub fn kill(&self, id: &str, grace_ms: u64) {
        let (framework_id, task_id) = (FrameworkId::new("f"), TaskId::new(id));
        self.order(OrderKind::Kill { framework_id, task_id, grace_ms: Some(grace_ms) });
    }

    pub fn acknowledge(&self, update: &StatusUpdate) {
        self.order(OrderKind::Acknowledge {
            framework_id: update.framework_id.clone(),
            task_id: update.status.task_id.clone(),
            uuid: update.status.uuid.clone().unwrap(),
        });
    }

    /// The update of a task to this state, not acknowledged; what comes before it (again) is.
    pub async fn update(&mut self, id: &str, state: TaskState) -> StatusUpdate {
        loop {
            let Heard::Report(report) = self.hear().await else { continue };
            for update in report.updates {
                assert_eq!(update.status.task_id.value, id);
                if update.status.state == state {
                    return update;
                }
                self.acknowledge(&update);
            }
        }
    }

    /// The next update in this state, acknowledged.
    pub async fn expect(&mut self, id: &str, state: TaskState) -> TaskStatus {
        let update = self.update(id, state).await;
        self.acknowledge(&update);
        update.status
    }

    /// Launches, and sees it run.
    pub async fn run(&mut self, id: &str, command: &str) {
        self.launch(id, command);
        self.expect(id, TaskState::Starting).await;
        self.expect(id, TaskState::Running).await;
    }
}

pub fn framework() -> FrameworkInfo {
    let mut framework = FrameworkInfo::new("marathon", "");
    framework.id = Some(FrameworkId::new("f"));
    framework
}

async fn subscribe(State(desk): State<Arc<Desk>>, Json(body): Json<Subscribe>) -> Response {
    if let Some(location) = &desk.redirect {
        let location = [("location", location.clone())];
        return (StatusCode::TEMPORARY_REDIRECT, location).into_response();
    }
    let leadership = Fence::new(*desk.quorum.lock().unwrap(), desk.leadership);
    if let Some(seen) = body.seen().filter(|seen| seen.quorum != leadership.quorum) {
        let message = "it obeys another quorum; accept this one".to_owned();
        let fenced = Fenced { message, seen, leadership };
        return (StatusCode::CONFLICT, Json(fenced)).into_response();
    }
    let (sender, orders) = mpsc::unbounded_channel();
    *desk.orders.lock().unwrap() = Some(sender);
    let _ = desk.heard.send(Heard::Subscribe(Box::new(body)));
    let stream = tokio_stream::wrappers::UnboundedReceiverStream::new(orders);
    Body::from_stream(stream).into_response()
}

async fn report(State(desk): State<Arc<Desk>>, Json(body): Json<Report>) -> StatusCode {
    let answer = *desk.reports.lock().unwrap();
    let _ = desk.heard.send(Heard::Report(body));
    answer
}

async fn pong(State(desk): State<Arc<Desk>>, Json(body): Json<Pong>) -> StatusCode {
    let _ = desk.heard.send(Heard::Pong(body));
    StatusCode::ACCEPTED
}

/// Where a file appears, and what is in it.
pub fn content(path: &Path) -> Option<String> {
    std::fs::read_to_string(path).ok().filter(|text| text.ends_with('\n'))
}
