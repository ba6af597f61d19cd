use super::{MemoryQuorum, Pki};
use crate::directory::Route;
use crate::run::Parts;
use crate::{api, mutual};
use mesoform_http::Door;
use mesoform_identity::Role;
use mesoform_mesos::{ClientOptions, SchedulerClient};
use mesoform_settings::{
    FORMAT, HttpSettings, MasterSettings, PkiPaths, QuorumClientSettings, Scheme,
};
use std::time::Duration;
use tokio_util::sync::{CancellationToken, DropGuard};

/// A master on two ports of 127.0.0.1, until it is dropped.
pub struct TestMaster {
    pub http: String,
    pub agents: String,
    directory: crate::directory::Directory,
    _running: DropGuard,
}

impl TestMaster {
    pub async fn start(host: &str, quorum: &MemoryQuorum, pki: &Pki) -> Self {
        let mut settings = settings(host);
        let identity = pki.identity(Role::Master, host);
        let door = Door::bind(&settings.http, None).await.unwrap();
        let agents = Door::mutual(settings.listen_agents, &identity, &mutual::ROLES).await.unwrap();
        settings.http.advertise = door.local_addr().to_string();
        settings.advertise_agents = agents.local_addr().to_string();
        let parts = Parts::new(&settings, quorum.clone());
        let running = CancellationToken::new();
        tokio::spawn(parts.reign.run(running.clone()));
        tokio::spawn(door.serve(api::router(parts.directory.clone()), running.clone()));
        let router = mutual::router(parts.directory.clone());
        tokio::spawn(agents.serve(router, running.clone()));
        Self {
            http: settings.http.advertise,
            agents: settings.advertise_agents,
            directory: parts.directory,
            _running: running.drop_guard(),
        }
    }

    /// Until this one leads.
    pub async fn leads(&self) {
        let mut directory = self.directory.clone();
        while !matches!(directory.route(), Route::Here(_)) {
            assert!(directory.changed().await);
        }
    }

    /// A client that knows only this master.
    pub fn client(&self) -> SchedulerClient {
        let masters = vec![self.http.clone()];
        SchedulerClient::new(ClientOptions { masters, ..ClientOptions::default() }).unwrap()
    }

    /// A framework with a certificate, on the port of the cluster's own parts.
    pub fn member(&self, pki: &Pki, role: Role) -> SchedulerClient {
        let identity = pki.identity(role, "s1");
        let tls = identity.client_config_to(&[Role::Master], &[b"http/1.1"]).unwrap();
        let masters = vec![self.agents.clone()];
        let options = ClientOptions { masters, tls: Some(tls), credentials: None };
        SchedulerClient::new(options).unwrap()
    }

    pub async fn get(&self, path: &str) -> serde_json::Value {
        let reply = super::codes::http().get(format!("http://{}{path}", self.http)).send().await;
        serde_json::from_str(&reply.unwrap().text().await.unwrap()).unwrap()
    }
}

fn settings(host: &str) -> MasterSettings {
    let any = "127.0.0.1:0".parse().unwrap();
    MasterSettings {
        format: FORMAT,
        cluster: "test".into(),
        hostname: host.into(),
        http: HttpSettings {
            listen: any,
            advertise: String::new(),
            scheme: Scheme::Http,
            credentials: None,
        },
        listen_agents: any,
        advertise_agents: String::new(),
        quorum: QuorumClientSettings::own(Vec::new()),
        pki: PkiPaths::in_dir(std::path::Path::new("/nowhere"), "master"),
        renewal: None,
        agent_ping_ms: Duration::from_secs(5).as_millis() as u64,
        agent_ping_misses: 3,
        agent_reregister_ms: 60_000,
        leadership_ttl_ms: 3_000,
    }
}
