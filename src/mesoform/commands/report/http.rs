//! `GET /mesoform/status` of the services with an HTTP API.
//!
//! Always over TLS and with the service's own certificate. A port that is plain for old clients
//! understands that too (see `mesoform_http::Door`); it may ask all others for a password, which this
//! host does not know: it keeps only its hash.

use anyhow::Context as _;
use mesoform_cluster::report::{AgentView, MasterView, SchedulerView};
use mesoform_identity::{Identity, Role};
use mesoform_settings::{
    AgentSettings, HttpSettings, MasterSettings, PkiPaths, SchedulerSettings, load,
};
use serde::de::DeserializeOwned;
use std::path::Path;

pub async fn master(config: &Path) -> anyhow::Result<MasterView> {
    let settings: MasterSettings = load(config)?;
    get(&settings.http, &settings.pki, Role::Master).await
}

pub async fn scheduler(config: &Path) -> anyhow::Result<SchedulerView> {
    let settings: SchedulerSettings = load(config)?;
    get(&settings.http, &settings.pki, Role::Scheduler).await
}

pub async fn agent(config: &Path) -> anyhow::Result<AgentView> {
    let settings: AgentSettings = load(config)?;
    get(&settings.http, &settings.pki, Role::Agent).await
}

/// Believes only a service of this `role`: another part of the cluster may hold the port.
async fn get<T: DeserializeOwned>(
    http: &HttpSettings,
    pki: &PkiPaths,
    role: Role,
) -> anyhow::Result<T> {
    let identity = Identity::load(pki)?;
    let tls = identity.client_config_to(&[role], &[b"http/1.1"])?;
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured((*tls).clone())
        .no_proxy()
        .build()
        .context("the HTTP client cannot be made")?;
    let url = format!("https://{}/mesoform/status", http.advertise);
    let answer = client.get(&url).send().await?.error_for_status()?;
    answer.json().await.context("its answer is not understood")
}
