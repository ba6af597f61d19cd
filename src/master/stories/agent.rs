use super::{Pki, TestMaster};
use mesoform_identity::{Identity, Role};
use mesoform_mesos::agent_protocol::{
    Order, OrderKind, REPORT_PATH, Report, SUBSCRIBE_PATH, StatusUpdate, Subscribe,
};
use mesoform_mesos::recordio::Decoder;
use mesoform_mesos::{
    AgentId, AgentInfo, Binary, FrameworkId, Resource, TaskId, TaskState, TaskStatus,
};
use reqwest::{Client, Response};
use std::time::Duration;

/// An agent that only does what the test says.
pub struct FakeAgent {
    http: Client,
    base: String,
    body: Response,
    decoder: Decoder,
    pub id: AgentId,
    pub leadership: i64,
}

pub fn http_client(pki: &Pki, host: &str) -> Client {
    client(&pki.identity(Role::Agent, host))
}

/// Speaks with the certificate of `identity`, and follows nothing.
pub fn client(identity: &Identity) -> Client {
    let tls = identity.client_config(&[b"http/1.1"]).unwrap();
    Client::builder()
        .tls_backend_preconfigured(rustls::ClientConfig::clone(&tls))
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap()
}

pub fn subscribe_body(host: &str, id: Option<AgentId>) -> Subscribe {
    let resources = vec![
        Resource::scalar("cpus", 4.0),
        Resource::scalar("mem", 4096.0),
        Resource::ranges("ports", [(31000, 32000)]),
    ];
    let info = AgentInfo { hostname: host.into(), resources, ..AgentInfo::default() };
    Subscribe {
        protocol: 1,
        agent_id: id,
        info,
        tasks: Vec::new(),
        seen_leadership: 0,
        seen_quorum: None,
    }
}

impl FakeAgent {
    pub async fn subscribe(master: &TestMaster, pki: &Pki, host: &str) -> Self {
        Self::subscribe_as(master, http_client(pki, host), host, None).await
    }

    pub async fn subscribe_as(
        master: &TestMaster,
        http: Client,
        host: &str,
        id: Option<AgentId>,
    ) -> Self {
        let base = format!("https://{}", master.agents);
        let subscribe = subscribe_body(host, id);
        let request = http.post(format!("{base}{SUBSCRIBE_PATH}")).json(&subscribe);
        let body = request.send().await.unwrap();
        assert_eq!(body.status(), 200);
        let (decoder, id) = (Decoder::new(), AgentId::new(""));
        let mut agent = Self { http, base, body, decoder, id, leadership: 0 };
        let Some(OrderKind::Registered { agent_id }) = agent.order().await else { panic!() };
        agent.id = agent_id;
        agent
    }

    /// Its connections and certificate, for a new subscription.
    pub fn into_http(self) -> Client {
        self.http
    }

    /// The next order that is no ping, of which a slow test hears some; none at the end of the stream.
    pub async fn order(&mut self) -> Option<OrderKind> {
        loop {
            if let Some(record) = self.decoder.next_record().unwrap() {
                let order: Order = serde_json::from_slice(&record).unwrap();
                self.leadership = order.leadership;
                if order.kind == OrderKind::Ping {
                    continue;
                }
                return Some(order.kind);
            }
            let next = tokio::time::timeout(Duration::from_secs(90), self.body.chunk());
            match next.await.expect("an order") {
                Ok(Some(bytes)) => self.decoder.push(&bytes),
                Ok(None) | Err(_) => return None,
            }
        }
    }

    pub async fn report(
        &self,
        framework_id: &FrameworkId,
        task_id: &TaskId,
        state: TaskState,
    ) -> (Binary, u16) {
        let uuid = Binary::new_uuid();
        let mut status = TaskStatus::new(task_id.clone(), state);
        status.uuid = Some(uuid.clone());
        status.timestamp = Some(1.0);
        let (framework_id, agent_id) = (framework_id.clone(), self.id.clone());
        let updates = vec![StatusUpdate { framework_id, agent_id, status }];
        let report = Report { agent_id: self.id.clone(), leadership: self.leadership, updates };
        let request = self.http.post(format!("{}{REPORT_PATH}", self.base)).json(&report);
        (uuid, request.send().await.unwrap().status().as_u16())
    }
}
