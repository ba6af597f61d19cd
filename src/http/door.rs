use crate::guard::{Guard, Watch, stand_guard};
use crate::speech::{Speech, Tls};
use crate::{Credentials, HttpError, Limits, serve};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use mesoform_identity::{Clients, Identity, Role};
use mesoform_settings::{HttpSettings, Scheme};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// The front door of an HTTP API: listens already, serves when told to.
#[derive(Debug)]
pub struct Door {
    front: Front,
}

impl Door {
    /// Listens as `http` says. With https an `identity` is needed; clients may show a certificate
    /// of the cluster (an agent's: only of the same host), and all others need Basic credentials
    /// where `http.credentials` names a file.
    ///
    /// Where plain HTTP is asked for and there is an `identity`, the port understands TLS too: the
    /// cluster's own parts then still show their certificates, and need no password that would
    /// travel in the clear.
    ///
    /// # Errors
    /// The address is in use or not ours, the credentials cannot be read, the identity is missing.
    pub async fn bind(http: &HttpSettings, identity: Option<&Identity>) -> Result<Self, HttpError> {
        let tls = identity.map(|identity| Tls::new(identity, Clients::Optional)).transpose()?;
        let speech = match (http.scheme, tls) {
            (Scheme::Http, None) => Speech::Plain,
            (Scheme::Http, Some(tls)) => Speech::Either(tls),
            (Scheme::Https, Some(tls)) => Speech::Tls(tls),
            (Scheme::Https, None) => return Err(HttpError::NoIdentity { addr: http.listen }),
        };
        let credentials = http.credentials.as_deref().map(Credentials::load).transpose()?;
        let loopback_only = http.scheme == Scheme::Http && http.listen.ip().is_loopback();
        let host = identity.map(|identity| identity.host().to_owned());
        let guard = Guard::Api { credentials, loopback_only, host };
        Ok(Self { front: Front::bind(http.listen, speech, guard).await? })
    }

    /// Other limits than the default ones.
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.front.limits = limits;
        self
    }

    /// Where it listens: the port that the system chose, where the settings said 0.
    pub fn local_addr(&self) -> SocketAddr {
        self.front.addr
    }

    /// Serves `router` until `shutdown`; then lets open requests end, and cuts what still runs after
    /// two seconds. Every request carries a [`crate::Caller`] and axum's `ConnectInfo<SocketAddr>`.
    ///
    /// # Errors
    /// None so far: what goes wrong on one connection ends that connection.
    pub async fn serve(self, router: Router, shutdown: CancellationToken) -> Result<(), HttpError> {
        self.front.serve(router, shutdown).await;
        Ok(())
    }
}

/// A port for the cluster's own parts: TLS 1.3, a certificate is required and its role is checked.
#[derive(Debug)]
pub struct MutualDoor {
    front: Front,
}

impl MutualDoor {
    /// Listens on `addr` for holders of certificates with one of `roles`.
    ///
    /// # Errors
    /// The address is in use or not ours; the identity is unusable.
    pub async fn bind(
        addr: SocketAddr,
        identity: &Identity,
        roles: &[Role],
    ) -> Result<Self, HttpError> {
        let tls = Tls::new(identity, Clients::Required)?;
        let guard = Guard::Mutual { roles: roles.to_vec() };
        Ok(Self { front: Front::bind(addr, Speech::Tls(tls), guard).await? })
    }

    /// As [`Door::with_limits`].
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.front.limits = limits;
        self
    }

    /// As [`Door::local_addr`].
    pub fn local_addr(&self) -> SocketAddr {
        self.front.addr
    }

    /// As [`Door::serve`]; the caller is always a [`crate::Caller::Peer`].
    ///
    /// # Errors
    /// As [`Door::serve`].
    pub async fn serve(self, router: Router, shutdown: CancellationToken) -> Result<(), HttpError> {
        self.front.serve(router, shutdown).await;
        Ok(())
    }
}

/// What the two doors have in common.
#[derive(Debug)]
struct Front {
    listener: TcpListener,
    addr: SocketAddr,
    speech: Speech,
    guard: Guard,
    limits: Limits,
}

impl Front {
    async fn bind(addr: SocketAddr, speech: Speech, guard: Guard) -> Result<Self, HttpError> {
        let fail = |source| HttpError::Listen { addr, source };
        let listener = TcpListener::bind(addr).await.map_err(fail)?;
        let addr = listener.local_addr().map_err(fail)?;
        Ok(Self { listener, addr, speech, guard, limits: Limits::default() })
    }

    async fn serve(self, router: Router, shutdown: CancellationToken) {
        let watch = Watch { guard: Arc::new(self.guard), body_limit: self.limits.body };
        let router = router
            // Ours bounds every body, also those that no extractor reads.
            .layer(DefaultBodyLimit::disable())
            .layer(from_fn_with_state(watch, stand_guard));
        serve::serve(self.listener, self.speech, router, self.limits, shutdown).await;
    }
}
