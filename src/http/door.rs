use crate::connection::Common;
use crate::guard::Guard;
use crate::speech::{Speech, Tls};
use crate::{Budget, Credentials, HttpError, Limits, serve};
use axum::Router;
use mesoform_identity::{Clients, Identity, Role};
use mesoform_settings::{HttpSettings, Scheme};
use std::net::SocketAddr;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// The front door of an HTTP API: listens already, serves when told to.
#[derive(Debug)]
pub struct Door {
    listener: TcpListener,
    addr: SocketAddr,
    speech: Speech,
    guard: Guard,
    limits: Limits,
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
        Self::listen(http.listen, speech, Guard::Api { credentials, loopback_only, host }).await
    }

    /// A port for the cluster's own parts: TLS 1.3, a certificate with one of `roles` is required, and
    /// the caller is always a [`crate::Caller::Peer`].
    ///
    /// # Errors
    /// The address is in use or not ours; the identity is unusable.
    pub async fn mutual(
        addr: SocketAddr,
        identity: &Identity,
        roles: &[Role],
    ) -> Result<Self, HttpError> {
        let tls = Tls::new(identity, Clients::Required)?;
        let guard = Guard::Mutual { roles: roles.to_vec(), open: Vec::new() };
        Self::listen(addr, Speech::Tls(tls), guard).await
    }

    /// As [`Self::mutual`], but for the paths `open`, on which those come who have no certificate yet: there the
    /// caller may be [`crate::Caller::Anonymous`].
    ///
    /// # Errors
    /// As [`Self::mutual`].
    pub async fn mutual_but(
        addr: SocketAddr,
        identity: &Identity,
        roles: &[Role],
        open: &[&'static str],
    ) -> Result<Self, HttpError> {
        let tls = Tls::new(identity, Clients::Asked)?;
        let guard = Guard::Mutual { roles: roles.to_vec(), open: open.to_vec() };
        Self::listen(addr, Speech::Tls(tls), guard).await
    }

    async fn listen(addr: SocketAddr, speech: Speech, guard: Guard) -> Result<Self, HttpError> {
        let fail = |source| HttpError::Listen { addr, source };
        let listener = TcpListener::bind(addr).await.map_err(fail)?;
        let addr = listener.local_addr().map_err(fail)?;
        Ok(Self { listener, addr, speech, guard, limits: Limits::default() })
    }

    /// Other limits than the default ones.
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Where it listens: the port that the system chose, where the settings said 0.
    pub fn local_addr(&self) -> SocketAddr {
        self.addr
    }

    /// Serves `router` until `shutdown`; then nobody can connect any more, open requests may end, and
    /// what still runs after [`Limits::drain`] is cut. Every request carries a [`crate::Caller`] and
    /// axum's `ConnectInfo<SocketAddr>`. What goes wrong on one connection ends that connection.
    pub async fn serve(self, router: Router, shutdown: CancellationToken) {
        let limits = self.limits.within(Budget::of_this_process());
        let common = Common::new(self.speech, self.guard, router, limits, shutdown);
        serve::serve(self.listener, self.addr, common).await;
    }
}
