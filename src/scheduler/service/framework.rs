//! The scheduler as the masters see it.

use crate::SchedulerError;
use crate::api::Candidate;
use crate::mesos::Identify;
use mesoform_identity::{Identity, Role};
use mesoform_mesos::{ClientOptions, FrameworkId, FrameworkInfo, SchedulerClient, capability};
use mesoform_settings::SchedulerSettings;

/// As Marathon calls itself.
const NAME: &str = "marathon";
/// Whom tasks run as whose app names no user: whom each agent runs them as (`task_user`).
const USER: &str = "";

/// The client of the masters' API.
pub fn client(
    settings: &SchedulerSettings,
    identity: &Identity,
) -> Result<SchedulerClient, SchedulerError> {
    // Always the masters' port for the cluster's own parts: the other one may speak plain HTTP and
    // ask for a password, for the sake of old clients.
    let tls = Some(identity.client_config_to(&[Role::Master], &[b"http/1.1"])?);
    let options = ClientOptions { masters: settings.masters.clone(), tls, credentials: None };
    Ok(SchedulerClient::new(options)?)
}

/// How the framework describes itself.
pub fn identify(settings: &SchedulerSettings, me: &Candidate) -> Identify {
    let scheme = me.scheme.as_deref().unwrap_or("http");
    let base = FrameworkInfo {
        failover_timeout: Some(settings.failover_timeout_ms as f64 / 1000.0),
        checkpoint: Some(true),
        hostname: Some(settings.hostname.clone()),
        webui_url: Some(format!("{scheme}://{}", me.http)),
        ..FrameworkInfo::new(NAME, USER)
    };
    let base = base
        .with_capability(capability::PARTITION_AWARE)
        .with_capability(capability::TASK_KILLING_STATE);
    Box::new(move |id: Option<FrameworkId>| FrameworkInfo { id, ..base.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::post;
    use axum::{Extension, Router};
    use mesoform_http::{Caller, Door};
    use mesoform_identity::{Authority, Grant, KeyRequest, write_public, write_secret};
    use mesoform_mesos::ClientError;
    use mesoform_mesos::client::SCHEDULER_PATH;
    use mesoform_settings::{FORMAT, HttpSettings, PkiPaths, QuorumClientSettings, Scheme};
    use std::net::Ipv4Addr;
    use std::path::Path;
    use tokio_util::sync::CancellationToken;

    fn issue(authority: &Authority, dir: &Path, role: Role) -> PkiPaths {
        let paths = PkiPaths::in_dir(dir, role.as_str());
        let request = KeyRequest::generate().unwrap();
        let grant = Grant { ips: vec![Ipv4Addr::LOCALHOST.into()], ..Grant::new(role, "h1") };
        write_public(&paths.ca, authority.certificate_pem().as_bytes()).unwrap();
        write_secret(&paths.key, request.key_pem.expose().as_bytes()).unwrap();
        let chain = authority.sign(&request.csr_pem, &grant).unwrap();
        write_public(&paths.cert, chain.as_bytes()).unwrap();
        paths
    }

    /// Of a cluster whose HTTP APIs are plain and ask for a password.
    fn settings(master: String, pki: PkiPaths) -> SchedulerSettings {
        SchedulerSettings {
            format: FORMAT,
            cluster: "demo".into(),
            hostname: "h1".into(),
            http: HttpSettings {
                listen: (Ipv4Addr::LOCALHOST, 0).into(),
                advertise: "127.0.0.1:8080".into(),
                scheme: Scheme::Http,
                credentials: Some("/etc/mesoform/credentials".into()),
            },
            masters: vec![master],
            quorum: QuorumClientSettings::own(Vec::new()),
            pki,
            failover_timeout_ms: 1000,
            leadership_ttl_ms: 1000,
        }
    }

    #[tokio::test]
    async fn whatever_the_apis_speak_the_masters_see_a_certificate() {
        let dir = tempfile::tempdir().unwrap();
        let authority = Authority::create("demo").unwrap();
        let pki = |role| issue(&authority, dir.path(), role);
        let master = Identity::load(&pki(Role::Master)).unwrap();
        let anywhere = (Ipv4Addr::LOCALHOST, 0).into();
        let door = Door::mutual(anywhere, &master, &[Role::Scheduler]).await.unwrap();
        let address = door.local_addr().to_string();
        let who = post(|Extension(caller): Extension<Caller>| async move {
            (http::StatusCode::IM_A_TEAPOT, caller.to_string())
        });
        let router = Router::new().route(SCHEDULER_PATH, who);
        tokio::spawn(door.serve(router, CancellationToken::new()));

        let settings = settings(address, pki(Role::Scheduler));
        let identity = Identity::load(&settings.pki).unwrap();
        let client = client(&settings, &identity).unwrap();
        let answer = client.subscribe(FrameworkInfo::new(NAME, USER)).await;
        let Err(ClientError::Refused { status, body, .. }) = answer else { panic!() };
        assert_eq!((status, body.as_str()), (418, "scheduler@h1"));
    }
}
