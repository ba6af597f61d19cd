use crate::{IdentityError, Result, Secret, files, tls, x509};
use jiff::Timestamp;
use mesoform_settings::EtcdTls;
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject;
use std::path::Path;
use std::sync::Arc;

/// What a service shows to others that are no part of the cluster, and whom it believes there: an
/// etcd's CA, and a certificate that somebody else has signed. None of it is the cluster's own.
#[derive(Debug, Clone)]
pub struct Outside {
    roots: Arc<RootCertStore>,
    own: Option<Arc<CertifiedKey>>,
    not_after: Option<Timestamp>,
}

impl Outside {
    /// Reads the files of `paths`.
    ///
    /// # Errors
    /// A file cannot be read or is malformed, the key is open to others or belongs to another
    /// certificate, or the certificate does not hold now.
    pub fn load(paths: &EtcdTls) -> Result<Self> {
        let ca = files::read_text(&paths.ca)?;
        let Some(client) = &paths.client else { return Self::read((&ca, &paths.ca), None) };
        let (cert, key) = (files::read_text(&client.cert)?, files::read_secret(&client.key)?);
        let own = Own { cert: &cert, cert_path: &client.cert, key: &key, key_path: &client.key };
        Self::read((&ca, &paths.ca), Some(own))
    }

    fn read((ca, ca_path): (&str, &Path), own: Option<Own<'_>>) -> Result<Self> {
        let roots = x509::certificates(ca, &ca_path.display().to_string())?;
        let mut store = RootCertStore::empty();
        for root in roots {
            store.add(root).map_err(|e| IdentityError::malformed(ca_path.display(), e))?;
        }
        let pair = own.map(|own| own.pair()).transpose()?;
        let (own, not_after) = pair.map(|(pair, end)| (Arc::new(pair), end)).unzip();
        Ok(Self { roots: Arc::new(store), own, not_after })
    }

    /// When the certificate that is shown ends; none where none is.
    pub fn not_after(&self) -> Option<Timestamp> {
        self.not_after
    }

    /// TLS for a client, to whatever server these roots vouch for under the name that is called.
    ///
    /// # Errors
    /// The roots are unusable.
    pub fn client_config(&self, alpn: &[&[u8]]) -> Result<Arc<ClientConfig>> {
        let roots =
            WebPkiServerVerifier::builder_with_provider(self.roots.clone(), tls::provider())
                .build()
                .map_err(IdentityError::tls)?;
        let builder = ClientConfig::builder_with_provider(tls::provider())
            .with_protocol_versions(&[&TLS13, &TLS12])
            .map_err(IdentityError::tls)?
            .with_webpki_verifier(roots);
        let mut config = match &self.own {
            Some(own) => {
                builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(own.clone())))
            }
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = tls::protocols(alpn);
        config.resumption = Resumption::disabled();
        Ok(Arc::new(config))
    }
}

/// A certificate and its key, and where they lie.
struct Own<'a> {
    cert: &'a str,
    cert_path: &'a Path,
    key: &'a Secret,
    key_path: &'a Path,
}

impl Own<'_> {
    fn pair(&self) -> Result<(CertifiedKey, Timestamp)> {
        let chain = x509::certificates(self.cert, &self.cert_path.display().to_string())?;
        let end = self.holds_until(&chain[0])?;
        let key = PrivateKeyDer::from_pem_slice(self.key.expose().as_bytes())
            .map_err(|e| IdentityError::malformed(self.key_path.display(), e))?;
        let pair = CertifiedKey::from_der(chain, key, &tls::provider()).map_err(|e| {
            let (certificate, key) = (self.cert_path.to_owned(), self.key_path.to_owned());
            IdentityError::Pair { certificate, key, cause: e.to_string() }
        })?;
        Ok((pair, end))
    }

    fn holds_until(&self, der: &rustls_pki_types::CertificateDer<'_>) -> Result<Timestamp> {
        let (path, now) = (self.cert_path.to_owned(), Timestamp::now());
        let cert =
            x509::parse(der).map_err(|e| IdentityError::malformed(self.cert_path.display(), e))?;
        let at = |seconds| {
            Timestamp::from_second(seconds)
                .map_err(|e| IdentityError::malformed(self.cert_path.display(), e))
        };
        let begin = at(cert.validity().not_before.timestamp())?;
        let end = at(cert.validity().not_after.timestamp())?;
        if now >= end {
            return Err(IdentityError::OutsideExpired { path, end });
        }
        if now < begin {
            return Err(IdentityError::NotYet { path, begin, now });
        }
        Ok(end)
    }
}
