use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use russh::keys::ssh_key::certificate::CertType;
use russh::keys::ssh_key::public::KeyData;
use russh::keys::{Certificate, HashAlg, PublicKey, PublicKeyOrCertificate};

use crate::error::{OldKey, ShownKey, TransportError};
use crate::known_hosts::{self, Entry, KnownHosts, Verdict, fingerprint};
use crate::target::{HostKeyChecking, Target};

/// Our side of one connection's key exchange: it decides whether the host is who it should be.
pub(crate) struct Client {
    pub target: Arc<Target>,
    pub known: Arc<KnownHosts>,
    /// What known_hosts has for the address without its port: it vouches for a key that the name with
    /// the port does not have (OpenSSH's "checking without port identifier"), and never accuses one.
    pub portless: Arc<KnownHosts>,
}

/// What ends a connection: the protocol's error, or our own decision.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientError {
    #[error(transparent)]
    Ssh(#[from] russh::Error),
    #[error(transparent)]
    Host(Box<TransportError>),
}

impl russh::client::Handler for Client {
    type Error = ClientError;

    async fn check_server_key(
        &mut self,
        shown: &PublicKeyOrCertificate,
    ) -> Result<bool, ClientError> {
        if self.target.host_key_checking == HostKeyChecking::Off {
            return Ok(true);
        }
        let checked = match shown {
            PublicKeyOrCertificate::PublicKey { key, .. } => self.check_key(key),
            PublicKeyOrCertificate::Certificate(certificate) => self.check_certificate(certificate),
        };
        checked.map(|()| true).map_err(|error| ClientError::Host(Box::new(error)))
    }
}

impl Client {
    fn check_key(&self, key: &PublicKey) -> Result<(), TransportError> {
        match self.known.check(key.key_data()) {
            Verdict::Known => Ok(()),
            Verdict::Unknown if self.vouched(key.key_data()) => Ok(()),
            Verdict::Unknown if self.target.host_key_checking == HostKeyChecking::AcceptNew => {
                self.record(key)
            }
            Verdict::Unknown => Err(self.unknown(key)),
            Verdict::Changed(entry) => Err(self.changed(*entry, key)),
            Verdict::Revoked(at) => Err(self.revoked(at, key.key_data())),
        }
    }

    /// A certificate of an authority that known_hosts trusts for this name; one of any other
    /// authority counts as the bare key in it.
    fn check_certificate(&self, certificate: &Certificate) -> Result<(), TransportError> {
        for key in [certificate.public_key(), certificate.signature_key()] {
            if let Some(at) = self.known.revoked(key) {
                return Err(self.revoked(at, key));
            }
        }
        let authorities = self.known.authorities().chain(self.portless.authorities());
        let trusted: Vec<_> = authorities.map(|key| key.fingerprint(HashAlg::Sha256)).collect();
        if !trusted.contains(&certificate.signature_key().fingerprint(HashAlg::Sha256)) {
            return self.check_key(&PublicKey::new(certificate.public_key().clone(), ""));
        }
        let judged = self.judge(certificate).and_then(|()| {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
            certificate
                .validate_at(now, &trusted)
                .map_err(|_| "its signature or its period of validity is wrong".to_owned())
        });
        judged.map_err(|cause| TransportError::HostCertificate {
            host: self.target.name.clone(),
            lookup: self.principal(),
            cause,
        })
    }

    fn vouched(&self, key: &KeyData) -> bool {
        matches!(self.portless.check(key), Verdict::Known)
    }

    fn judge(&self, certificate: &Certificate) -> Result<(), String> {
        if certificate.cert_type() != CertType::Host {
            return Err("it is a user's certificate".to_owned());
        }
        if certificate.critical_options().iter().next().is_some() {
            return Err("it has critical options that are not known".to_owned());
        }
        let name = self.principal();
        let principals = certificate.valid_principals();
        // One without names is for any host; names have no wildcards here.
        if !principals.is_empty() && !principals.contains(&name) {
            return Err(format!("it is for {}, not for {name}", principals.join(", ")));
        }
        Ok(())
    }

    /// Certificates name hosts without a port.
    fn principal(&self) -> String {
        let alias = self.target.host_key_alias.as_ref();
        alias.unwrap_or(&self.target.address).to_lowercase()
    }

    fn record(&self, key: &PublicKey) -> Result<(), TransportError> {
        if self.target.record_nothing {
            return Ok(());
        }
        let name = self.target.lookup_name();
        let Some(file) = self.target.known_hosts.first() else { return Err(self.unknown(key)) };
        known_hosts::append(file, &name, key, self.target.hash_known_hosts).map_err(|error| {
            TransportError::KnownHostsWrite {
                host: self.target.name.clone(),
                path: file.clone(),
                cause: error.to_string(),
            }
        })?;
        let fingerprint = fingerprint(key.key_data());
        tracing::warn!(host = self.target.name, %fingerprint, file = %file.display(), "new host key recorded");
        Ok(())
    }

    fn unknown(&self, key: &PublicKey) -> TransportError {
        let Target { name, address, port, known_hosts: files, .. } = &*self.target;
        let first = files.first().map(|file| file.display().to_string());
        let first = first.unwrap_or_else(|| "~/.ssh/known_hosts".to_owned());
        let port = if *port == 22 { String::new() } else { format!("-p {port} ") };
        TransportError::HostKeyUnknown {
            host: name.clone(),
            shown: Box::new(self.shown(key)),
            files: known_hosts::list(files),
            scan: format!("ssh-keyscan {port}{address} >> {first}"),
        }
    }

    fn changed(&self, entry: Entry, key: &PublicKey) -> TransportError {
        let old = OldKey {
            kind: entry.key.algorithm().to_string(),
            fingerprint: fingerprint(entry.key.key_data()),
            at: entry.at,
        };
        let (host, shown) = (self.target.name.clone(), Box::new(self.shown(key)));
        TransportError::HostKeyChanged { host, shown, old: Box::new(old) }
    }

    fn shown(&self, key: &PublicKey) -> ShownKey {
        ShownKey {
            lookup: self.target.lookup_name(),
            kind: key.algorithm().to_string(),
            fingerprint: fingerprint(key.key_data()),
        }
    }

    fn revoked(&self, at: crate::Place, key: &KeyData) -> TransportError {
        let host = self.target.name.clone();
        TransportError::HostKeyRevoked { host, at, fingerprint: fingerprint(key) }
    }
}
