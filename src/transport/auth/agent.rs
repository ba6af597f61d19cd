use std::path::PathBuf;
use std::time::Duration;

use russh::keys::agent::AgentIdentity;
use russh::keys::agent::client::{AgentClient, AgentStream};

use super::Auth;
use crate::target::Target;

/// An agent that does not answer must not hold up the connection.
const LIMIT: Duration = Duration::from_secs(5);

/// A connection to the operator's agent, and what it holds.
pub(super) struct Agent {
    pub client: AgentClient<Box<dyn AgentStream + Send + Unpin + 'static>>,
    pub identities: Vec<AgentIdentity>,
}

/// None where there is no agent; one that fails is told in the log and otherwise like none, as with
/// OpenSSH.
pub(super) async fn connect(target: &Target, auth: &Auth) -> Option<Agent> {
    let socket = socket(target, auth)?;
    let talk = async {
        let mut client = AgentClient::connect_uds(&socket).await?.dynamic();
        let identities = client.request_identities().await?;
        Ok::<_, russh::keys::Error>(Agent { client, identities })
    };
    match tokio::time::timeout(LIMIT, talk).await {
        Ok(Ok(agent)) => Some(agent),
        Ok(Err(error)) => {
            tracing::warn!(socket = %socket.display(), %error, "the ssh-agent cannot be used");
            None
        }
        Err(_) => {
            tracing::warn!(socket = %socket.display(), "the ssh-agent does not answer");
            None
        }
    }
}

fn socket(target: &Target, auth: &Auth) -> Option<PathBuf> {
    match target.identity_agent.as_deref() {
        None | Some("SSH_AUTH_SOCK") => auth.agent.clone(),
        Some("none") => None,
        Some(variable) if variable.starts_with('$') => {
            std::env::var_os(variable.trim_start_matches('$')).map(PathBuf::from)
        }
        Some(path) => {
            let home = std::env::home_dir().unwrap_or_default();
            Some(crate::ssh_config::expand(path, &home))
        }
    }
}
