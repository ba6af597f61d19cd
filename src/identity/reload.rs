use crate::{CertInfo, IdentityError, Peer, Reread, Result, files, inspect, tls, x509};
use jiff::Timestamp;
use mesoform_settings::PkiPaths;
use rustls::SignatureScheme;
use rustls::client::ResolvesClientCert;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// A certificate and its key, read again when their files change, so that a renewed certificate
/// needs no restart, whoever renewed it: connections that stand stay, later ones show the new one. What
/// cannot be used is logged and the old pair stays.
#[derive(Debug)]
pub(crate) struct ReloadingKey {
    paths: PkiPaths,
    /// The root that every certificate to come must be signed by.
    ca_pem: String,
    peer: Peer,
    pair: Reread<(Arc<CertifiedKey>, Peer)>,
}

/// Why a new pair is not taken.
enum Unfit {
    Anothers(Peer),
    /// Perhaps only one of the two files is written yet.
    Broken(IdentityError),
}

impl ReloadingKey {
    pub(crate) fn load(paths: &PkiPaths, ca_pem: String) -> Result<Self> {
        let files = vec![paths.cert.clone(), paths.key.clone()];
        let pair = Reread::new(files, || read_pair(paths, &ca_pem))?;
        let peer = pair.last().1.clone();
        Ok(Self { paths: paths.clone(), ca_pem, peer, pair })
    }

    pub(crate) fn certificate(&self) -> &Path {
        &self.paths.cert
    }

    pub(crate) fn peer(&self) -> &Peer {
        &self.peer
    }

    fn current(&self) -> Arc<CertifiedKey> {
        self.current_at(Instant::now())
    }

    pub(crate) fn current_at(&self, now: Instant) -> Arc<CertifiedKey> {
        let pair = self.pair.current(now, || self.renewed(), |unfit| self.tell(&unfit));
        pair.0.clone()
    }

    fn renewed(&self) -> std::result::Result<(Arc<CertifiedKey>, Peer), Unfit> {
        let pair = read_pair(&self.paths, &self.ca_pem).map_err(Unfit::Broken)?;
        if pair.1 != self.peer {
            return Err(Unfit::Anothers(pair.1));
        }
        tracing::info!(certificate = %self.paths.cert.display(), "certificate renewed");
        Ok(pair)
    }

    fn tell(&self, unfit: &Unfit) {
        let certificate = self.paths.cert.display();
        match unfit {
            Unfit::Anothers(peer) => tracing::warn!(%certificate, %peer,
                "the new certificate is another one's: the old one stays in use"),
            Unfit::Broken(error) => tracing::warn!(%certificate, %error,
                "the new certificate cannot be used yet"),
        }
    }
}

/// A pair that others accept now.
fn read_pair(paths: &PkiPaths, ca_pem: &str) -> Result<(Arc<CertifiedKey>, Peer)> {
    let pem = files::read_text(&paths.cert)?;
    let chain = x509::certificates(&pem, &paths.cert.display().to_string())?;
    let info = inspect(&pem, ca_pem)?;
    holds_at(Timestamp::now(), &info, &paths.cert)?;
    let secret = files::read_secret(&paths.key)?;
    let key = PrivateKeyDer::from_pem_slice(secret.expose().as_bytes())
        .map_err(|e| IdentityError::malformed(paths.key.display(), e))?;
    let pair = CertifiedKey::from_der(chain, key, &tls::provider()).map_err(|e| {
        let (certificate, key) = (paths.cert.clone(), paths.key.clone());
        IdentityError::Pair { certificate, key, cause: e.to_string() }
    })?;
    Ok((Arc::new(pair), Peer { cluster: info.cluster, role: info.role, host: info.host }))
}

/// Said here, since a failed handshake says it to nobody who could help.
fn holds_at(now: Timestamp, info: &CertInfo, path: &Path) -> Result<()> {
    let path = path.to_owned();
    if now >= info.not_after {
        return Err(IdentityError::Expired { path, end: info.not_after });
    }
    if now < info.not_before {
        return Err(IdentityError::NotYet { path, begin: info.not_before, now });
    }
    Ok(())
}

impl ResolvesServerCert for ReloadingKey {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current())
    }
}

impl ResolvesClientCert for ReloadingKey {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(self.current())
    }

    fn has_certs(&self) -> bool {
        true
    }
}
