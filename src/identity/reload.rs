use crate::{CertInfo, IdentityError, Peer, Result, files, inspect, tls, x509};
use jiff::Timestamp;
use mesoform_settings::PkiPaths;
use rustls::SignatureScheme;
use rustls::client::ResolvesClientCert;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often, at most, the files are looked at.
const CHECK_EVERY: Duration = Duration::from_secs(2);

/// A certificate and its key, read again when their files change, so that a renewed certificate
/// needs no restart, whoever renewed it: connections that stand stay, later ones show the new one. What
/// cannot be used is logged and the old pair stays.
#[derive(Debug)]
pub(crate) struct ReloadingKey {
    paths: PkiPaths,
    /// The root that every certificate to come must be signed by.
    ca_pem: String,
    peer: Peer,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    checked: Instant,
    seen: Stamp,
    pair: Arc<CertifiedKey>,
}

/// What tells one version of the two files from another.
type Stamp = [Option<(u64, u64, i64, i64)>; 2];

impl ReloadingKey {
    pub(crate) fn load(paths: &PkiPaths, ca_pem: String) -> Result<Self> {
        let seen = stamp(paths);
        let (pair, peer) = read_pair(paths, &ca_pem)?;
        let state = State { checked: Instant::now(), seen, pair: Arc::new(pair) };
        Ok(Self { paths: paths.clone(), ca_pem, peer, state: Mutex::new(state) })
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
        // The state is only ever replaced whole, so a poisoned lock holds a sound one.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if now.saturating_duration_since(state.checked) >= CHECK_EVERY {
            state.checked = now;
            self.refresh(&mut state);
        }
        state.pair.clone()
    }

    fn refresh(&self, state: &mut State) {
        let seen = stamp(&self.paths);
        if seen == state.seen {
            return;
        }
        match read_pair(&self.paths, &self.ca_pem) {
            Ok((pair, peer)) if peer == self.peer => {
                tracing::info!(certificate = %self.paths.cert.display(), "certificate renewed");
                (state.seen, state.pair) = (seen, Arc::new(pair));
            }
            Ok((_, peer)) => {
                tracing::warn!(certificate = %self.paths.cert.display(), %peer,
                    "the new certificate is another one's: the old one stays in use");
                state.seen = seen;
            }
            // Perhaps only one of the two files is written yet: look again next time.
            Err(error) => tracing::warn!(certificate = %self.paths.cert.display(), %error,
                "the new certificate cannot be used yet"),
        }
    }
}

fn stamp(paths: &PkiPaths) -> Stamp {
    let of = |path: &Path| {
        let meta = std::fs::metadata(path).ok()?;
        Some((meta.ino(), meta.len(), meta.mtime(), meta.mtime_nsec()))
    };
    [of(&paths.cert), of(&paths.key)]
}

/// A pair that others accept now.
fn read_pair(paths: &PkiPaths, ca_pem: &str) -> Result<(CertifiedKey, Peer)> {
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
    Ok((pair, Peer { cluster: info.cluster, role: info.role, host: info.host }))
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
