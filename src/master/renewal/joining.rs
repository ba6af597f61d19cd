use super::ledger::{Ledger, NotEntered};
use crate::reply::text;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use axum::{Json, Router};
use http::StatusCode;
use jiff::Timestamp;
use mesoform_identity::{
    Admission, Attempts, CREDENTIALS, Desk, ETCD_KEY, JOIN_PATH, JoinAnswer, JoinRefusal,
    JoinRequest, Reception, RenewalAuthority, Role, may_have,
};
use mesoform_settings::{MasterSettings, PkiPaths};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use thiserror::Error;

/// What hosts get beside their certificates, as far as this master has it itself.
#[derive(Debug, Clone, Default)]
pub struct Files {
    credentials: Option<PathBuf>,
    etcd_key: Option<PathBuf>,
}

impl Files {
    pub fn of(settings: &MasterSettings) -> Self {
        let tls = settings.quorum.etcd.as_ref().and_then(|etcd| etcd.tls.as_ref());
        let client = tls.and_then(|tls| tls.client.as_ref());
        let etcd_key = client.map(|client| client.key.clone());
        Self { credentials: settings.http.credentials.clone(), etcd_key }
    }

    #[cfg(test)]
    pub fn at(credentials: &Path) -> Self {
        Self { credentials: Some(credentials.to_owned()), etcd_key: None }
    }

    fn path(&self, name: &str) -> Option<&Path> {
        match name {
            CREDENTIALS => self.credentials.as_deref(),
            ETCD_KEY => self.etcd_key.as_deref(),
            _ => None,
        }
    }
}

/// Why a host does not join here, or not now.
#[derive(Debug, Error)]
enum Trouble {
    #[error(transparent)]
    Refused(#[from] JoinRefusal),
    #[error("the secret file {0:?} is not for this host")]
    Secret(String),
    #[error(
        "a master joins by `mesoform serve` or `mesoform up` alone, since the cluster's root signs its CA"
    )]
    Master,
    #[error("nobody can join here now: {0}")]
    Here(String),
}

impl Trouble {
    fn status(&self) -> StatusCode {
        match self {
            Self::Refused(JoinRefusal::Request(_) | JoinRefusal::Nothing) => {
                StatusCode::BAD_REQUEST
            }
            Self::Here(_) => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::FORBIDDEN,
        }
    }
}

impl From<NotEntered> for Trouble {
    fn from(error: NotEntered) -> Self {
        match error {
            NotEntered::Refused(refusal) => Self::Refused(refusal),
            NotEntered::Unknown(cause) => Self::Here(cause),
        }
    }
}

/// Where those are met who have a token and no certificate.
pub struct Lobby<L> {
    ledger: L,
    files: Files,
    issuer: PkiPaths,
    attempts: Mutex<Attempts>,
}

impl<L: Ledger> Lobby<L> {
    pub fn new(ledger: L, files: Files, issuer: PkiPaths) -> Self {
        Self { ledger, files, issuer, attempts: Mutex::default() }
    }

    pub fn routes(self) -> Router {
        Router::new().route(JOIN_PATH, post(join::<L>)).with_state(Arc::new(self))
    }

    /// Judges before anything is asked of the quorum, and signs when the use of the token is written down.
    async fn enrol(
        self: &Arc<Self>,
        request: JoinRequest,
    ) -> Result<(String, JoinAnswer), Trouble> {
        let now = Timestamp::now();
        let lobby = Arc::clone(self);
        let (admission, secrets) = blocking(move || lobby.judge(&request, now)).await?;
        self.ledger.enter(&admission, now).await?;
        let (lobby, host) = (Arc::clone(self), admission.host.clone());
        let answer = blocking(move || lobby.sign(&admission, secrets, now)).await?;
        Ok((host, answer))
    }

    fn judge(
        &self,
        request: &JoinRequest,
        now: Timestamp,
    ) -> Result<(Admission, JoinAnswer), Trouble> {
        let ca = read(&self.issuer.ca)?;
        let reception = Reception::new(Desk::Masters, &ca).map_err(here)?;
        let admission = reception.judge(request, now)?;
        if !admission
            .leaves
            .keys()
            .all(|role| Role::RENEWED.contains(role) && *role != Role::Master)
        {
            return Err(Trouble::Master);
        }
        let mut answer = JoinAnswer::default();
        for name in &request.secrets {
            let path =
                self.files.path(name).filter(|_| may_have(name, &admission.invitation.roles));
            let path = path.ok_or_else(|| Trouble::Secret(name.chars().take(64).collect()))?;
            answer.secrets.insert(name.clone(), read(path)?);
        }
        Ok((admission, answer))
    }

    fn sign(
        &self,
        admission: &Admission,
        mut answer: JoinAnswer,
        now: Timestamp,
    ) -> Result<JoinAnswer, Trouble> {
        let authority = RenewalAuthority::load(&self.issuer).map_err(here)?;
        // The host asks another master then.
        if authority.end() <= now {
            return Err(Trouble::Here(format!(
                "this master's own CA ended on {}",
                authority.end()
            )));
        }
        for (role, leaf) in &admission.leaves {
            answer.chains.insert(*role, authority.sign(leaf, now).map_err(here)?);
        }
        Ok(answer)
    }
}

async fn join<L: Ledger>(
    State(lobby): State<Arc<Lobby<L>>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    body: Bytes,
) -> Response {
    let refuse = |status, words: String| {
        // Any stranger can cause these as often as he likes.
        match status {
            StatusCode::TOO_MANY_REQUESTS => tracing::debug!(peer = %from, "nobody joins: {words}"),
            _ => tracing::warn!(peer = %from, "nobody joins: {words}"),
        }
        text(status, words)
    };
    let allowed = {
        let mut attempts = lobby.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        attempts.allow(from.ip(), Instant::now())
    };
    if !allowed {
        let words = "this address has asked too often; come back in a minute".to_owned();
        return refuse(StatusCode::TOO_MANY_REQUESTS, words);
    }
    // The error could show a piece of the token.
    let Ok(request) = serde_json::from_slice::<JoinRequest>(&body) else {
        return refuse(StatusCode::BAD_REQUEST, "this is no request to join".to_owned());
    };
    match lobby.enrol(request).await {
        Ok((host, answer)) => {
            tracing::info!(peer = %from, ?host, "a host has joined");
            Json(answer).into_response()
        }
        Err(trouble) => refuse(trouble.status(), trouble.to_string()),
    }
}

/// Files are read, and keys worked with.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Trouble> + Send + 'static,
) -> Result<T, Trouble> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_| Err(Trouble::Here("the signing broke off".to_owned())))
}

fn read(path: &Path) -> Result<String, Trouble> {
    let text = std::fs::read_to_string(path);
    text.map_err(|error| Trouble::Here(format!("{}: {error}", path.display())))
}

fn here(error: impl std::fmt::Display) -> Trouble {
    Trouble::Here(error.to_string())
}
