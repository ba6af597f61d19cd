//! Renewing a certificate before it ends: what is asked, and what is granted. Nothing here does IO.

#[cfg(test)]
mod tests;

use crate::key_request::proven_key;
use crate::{CertInfo, Grant, IdentityError, LIFETIME, RENEW_BEFORE, RenewalAuthority, Role};
use jiff::{SignedDuration, Timestamp};
use rcgen::PublicKey;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use thiserror::Error;

/// Where a master renews certificates, on its port for them (5056): POST of a [`RenewRequest`], over
/// mutual TLS with the certificate that is to be renewed.
pub const RENEW_PATH: &str = "/certificates/v1/renew";

const DAY: Duration = Duration::from_secs(24 * 3600);
/// A host asks for new certificates a day before `up` would make them: `up` then finds nothing to do.
const ASK_BEFORE: Duration = Duration::from_secs(RENEW_BEFORE.as_secs() + DAY.as_secs());
/// Who comes earlier than this gets nothing: clocks differ, and a key that was stolen is not good for
/// ever new certificates all the time.
const GRANT_BEFORE: Duration = Duration::from_secs(ASK_BEFORE.as_secs() + DAY.as_secs());
/// A renewed certificate lasts longer than the old one by at least this.
const WORTH: Duration = DAY;

/// The public key of a new certificate. Whose it is says the certificate that the asker shows.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RenewRequest {
    /// PKCS#10; nothing but its key is taken.
    pub csr_pem: String,
}

/// The answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RenewAnswer {
    /// The certificate first, then the master's CA that has signed it.
    pub chain_pem: String,
}

/// What may be signed.
#[derive(Debug)]
pub struct Leaf {
    pub grant: Grant,
    pub(crate) key: PublicKey,
}

/// Why a certificate is not renewed.
#[derive(Debug, Error)]
pub enum Refusal {
    #[error("this certificate is of the cluster `{found}`, not of `{wanted}`")]
    OtherCluster { found: String, wanted: String },
    #[error("a certificate with the role {0} is renewed by `mesoform up` alone")]
    Role(Role),
    #[error("this certificate ended on {0}; `mesoform up` makes a new one")]
    Ended(Timestamp),
    #[error("this certificate begins on {0} only; set the clocks")]
    NotYet(Timestamp),
    #[error("this certificate lasts until {0}, which is long enough")]
    TooEarly(Timestamp),
    #[error(
        "this master's CA ends on {0}, and a new certificate with it; `mesoform up` renews both"
    )]
    NoGain(Timestamp),
    #[error(transparent)]
    Request(#[from] IdentityError),
}

/// Whether a host should ask for a certificate in place of this one.
pub fn is_renewal_due(info: &CertInfo, now: Timestamp) -> bool {
    renewal_due(info) <= now
}

/// From when on a host should ask for a certificate in place of this one.
pub fn renewal_due(info: &CertInfo) -> Timestamp {
    info.not_after.checked_sub(signed(ASK_BEFORE)).unwrap_or(Timestamp::MIN)
}

/// What the holder of `shown`, who asks with `csr_pem`, gets of the CA `authority`: the same role, host
/// and names, for longer, and nothing that it did not have.
///
/// TLS has verified `shown` when its connection began; whether it still holds is looked at here.
///
/// # Errors
/// It gets nothing.
pub fn decide(
    shown: &CertInfo,
    csr_pem: &str,
    authority: &RenewalAuthority,
    now: Timestamp,
) -> Result<Leaf, Refusal> {
    let wanted = authority.cluster();
    if shown.cluster != wanted {
        let (found, wanted) = (shown.cluster.clone(), wanted.to_owned());
        return Err(Refusal::OtherCluster { found, wanted });
    }
    if !Role::RENEWED.contains(&shown.role) {
        return Err(Refusal::Role(shown.role));
    }
    in_time(shown, authority.end(), now)?;
    let key = proven_key(csr_pem)?;
    let (dns, ips) = (shown.dns.clone(), shown.ips.clone());
    Ok(Leaf { grant: Grant { dns, ips, ..Grant::new(shown.role, &shown.host) }, key })
}

fn in_time(shown: &CertInfo, authority_end: Timestamp, now: Timestamp) -> Result<(), Refusal> {
    if now >= shown.not_after {
        return Err(Refusal::Ended(shown.not_after));
    }
    if now < shown.not_before {
        return Err(Refusal::NotYet(shown.not_before));
    }
    if left(shown, now) > signed(GRANT_BEFORE) {
        return Err(Refusal::TooEarly(shown.not_after));
    }
    let lasting = authority_end.duration_since(now).min(signed(LIFETIME));
    if lasting < left(shown, now) + signed(WORTH) {
        return Err(Refusal::NoGain(authority_end));
    }
    Ok(())
}

fn left(info: &CertInfo, now: Timestamp) -> SignedDuration {
    info.not_after.duration_since(now)
}

fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}
