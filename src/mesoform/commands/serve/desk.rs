//! Where hosts join with their tokens, as long as no master does it.

use axum::body::Bytes;
use axum::extract::{ConnectInfo, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use axum::{Extension, Json, Router};
use jiff::Timestamp;
use mesoform_cluster::{Admin, Secrets};
use mesoform_http::{Encrypted, error_reply};
use mesoform_identity::{
    Attempts, Authority, Desk as Place, IdentityError, JOIN_PATH, JoinAnswer, JoinBook,
    JoinRefusal, JoinRequest, MAX_JOIN_REQUEST, Reception, Role, lock_folder, read_secret_of,
    write_secret,
};
use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use thiserror::Error;

/// In the operator's folder of the cluster: which tokens were used.
const BOOK: &str = "joined.json";

/// The names of the inventory's hosts, as it is now.
pub type Known = Box<dyn Fn() -> BTreeSet<String> + Send + Sync>;

/// The operator's own.
pub struct Desk {
    authority: Arc<Authority>,
    reception: Reception,
    secrets: Secrets,
    /// Nobody who is let in without a name of his own gets one of these.
    known: Known,
    /// The operator's folder.
    dir: PathBuf,
    attempts: Mutex<Attempts>,
}

/// Why nobody was enrolled.
#[derive(Debug, Error)]
enum Trouble {
    #[error(transparent)]
    Refusal(#[from] JoinRefusal),
    #[error("the secret file {0:?} is not for this host")]
    Secret(String),
    #[error("the inventory has a host {0:?} already; give this one another name")]
    Known(String),
    #[error("this host says that it is at {said}, but comes from {from}")]
    Elsewhere { said: IpAddr, from: IpAddr },
    #[error("this cannot be done now: {0}")]
    Here(IdentityError),
    #[error("this cannot be done now: {}: {cause}", path.display())]
    Book { path: PathBuf, cause: String },
}

impl Trouble {
    fn status(&self) -> StatusCode {
        match self {
            Self::Refusal(JoinRefusal::Request(_) | JoinRefusal::Nothing) => {
                StatusCode::BAD_REQUEST
            }
            Self::Refusal(JoinRefusal::Full) | Self::Here(_) | Self::Book { .. } => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            _ => StatusCode::FORBIDDEN,
        }
    }
}

impl Desk {
    /// # Errors
    /// The CA is none.
    pub fn new(admin: &Admin, secrets: Secrets, known: Known) -> Result<Self, IdentityError> {
        let authority = admin.authority.clone();
        let reception = Reception::new(Place::Operator, authority.certificate_pem())?;
        let dir = admin.dir.clone();
        Ok(Self { authority, reception, secrets, known, dir, attempts: Mutex::default() })
    }

    pub fn routes(self) -> Router {
        Router::new().route(JOIN_PATH, post(join)).with_state(Arc::new(self))
    }

    fn enrol(&self, request: &JoinRequest, from: IpAddr) -> Result<(String, JoinAnswer), Trouble> {
        let now = Timestamp::now();
        let admission = self.reception.judge(request, now)?;
        if admission.invitation.guests.is_some() {
            self.welcome(request, from)?;
        }
        let roles: Vec<Role> = admission.invitation.roles.clone();
        let mut answer = JoinAnswer::default();
        for name in &request.secrets {
            let secret =
                self.secrets.of(name, &roles).ok_or_else(|| Trouble::Secret(shown(name)))?;
            answer.secrets.insert(name.clone(), secret.expose().to_owned());
        }
        self.enter(&admission, now)?;
        for (role, leaf) in &admission.leaves {
            let chain = self.authority.sign_leaf(leaf).map_err(Trouble::Here)?;
            answer.chains.insert(*role, chain);
        }
        Ok((admission.host, answer))
    }

    /// A guest says himself who he is: no other host, at no other address than he comes from.
    fn welcome(&self, request: &JoinRequest, from: IpAddr) -> Result<(), Trouble> {
        if (self.known)().iter().any(|name| name.eq_ignore_ascii_case(&request.host)) {
            return Err(Trouble::Known(shown(&request.host)));
        }
        match request.address {
            Some(said) if said != from => Err(Trouble::Elsewhere { said, from }),
            _ => Ok(()),
        }
    }

    /// On the disk before anything is signed; one after the other, whoever else serves from the same folder.
    fn enter(
        &self,
        admission: &mesoform_identity::Admission,
        now: Timestamp,
    ) -> Result<(), Trouble> {
        let _alone = lock_folder(&self.dir).map_err(Trouble::Here)?;
        let path = self.dir.join(BOOK);
        let malformed = |cause: serde_json::Error| Trouble::Book {
            path: path.clone(),
            cause: cause.to_string(),
        };
        let mut book: JoinBook = match read_secret_of(&path, JoinBook::MAX_BYTES) {
            Ok(text) => serde_json::from_str(text.expose()).map_err(malformed)?,
            // Anything else could be a book that is there.
            Err(IdentityError::Read { source, .. }) if source.kind() == ErrorKind::NotFound => {
                JoinBook::default()
            }
            Err(error) => return Err(Trouble::Here(error)),
        };
        if book.enter(admission, now)? {
            let text = serde_json::to_string(&book).map_err(malformed)?;
            if text.len() as u64 > JoinBook::MAX_BYTES {
                return Err(JoinRefusal::Full.into());
            }
            write_secret(&path, text.as_bytes()).map_err(Trouble::Here)?;
        }
        Ok(())
    }
}

async fn join(
    State(desk): State<Arc<Desk>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    encrypted: Option<Extension<Encrypted>>,
    body: Bytes,
) -> Response {
    let refuse = |status, words: String| {
        tracing::warn!(peer = %from, "nobody joins: {words}");
        error_reply(status, words)
    };
    // Any stranger can cause these as often as he likes.
    let refuse_quietly = |status, words: &str| {
        tracing::debug!(peer = %from, "nobody joins: {words}");
        error_reply(status, words)
    };
    let allowed = {
        let mut attempts = desk.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        attempts.allow(from.ip(), Instant::now())
    };
    if !allowed {
        let words = "this address has asked too often; come back in a minute";
        return refuse_quietly(StatusCode::TOO_MANY_REQUESTS, words);
    }
    if encrypted.is_none() {
        return refuse_quietly(StatusCode::FORBIDDEN, "hosts join over https:// alone");
    }
    if body.len() > MAX_JOIN_REQUEST {
        return refuse(StatusCode::PAYLOAD_TOO_LARGE, "this is too long for a request".to_owned());
    }
    let request: JoinRequest = match serde_json::from_slice(&body) {
        Ok(request) => request,
        // The error could show a piece of the token.
        Err(_) => return refuse(StatusCode::BAD_REQUEST, "this is no request to join".to_owned()),
    };
    let ip = from.ip().to_canonical();
    let work = tokio::task::spawn_blocking(move || desk.enrol(&request, ip));
    match work.await {
        Ok(Ok((host, answer))) => {
            tracing::info!(peer = %from, host = ?shown(&host), "a host has joined");
            Json(answer).into_response()
        }
        Ok(Err(trouble)) => refuse(trouble.status(), trouble.to_string()),
        Err(_) => refuse(StatusCode::INTERNAL_SERVER_ERROR, "the signing broke off".to_owned()),
    }
}

/// A name that somebody sent, for a message.
fn shown(name: &str) -> String {
    name.chars().take(64).collect()
}
