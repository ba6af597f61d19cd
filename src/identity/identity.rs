use crate::reload::ReloadingKey;
use crate::verifier::RoleVerifier;
use crate::{IdentityError, Peer, Result, Role, files, tls, x509};
use mesoform_settings::PkiPaths;
use rustls::client::Resumption;
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use std::sync::Arc;

/// Whether a server insists on a client certificate. A certificate that is shown must always be
/// one of this cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clients {
    /// Nobody comes in without one; TLS 1.3 only.
    Required,
    /// Whoever shows none must prove himself otherwise; TLS 1.2 too, for foreign clients.
    Optional,
    /// The same, for parts of the cluster and those that are about to become some; TLS 1.3 only.
    Asked,
}

/// A service's own identity: its certificate, its key and the cluster's root. Cheap to clone.
///
/// Renewed certificates are picked up from their files within seconds by every configuration that
/// this identity has given out. A new root needs a restart.
#[derive(Debug, Clone)]
pub struct Identity {
    own: Arc<ReloadingKey>,
    roots: Arc<RootCertStore>,
    ca_fingerprint: Arc<str>,
}

impl Identity {
    /// Reads the files of `paths`.
    ///
    /// # Errors
    /// A file cannot be read or is malformed, the key is open to others or belongs to another
    /// certificate, the certificate was not signed by the root, carries no role, or does not hold now.
    pub fn load(paths: &PkiPaths) -> Result<Self> {
        let ca_pem = files::read_text(&paths.ca)?;
        let roots = x509::certificates(&ca_pem, &paths.ca.display().to_string())?;
        let own = Arc::new(ReloadingKey::load(paths, ca_pem)?);
        let ca_fingerprint = x509::fingerprint(&roots[0]).into();
        Ok(Self { own, roots: tls::root_store(roots)?, ca_fingerprint })
    }

    /// This identity, where it is the one of a `role` of `cluster`. A service asks at its start: with
    /// another's certificate all others would turn it away, and nobody would say why.
    ///
    /// # Errors
    /// It is another role's, or another cluster's.
    pub fn expect(self, role: Role, cluster: &str) -> Result<Self> {
        let found = self.peer().clone();
        if found.role == role && found.cluster == cluster {
            return Ok(self);
        }
        Err(IdentityError::WrongRole {
            path: self.own.certificate().to_owned(),
            found: found.role,
            host: found.host,
            cluster: found.cluster,
            wanted: role,
            wanted_cluster: cluster.to_owned(),
        })
    }

    /// Who this is.
    pub fn peer(&self) -> &Peer {
        self.own.peer()
    }

    pub fn cluster(&self) -> &str {
        &self.own.peer().cluster
    }

    pub fn role(&self) -> Role {
        self.own.peer().role
    }

    pub fn host(&self) -> &str {
        &self.own.peer().host
    }

    /// SHA-256 of the cluster's root certificate (DER), hex: what tells two clusters of one name apart.
    pub fn ca_fingerprint(&self) -> &str {
        &self.ca_fingerprint
    }

    /// TLS for a server of this identity, offering the protocols `alpn` (such as `b"h2"`).
    ///
    /// The client's role is not checked here: take it from the connection with [`crate::peer_of`].
    ///
    /// # Errors
    /// The root is unusable.
    pub fn server_config(&self, clients: Clients, alpn: &[&[u8]]) -> Result<Arc<ServerConfig>> {
        let verifier =
            WebPkiClientVerifier::builder_with_provider(self.roots.clone(), tls::provider());
        let (verifier, versions) = match clients {
            Clients::Required => (verifier, &[&TLS13][..]),
            Clients::Optional => (verifier.allow_unauthenticated(), &[&TLS13, &TLS12][..]),
            Clients::Asked => (verifier.allow_unauthenticated(), &[&TLS13][..]),
        };
        let mut config = ServerConfig::builder_with_provider(tls::provider())
            .with_protocol_versions(versions)
            .map_err(IdentityError::tls)?
            .with_client_cert_verifier(verifier.build().map_err(IdentityError::tls)?)
            .with_cert_resolver(self.own.clone());
        config.alpn_protocols = tls::protocols(alpn);
        // Every connection proves itself anew: a resumed session would outlive its certificate.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(Arc::new(config))
    }

    /// TLS for a client of this identity, to any server of the cluster.
    ///
    /// # Errors
    /// The root is unusable.
    pub fn client_config(&self, alpn: &[&[u8]]) -> Result<Arc<ClientConfig>> {
        self.client_config_to(&[], alpn)
    }

    /// As [`Self::client_config`], but only to servers with one of `roles` (empty: any role). Use
    /// this wherever the caller knows whom he calls.
    ///
    /// # Errors
    /// The root is unusable.
    pub fn client_config_to(&self, roles: &[Role], alpn: &[&[u8]]) -> Result<Arc<ClientConfig>> {
        let cluster = self.cluster().to_owned();
        let verifier = RoleVerifier::new(self.roots.clone(), cluster, roles)?;
        let mut config = ClientConfig::builder_with_provider(tls::provider())
            .with_protocol_versions(&[&TLS13])
            .map_err(IdentityError::tls)?
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_client_cert_resolver(self.own.clone());
        config.alpn_protocols = tls::protocols(alpn);
        config.resumption = Resumption::disabled();
        Ok(Arc::new(config))
    }
}
