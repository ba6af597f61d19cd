use crate::peer::{check_cluster, check_host};
use crate::{IdentityError, Peer, Result, Role};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose,
    SanType, SerialNumber, string::Ia5String,
};
use ring::rand::{SecureRandom, SystemRandom};
use std::net::IpAddr;
use std::time::{Duration, SystemTime};

/// How long a certificate holds unless the grant says otherwise.
pub const LIFETIME: Duration = Duration::from_secs(90 * 24 * 3600);

/// A certificate that lasts no longer than this is made anew by `up`: a third of its life.
pub const RENEW_BEFORE: Duration = Duration::from_secs(30 * 24 * 3600);

/// How long a master's own CA holds, and when `up` makes it anew.
pub const ISSUER_LIFETIME: Duration = Duration::from_secs(365 * 24 * 3600);
pub const ISSUER_RENEW_BEFORE: Duration = Duration::from_secs(180 * 24 * 3600);

/// How far before now a certificate begins: clocks differ between hosts.
pub const BACKDATE: Duration = Duration::from_secs(5 * 60);

/// RFC 5280 ends common names here; the whole name stands in the URI.
const COMMON_NAME_MAX: usize = 64;
const DNS_NAME_MAX: usize = 253;

/// What the operator grants to the holder of a key: everything in the certificate but the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    pub role: Role,
    pub host: String,
    /// Names under which others reach it. `localhost` only where it stands here.
    pub dns: Vec<String>,
    /// Addresses under which others reach it. Loopback only where it stands here.
    pub ips: Vec<IpAddr>,
    pub lifetime: Duration,
}

impl Grant {
    /// A grant without names or addresses, for as long as is usual for the role.
    pub fn new(role: Role, host: impl Into<String>) -> Self {
        let lifetime = if role == Role::Issuer { ISSUER_LIFETIME } else { LIFETIME };
        Self { role, host: host.into(), dns: Vec::new(), ips: Vec::new(), lifetime }
    }

    /// The certificate that this grant describes, for `cluster`, ending no later than `end`.
    pub(crate) fn params(&self, cluster: &str, end: SystemTime) -> Result<CertificateParams> {
        self.params_at(SystemTime::now(), cluster, end)
    }

    /// As [`Self::params`], begun at `now`.
    pub(crate) fn params_at(
        &self,
        now: SystemTime,
        cluster: &str,
        end: SystemTime,
    ) -> Result<CertificateParams> {
        check_cluster(cluster)?;
        check_host(&self.host)?;
        let mut params = CertificateParams::default();
        let name = format!("{}@{}", self.role, self.host);
        params.distinguished_name = Default::default();
        params.distinguished_name.push(DnType::CommonName, shortened(name));
        params.subject_alt_names = self.names(cluster)?;
        (params.is_ca, params.key_usages) = match self.role {
            // It signs certificates of services, and no CA. Names are not constrained: TLS stacks do not
            // know constraints of URIs, and every host of the cluster has names of its own.
            Role::Issuer => {
                (IsCa::Ca(BasicConstraints::Constrained(0)), vec![KeyUsagePurpose::KeyCertSign])
            }
            _ => (IsCa::ExplicitNoCa, vec![KeyUsagePurpose::DigitalSignature]),
        };
        params.extended_key_usages = usages(self.role);
        params.serial_number = Some(random_serial()?);
        params.use_authority_key_identifier_extension = true;
        params.not_before = (now - BACKDATE).into();
        params.not_after = now.checked_add(self.lifetime).unwrap_or(end).min(end).into();
        Ok(params)
    }

    fn names(&self, cluster: &str) -> Result<Vec<SanType>> {
        let cluster = cluster.to_owned();
        let peer = Peer { cluster, role: self.role, host: self.host.clone() };
        let mut names = vec![SanType::URI(ascii(peer.to_string())?)];
        for dns in &self.dns {
            names.push(SanType::DnsName(ascii(dns.clone())?));
        }
        names.extend(self.ips.iter().copied().map(SanType::IpAddress));
        Ok(names)
    }
}

/// Everyone is a client of someone but who enrols hosts; the operator serves nobody.
fn usages(role: Role) -> Vec<ExtendedKeyUsagePurpose> {
    match role {
        Role::Operator => vec![ExtendedKeyUsagePurpose::ClientAuth],
        Role::Enroller => vec![ExtendedKeyUsagePurpose::ServerAuth],
        _ => vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth],
    }
}

/// 127 random bits, so that a renewed certificate for the same key has a number of its own.
pub(crate) fn random_serial() -> Result<SerialNumber> {
    let mut bytes = [0; 16];
    SystemRandom::new().fill(&mut bytes).map_err(IdentityError::make)?;
    bytes[0] = (bytes[0] & 0x7f) | 0x40;
    Ok(SerialNumber::from_slice(&bytes))
}

fn ascii(name: String) -> Result<Ia5String> {
    let fail = || IdentityError::Name { kind: "DNS name", value: name.clone(), max: DNS_NAME_MAX };
    if name.is_empty() || name.len() > DNS_NAME_MAX {
        return Err(fail());
    }
    Ia5String::try_from(name.as_str()).map_err(|_| fail())
}

fn shortened(mut name: String) -> String {
    name.truncate(COMMON_NAME_MAX);
    name
}
