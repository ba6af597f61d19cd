//! The scheduler as the masters see it.

use crate::SchedulerError;
use crate::api::Candidate;
use crate::mesos::Identify;
use mesoform_identity::{Identity, Role};
use mesoform_mesos::{ClientOptions, FrameworkId, FrameworkInfo, SchedulerClient, capability};
use mesoform_settings::{SchedulerSettings, Scheme};

/// As Marathon calls itself.
const NAME: &str = "marathon";
/// Whom tasks run as where the agent can choose; Marathon's default is its own user, root.
const USER: &str = "root";

/// The client of the masters' API.
pub fn client(
    settings: &SchedulerSettings,
    identity: &Identity,
) -> Result<SchedulerClient, SchedulerError> {
    let tls = match settings.masters_scheme {
        Scheme::Http => None,
        Scheme::Https => Some(identity.client_config_to(&[Role::Master], &[b"http/1.1"])?),
    };
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
