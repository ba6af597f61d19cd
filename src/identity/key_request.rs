use crate::{IdentityError, Result, Secret};
use rcgen::{
    CertificateParams, CertificateSigningRequestParams, KeyPair, PublicKey, PublicKeyData,
};

/// A P-256 request is about 400 bytes.
const MAX_REQUEST: usize = 16 * 1024;

/// A fresh key and the request for its certificate. The key stays on the host that made it.
#[derive(Debug, Clone)]
pub struct KeyRequest {
    /// The private key, PKCS#8.
    pub key_pem: Secret,
    /// The request, PKCS#10. It names nobody: what the certificate says comes from the grant.
    pub csr_pem: String,
}

impl KeyRequest {
    /// Makes a P-256 key and its request.
    ///
    /// # Errors
    /// The system gives no randomness.
    pub fn generate() -> Result<Self> {
        Self::from_key(&KeyPair::generate().map_err(IdentityError::make)?)
    }

    /// A new request for a key that is there already, to renew its certificate.
    ///
    /// # Errors
    /// `key_pem` holds no P-256 key.
    pub fn renew(key_pem: &Secret) -> Result<Self> {
        let key = KeyPair::from_pem(key_pem.expose())
            .map_err(|e| IdentityError::malformed("the private key", e))?;
        Self::from_key(&key)
    }

    fn from_key(key: &KeyPair) -> Result<Self> {
        let mut params = CertificateParams::default();
        params.distinguished_name = Default::default();
        let csr_pem = params
            .serialize_request(key)
            .and_then(|request| request.pem())
            .map_err(IdentityError::make)?;
        Ok(Self { key_pem: Secret::new(key.serialize_pem()), csr_pem })
    }
}

/// The public key of a request whose maker has proven to hold the private one.
pub(crate) fn proven_key(csr_pem: &str) -> Result<PublicKey> {
    let refuse = |cause: String| IdentityError::Request { cause };
    if csr_pem.len() > MAX_REQUEST {
        return Err(refuse(format!("it is longer than {MAX_REQUEST} bytes")));
    }
    let request =
        CertificateSigningRequestParams::from_pem(csr_pem).map_err(|e| refuse(e.to_string()))?;
    // rcgen goes by the signature's algorithm, which says nothing about the curve: an
    // uncompressed P-256 point is 65 bytes long.
    let key = request.public_key;
    let p256 = key.algorithm() == &rcgen::PKCS_ECDSA_P256_SHA256 && key.der_bytes().len() == 65;
    p256.then_some(key).ok_or_else(|| refuse("its key is not P-256".into()))
}
