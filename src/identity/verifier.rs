use crate::{IdentityError, Result, Role, peer_of, tls};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, RootCertStore,
    SignatureScheme,
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use std::sync::Arc;

/// Accepts servers whose chain ends in the cluster's root, whose certificate names them, and, where
/// roles are given, whose role is one of those: an agent's stolen key must not pass for a master.
#[derive(Debug)]
pub(crate) struct RoleVerifier {
    inner: Arc<WebPkiServerVerifier>,
    cluster: String,
    roles: Vec<Role>,
}

impl RoleVerifier {
    pub(crate) fn new(
        roots: Arc<RootCertStore>,
        cluster: String,
        roles: &[Role],
    ) -> Result<Arc<Self>> {
        let inner = WebPkiServerVerifier::builder_with_provider(roots, tls::provider())
            .build()
            .map_err(IdentityError::tls)?;
        Ok(Arc::new(Self { inner, cluster, roles: roles.to_vec() }))
    }

    fn role_fits(&self, cert: &CertificateDer<'_>) -> bool {
        peer_of(cert).is_ok_and(|peer| {
            peer.cluster == self.cluster
                && (self.roles.is_empty() || self.roles.contains(&peer.role))
        })
    }
}

impl ServerCertVerifier for RoleVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> std::result::Result<ServerCertVerified, Error> {
        let verified = self.inner.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        )?;
        if !self.role_fits(end_entity) {
            return Err(Error::InvalidCertificate(
                CertificateError::ApplicationVerificationFailure,
            ));
        }
        Ok(verified)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }

    fn root_hint_subjects(&self) -> Option<&[DistinguishedName]> {
        self.inner.root_hint_subjects()
    }
}
