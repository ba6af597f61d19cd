use crate::{IdentityError, Result, Role, x509};
use rustls_pki_types::CertificateDer;
use std::fmt;
use std::str::FromStr;
use x509_parser::extensions::GeneralName;

const SCHEME: &str = "mesoform://";

/// Who holds a certificate, as its URI says: `mesoform://<cluster>/<role>/<host>`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Peer {
    pub cluster: String,
    pub role: Role,
    pub host: String,
}

/// Reads who `cert` was issued to. It does not verify the certificate: TLS has done that.
///
/// # Errors
/// It is no certificate, or it does not carry exactly one identity of ours.
pub fn peer_of(cert: &CertificateDer<'_>) -> Result<Peer> {
    let names = x509::parse(cert)?;
    peer_in(x509::alternative_names(&names)?)
}

/// The one identity among a certificate's names.
pub(crate) fn peer_in(names: &[GeneralName<'_>]) -> Result<Peer> {
    let mut ours = names.iter().filter_map(|name| match name {
        GeneralName::URI(uri) if uri.starts_with(SCHEME) => Some(*uri),
        _ => None,
    });
    match (ours.next(), ours.next()) {
        (Some(uri), None) => uri.parse(),
        (None, _) => Err(none("it has no mesoform:// name")),
        (Some(_), Some(_)) => Err(none("it has several mesoform:// names")),
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}/{}/{}", self.cluster, self.role, self.host)
    }
}

impl FromStr for Peer {
    type Err = IdentityError;

    fn from_str(uri: &str) -> Result<Self> {
        let rest = uri.strip_prefix(SCHEME).ok_or_else(|| none("not a mesoform:// name"))?;
        let parts: Vec<&str> = rest.split('/').collect();
        let &[cluster, role, host] = parts.as_slice() else {
            return Err(none("its mesoform:// name is not <cluster>/<role>/<host>"));
        };
        check_cluster(cluster)?;
        check_host(host)?;
        Ok(Self { cluster: cluster.to_owned(), role: role.parse()?, host: host.to_owned() })
    }
}

fn none(cause: &str) -> IdentityError {
    IdentityError::NoIdentity { cause: cause.to_owned() }
}

/// A cluster's name stands where a URI has its host: other TLS stacks (Go's, for `etcdctl`) refuse
/// certificates where that is no domain name.
pub(crate) fn check_cluster(name: &str) -> Result<()> {
    check("cluster name", name, 63, "")
}

/// Hosts may be named by an address, so `:` is allowed too.
pub(crate) fn check_host(name: &str) -> Result<()> {
    check("host name", name, 253, ":")
}

/// Of a name that will not do, characters.
const SHOWN: usize = 64;

fn check(kind: &'static str, value: &str, max: usize, also: &str) -> Result<()> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c) || also.contains(c);
    let edges = |c: char| c.is_ascii_alphanumeric() || also.contains(c);
    let fine = !value.is_empty()
        && value.len() <= max
        && value.chars().all(allowed)
        && value.starts_with(edges)
        && value.ends_with(edges)
        && !value.contains("..");
    // Anybody may have sent it: no line of a log is to be made of it, and no long one.
    let shown = || value.chars().take(SHOWN).collect::<String>().escape_debug().to_string();
    fine.then_some(()).ok_or_else(|| IdentityError::Name { kind, value: shown(), max })
}
