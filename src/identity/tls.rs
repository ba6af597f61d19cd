use crate::{IdentityError, Result};
use rustls::RootCertStore;
use rustls::crypto::{CryptoProvider, ring};
use rustls_pki_types::CertificateDer;
use std::sync::Arc;

/// The one crypto provider of the project; never the process-wide default, which nobody sets.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

pub(crate) fn root_store(roots: Vec<CertificateDer<'static>>) -> Result<Arc<RootCertStore>> {
    let mut store = RootCertStore::empty();
    for root in roots {
        store.add(root).map_err(IdentityError::tls)?;
    }
    Ok(Arc::new(store))
}

pub(crate) fn protocols(alpn: &[&[u8]]) -> Vec<Vec<u8>> {
    alpn.iter().map(|name| name.to_vec()).collect()
}
