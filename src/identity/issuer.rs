use crate::renewal::Leaf;
use crate::{IdentityError, Result, Role, files, inspect};
use jiff::Timestamp;
use mesoform_settings::PkiPaths;
use rcgen::{Issuer, KeyPair};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use std::time::SystemTime;

/// A master's own CA below the cluster's root: its key was made on the master's host and never leaves
/// it. It signs what [`crate::decide`] has granted.
#[derive(Debug)]
pub struct RenewalAuthority {
    cluster: String,
    end: Timestamp,
    /// Its certificate, which goes with every one that it signs.
    chain_pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl RenewalAuthority {
    /// Reads the files of `paths`.
    ///
    /// # Errors
    /// A file cannot be read or is malformed, the key is open to others or another one's, the
    /// certificate was not signed by the root or is none of a master's CA.
    pub fn load(paths: &PkiPaths) -> Result<Self> {
        let chain_pem = files::read_text(&paths.cert)?;
        let malformed = |cause: String| IdentityError::malformed(paths.cert.display(), cause);
        let info = inspect(&chain_pem, &files::read_text(&paths.ca)?)?;
        if info.role != Role::Issuer {
            return Err(malformed(format!("this is the certificate of a {}", info.role)));
        }
        let der = CertificateDer::from_pem_slice(chain_pem.as_bytes())
            .map_err(|e| malformed(e.to_string()))?;
        let key = KeyPair::from_pem(files::read_secret(&paths.key)?.expose())
            .map_err(|e| IdentityError::malformed(paths.key.display(), e))?;
        if crate::x509::parse(&der)?.public_key().subject_public_key.data != key.public_key_raw() {
            return Err(malformed("the key beside it is another one's".into()));
        }
        let issuer = Issuer::from_ca_cert_der(&der, key).map_err(|e| malformed(e.to_string()))?;
        Ok(Self { cluster: info.cluster, end: info.not_after, chain_pem, issuer })
    }

    pub fn cluster(&self) -> &str {
        &self.cluster
    }

    /// When it ends, and all that it has signed with it.
    pub fn end(&self) -> Timestamp {
        self.end
    }

    /// Signs what was granted at `now`: the certificate, and this CA's own behind it (PEM).
    ///
    /// # Errors
    /// A name in the grant does not do.
    pub fn sign(&self, leaf: &Leaf, now: Timestamp) -> Result<String> {
        let (now, end) = (SystemTime::from(now), SystemTime::from(self.end));
        let params = leaf.grant.params_at(now, &self.cluster, end)?;
        let cert = params.signed_by(&leaf.key, &self.issuer).map_err(IdentityError::make)?;
        Ok(format!("{}{}", cert.pem(), self.chain_pem))
    }
}
