//! 5056: the cluster's parts have their certificates renewed, each with the one that it has still.
//!
//! Any master does that, whether or not it leads: what is signed depends on nothing but the certificate
//! that is shown, so a quorum without consensus keeps nobody from it. What may be signed is decided by
//! [`mesoform_identity::decide`]. Hosts that come with a token in the place of a certificate ask here too
//! (`joining`): the book of used tokens is in the quorum, so that one needs consensus.

mod joining;
mod ledger;
mod ration;
#[cfg(test)]
mod tests;

use crate::MasterError;
use crate::reply::text;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use axum::{Extension, Json, Router};
use http::StatusCode;
use jiff::Timestamp;
pub use joining::Files;
use joining::Lobby;
pub use ledger::{Ledger, Tokens};
use mesoform_http::{Door, Limits, PeerCertificate};
use mesoform_identity::{
    CertInfo, Identity, JOIN_PATH, RENEW_PATH, Refusal, RenewAnswer, RenewRequest,
    RenewalAuthority, Role, decide,
};
use mesoform_settings::{PkiPaths, RenewalSettings};
use ration::Ration;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// At a time; each stays for one answer.
pub const CONNECTIONS: usize = 512;
/// A request for a renewal is below 1 KiB, one with a token below 4 KiB.
const BODY: usize = 32 << 10;
const BODIES: usize = 4 << 20;

/// The port, and what is served on it.
pub struct Desk {
    door: Door,
    office: Arc<Office>,
}

/// What signs.
struct Office {
    /// Read for each request: so it is renewed without a restart.
    issuer: PkiPaths,
    ration: Mutex<Ration>,
}

impl Desk {
    /// Listens, for everybody whose certificate can be renewed.
    ///
    /// # Errors
    /// The address is in use or not ours.
    pub async fn bind(
        settings: &RenewalSettings,
        identity: &Identity,
        connections: usize,
    ) -> Result<Self, MasterError> {
        let door =
            Door::mutual_but(settings.listen, identity, &Role::RENEWED, &[JOIN_PATH]).await?;
        let limits = Limits { connections, body: BODY, bodies: BODIES, ..Limits::default() };
        let office = Office { issuer: settings.issuer.clone(), ration: Mutex::default() };
        Ok(Self { door: door.with_limits(limits), office: Arc::new(office) })
    }

    #[cfg(test)]
    pub fn local_addr(&self) -> std::net::SocketAddr {
        self.door.local_addr()
    }

    /// Serves until `shutdown`; `ledger` is the book of used tokens, and `files` are what hosts get beside their
    /// certificates.
    pub async fn serve<L: Ledger>(
        self,
        ledger: L,
        files: Files,
        shutdown: tokio_util::sync::CancellationToken,
    ) {
        let lobby = Lobby::new(ledger, files, self.office.issuer.clone());
        let router = Router::new().route(RENEW_PATH, post(renew)).with_state(self.office);
        self.door.serve(router.merge(lobby.routes()), shutdown).await;
    }
}

async fn renew(
    State(office): State<Arc<Office>>,
    Extension(shown): Extension<PeerCertificate>,
    Json(request): Json<RenewRequest>,
) -> Response {
    // Files are read, and keys worked with.
    let signed = tokio::task::spawn_blocking(move || office.renew(&shown, &request));
    match signed.await {
        Ok(Ok(chain_pem)) => Json(RenewAnswer { chain_pem }).into_response(),
        Ok(Err((status, words))) => text(status, words),
        Err(_) => text(StatusCode::INTERNAL_SERVER_ERROR, "the signing broke off"),
    }
}

impl Office {
    fn renew(
        &self,
        shown: &PeerCertificate,
        request: &RenewRequest,
    ) -> Result<String, (StatusCode, String)> {
        let shown = CertInfo::of(&shown.0).map_err(|e| (StatusCode::FORBIDDEN, e.to_string()))?;
        let peer = shown.peer();
        let no_authority = |cause: &dyn std::fmt::Display| {
            let words = format!("this master renews no certificates now: {cause}");
            tracing::warn!(%peer, "{words}");
            (StatusCode::SERVICE_UNAVAILABLE, words)
        };
        let authority = RenewalAuthority::load(&self.issuer).map_err(|e| no_authority(&e))?;
        let now = Timestamp::now();
        let leaf = decide(&shown, &request.csr_pem, &authority, now).map_err(|refusal| {
            tracing::warn!(%peer, %refusal, "a certificate is not renewed");
            (status_of(&refusal), refusal.to_string())
        })?;
        if !self.ration.lock().unwrap_or_else(PoisonError::into_inner).take(&peer, Instant::now()) {
            let words = "this certificate was renewed several times just now; come back later";
            return Err((StatusCode::TOO_MANY_REQUESTS, words.to_owned()));
        }
        let chain = authority.sign(&leaf, now).map_err(|e| no_authority(&e))?;
        tracing::info!(%peer, "certificate renewed");
        Ok(chain)
    }
}

fn status_of(refusal: &Refusal) -> StatusCode {
    match refusal {
        Refusal::Request(_) => StatusCode::BAD_REQUEST,
        // Another master's CA may last longer.
        Refusal::NoGain(_) => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::FORBIDDEN,
    }
}
