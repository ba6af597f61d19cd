use crate::verifier::RoleVerifier;
use crate::{IdentityError, Result, Role, tls, x509};
use rustls::ClientConfig;
use rustls::client::Resumption;
use rustls::version::TLS13;
use std::sync::Arc;

/// TLS for who has no certificate yet, and believes nobody but servers of `cluster` with one of `roles`, under
/// the root whose certificate (DER) has the SHA-256 `pin` (hex).
///
/// # Errors
/// `ca_pem` is another certificate, or none.
pub fn pinned_client_config(
    ca_pem: &str,
    pin: &str,
    cluster: &str,
    roles: &[Role],
    alpn: &[&[u8]],
) -> Result<Arc<ClientConfig>> {
    let root = x509::certificates(ca_pem, "the CA certificate")?.remove(0);
    if x509::fingerprint(&root) != pin {
        let cause = "the CA certificate is not the one that is pinned".to_owned();
        return Err(IdentityError::Untrusted { cause });
    }
    let verifier = RoleVerifier::new(tls::root_store(vec![root])?, cluster.to_owned(), roles)?;
    let mut config = ClientConfig::builder_with_provider(tls::provider())
        .with_protocol_versions(&[&TLS13])
        .map_err(IdentityError::tls)?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    config.alpn_protocols = tls::protocols(alpn);
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Authority;

    #[test]
    fn only_the_pinned_root_is_believed() {
        let [ours, other] = ["c", "c"].map(|name| Authority::create(name).unwrap());
        let config = |ca: &Authority| {
            pinned_client_config(ca.certificate_pem(), &ours.fingerprint(), "c", &[], &[])
        };
        assert!(config(&ours).is_ok());
        assert!(config(&other).unwrap_err().to_string().contains("pinned"));
    }
}
