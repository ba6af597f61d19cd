use crate::authority::cluster_of;
use crate::peer::peer_in;
use crate::{IdentityError, Peer, Result, Role, files, x509};
use jiff::Timestamp;
use rustls_pki_types::CertificateDer;
use std::net::IpAddr;
use std::path::Path;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;

/// Between a certificate and the root there is at most the CA of a master.
const CHAIN_MAX: usize = 2;

/// What a certificate of the cluster says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertInfo {
    pub cluster: String,
    pub role: Role,
    pub host: String,
    pub dns: Vec<String>,
    pub ips: Vec<IpAddr>,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
    /// SHA-256 of the certificate's DER, hex.
    pub fingerprint: String,
}

impl CertInfo {
    /// Reads `cert`. It does not verify the certificate: TLS has done that.
    ///
    /// # Errors
    /// It is no certificate, or carries no identity of ours.
    pub fn of(cert: &CertificateDer<'_>) -> Result<Self> {
        describe(&x509::parse(cert)?, cert)
    }

    /// Whose it is.
    pub fn peer(&self) -> Peer {
        Peer { cluster: self.cluster.clone(), role: self.role, host: self.host.clone() }
    }
}

/// Reads the first certificate of `cert_pem`, after verifying that the CA in `ca_pem` signed it
/// (through the other certificates of `cert_pem`, where there are any).
///
/// Whether it holds now is for the caller to decide: `not_before`, `not_after`.
///
/// # Errors
/// It is no certificate, not signed by that CA, or carries no identity of ours.
pub fn inspect(cert_pem: &str, ca_pem: &str) -> Result<CertInfo> {
    let chain = x509::certificates(cert_pem, "the certificate")?;
    let roots = x509::certificates(ca_pem, "the CA certificate")?;
    verify_chain(&chain, &roots[0])?;
    let leaf = x509::parse(&chain[0])?;
    describe(&leaf, &chain[0])
}

/// As [`inspect`], for files.
///
/// # Errors
/// As [`inspect`], and a file cannot be read.
pub fn inspect_file(cert: &Path, ca: &Path) -> Result<CertInfo> {
    inspect(&files::read_text(cert)?, &files::read_text(ca)?)
}

/// What the root certificate of a cluster says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaInfo {
    pub cluster: String,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
    /// SHA-256 of the certificate's DER, hex.
    pub fingerprint: String,
}

/// Reads the root certificate in `ca`.
///
/// # Errors
/// It cannot be read, or is none of a cluster.
pub fn inspect_ca_file(ca: &Path) -> Result<CaInfo> {
    let what = ca.display().to_string();
    let chain = x509::certificates(&files::read_text(ca)?, &what)?;
    let root = x509::parse(&chain[0])?;
    let cluster =
        cluster_of(&root).ok_or_else(|| IdentityError::malformed(&what, "it is no mesoform CA"))?;
    Ok(CaInfo {
        cluster,
        not_before: timestamp(root.validity().not_before.timestamp())?,
        not_after: timestamp(root.validity().not_after.timestamp())?,
        fingerprint: x509::fingerprint(&chain[0]),
    })
}

fn verify_chain(chain: &[CertificateDer<'_>], root: &CertificateDer<'_>) -> Result<()> {
    if chain.len() > CHAIN_MAX {
        return Err(untrusted("its chain is too long"));
    }
    let issuers = chain.iter().skip(1).chain([root]);
    for (cert, issuer) in chain.iter().zip(issuers) {
        let issuer = x509::parse(issuer)?;
        if !issuer.is_ca() {
            return Err(untrusted("a certificate in its chain is no CA"));
        }
        x509::parse(cert)?.verify_signature(Some(issuer.public_key())).map_err(untrusted)?;
    }
    Ok(())
}

fn untrusted(cause: impl ToString) -> IdentityError {
    IdentityError::Untrusted { cause: cause.to_string() }
}

fn describe(cert: &X509Certificate<'_>, der: &CertificateDer<'_>) -> Result<CertInfo> {
    let names = x509::alternative_names(cert)?;
    let peer = peer_in(names)?;
    let (dns, ips) = reachable(names);
    Ok(CertInfo {
        cluster: peer.cluster,
        role: peer.role,
        host: peer.host,
        dns,
        ips,
        not_before: timestamp(cert.validity().not_before.timestamp())?,
        not_after: timestamp(cert.validity().not_after.timestamp())?,
        fingerprint: x509::fingerprint(der),
    })
}

fn reachable(names: &[GeneralName<'_>]) -> (Vec<String>, Vec<IpAddr>) {
    let mut dns = Vec::new();
    let mut ips = Vec::new();
    for name in names {
        match name {
            GeneralName::DNSName(name) => dns.push((*name).to_owned()),
            GeneralName::IPAddress(octets) => ips.extend(address(octets)),
            _ => {}
        }
    }
    (dns, ips)
}

fn address(octets: &[u8]) -> Option<IpAddr> {
    <[u8; 4]>::try_from(octets)
        .map(IpAddr::from)
        .or_else(|_| <[u8; 16]>::try_from(octets).map(IpAddr::from))
        .ok()
}

fn timestamp(seconds: i64) -> Result<Timestamp> {
    Timestamp::from_second(seconds).map_err(|e| IdentityError::malformed("the certificate", e))
}
