use super::{Desk, Invitation, JoinRefusal};
use crate::authority::cluster_of;
use crate::key_request::proven_key;
use crate::peer::check_host;
use crate::{Grant, IdentityError, Leaf, Result, Role, x509};
use jiff::Timestamp;
use rcgen::PublicKeyData;
use ring::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// What a host asks for. Not to be shown: it holds the token.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JoinRequest {
    pub token: String,
    pub host: String,
    /// Where others reach it, where the token does not know that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
    /// PKCS#10, PEM; nothing but the keys is taken.
    pub requests: BTreeMap<Role, String>,
    /// The names of the secret files that it needs.
    pub secrets: Vec<String>,
}

/// What it gets. Not to be shown: it holds secrets.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JoinAnswer {
    /// The certificate first, PEM.
    pub chains: BTreeMap<Role, String>,
    pub secrets: BTreeMap<String, String>,
}

/// What was judged to be in order; whether the token was used before only a book knows.
#[derive(Debug)]
pub struct Admission {
    pub invitation: Invitation,
    /// Who is let in.
    pub host: String,
    /// Where a guest is.
    pub address: Option<IpAddr>,
    /// Tells the keys that were shown from all others: SHA-256, hex.
    pub keys: String,
    pub leaves: BTreeMap<Role, Leaf>,
}

/// Judges tokens for one desk of a cluster.
#[derive(Debug, Clone)]
pub struct Reception {
    desk: Desk,
    cluster: String,
    /// The root's public key.
    point: Vec<u8>,
}

impl Reception {
    /// The one of the cluster whose root certificate is `ca_pem`.
    ///
    /// # Errors
    /// It is none of a cluster.
    pub fn new(desk: Desk, ca_pem: &str) -> Result<Self> {
        let what = "the CA certificate";
        let der = x509::certificates(ca_pem, what)?.remove(0);
        let root = x509::parse(&der)?;
        let cluster = cluster_of(&root)
            .ok_or_else(|| IdentityError::malformed(what, "it is no mesoform CA"))?;
        let point = root.public_key().subject_public_key.data.to_vec();
        Ok(Self { desk, cluster, point })
    }

    /// What may be signed for whoever asks.
    ///
    /// # Errors
    /// Nothing: a forged or foreign token, one that has ended or is for others; a request without a key.
    pub fn judge(
        &self,
        request: &JoinRequest,
        now: Timestamp,
    ) -> std::result::Result<Admission, JoinRefusal> {
        let invitation = Invitation::read(&request.token, &self.point)?;
        self.fits(&invitation, request, now)?;
        if request.requests.is_empty() {
            return Err(JoinRefusal::Nothing);
        }
        let mut keys = Context::new(&SHA256);
        let mut leaves = BTreeMap::new();
        for (role, csr_pem) in &request.requests {
            if !invitation.roles.contains(role) {
                return Err(JoinRefusal::Role(*role));
            }
            let key = proven_key(csr_pem)?;
            keys.update(role.as_str().as_bytes());
            keys.update(key.der_bytes());
            leaves.insert(*role, Leaf { grant: invitation.grant(*role, request), key });
        }
        let (host, keys) = (request.host.clone(), hex::encode(keys.finish()));
        let address = request.address.filter(|_| invitation.guests.is_some());
        Ok(Admission { invitation, host, address, keys, leaves })
    }

    fn fits(
        &self,
        invitation: &Invitation,
        request: &JoinRequest,
        now: Timestamp,
    ) -> std::result::Result<(), JoinRefusal> {
        if invitation.cluster != self.cluster {
            let (found, wanted) = (invitation.cluster.clone(), self.cluster.clone());
            return Err(JoinRefusal::OtherCluster { found, wanted });
        }
        if now >= invitation.end() {
            return Err(JoinRefusal::Expired(invitation.end()));
        }
        if invitation.desk != self.desk {
            return Err(JoinRefusal::OtherDesk(invitation.desk));
        }
        if invitation.guests.is_some() {
            // Masters know neither the inventory nor each other's guests.
            if self.desk != Desk::Operator {
                return Err(JoinRefusal::OtherDesk(Desk::Operator));
            }
            check_host(&request.host)?;
            return request.address.map(drop).ok_or(JoinRefusal::NoAddress);
        }
        if invitation.host != request.host {
            let found = request.host.chars().take(64).collect();
            return Err(JoinRefusal::OtherHost { found, wanted: invitation.host.clone() });
        }
        Ok(())
    }
}

impl Invitation {
    /// A master's own CA is nobody to call: it has no names. A guest has those that the inventory would give it.
    fn grant(&self, role: Role, request: &JoinRequest) -> Grant {
        let grant = Grant::new(role, &request.host);
        match (role, request.address.filter(|_| self.guests.is_some())) {
            (Role::Issuer, _) => grant,
            (_, None) => Grant { dns: self.dns.clone(), ips: self.ips.clone(), ..grant },
            (_, Some(address)) => Grant {
                dns: vec![request.host.clone(), "localhost".to_owned()],
                ips: vec![IpAddr::from([127, 0, 0, 1]), address],
                ..grant
            },
        }
    }
}
