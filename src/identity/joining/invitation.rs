use super::JoinRefusal;
use crate::{IdentityError, Result, Role, Secret};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, UnparsedPublicKey,
};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::IpAddr;

/// What a token begins with; the number is its format.
const PREFIX: &str = "mesoform-join-1";
/// What is signed begins so, and as no certificate does: the root's key signs those too.
const DOMAIN: &[u8] = b"mesoform join token 1\n";
/// Some hundred bytes are usual.
const MAX_TOKEN: usize = 8 * 1024;
const ID_BYTES: usize = 16;

/// Who redeems a token, and keeps the book of those that were used. Each token has one such place: two books
/// that do not know each other would let it be used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Desk {
    /// `mesoform serve`, on the operator's machine.
    Operator,
    /// The cluster's masters, whose book is in the quorum.
    Masters,
}

impl fmt::Display for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Operator => "`mesoform serve`",
            Self::Masters => "the masters",
        })
    }
}

/// Who may become what with a token: all that its certificates will say, but the keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invitation {
    /// Tells it from all others: it can be used once.
    pub id: String,
    pub cluster: String,
    pub desk: Desk,
    /// Whom it is for; empty where that is not known yet.
    pub host: String,
    /// How many hosts may come with it that nobody knows yet, each with its own name and address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guests: Option<u32>,
    pub roles: Vec<Role>,
    pub dns: Vec<String>,
    pub ips: Vec<IpAddr>,
    /// When the operator made it, seconds since 1970: who has joined since is not let in once more.
    #[serde(default)]
    pub made: i64,
    /// Seconds since 1970.
    pub until: i64,
}

impl Invitation {
    /// 128 random bits, hex.
    ///
    /// # Errors
    /// The system gives no randomness.
    pub fn new_id() -> Result<String> {
        let mut id = [0; ID_BYTES];
        SystemRandom::new().fill(&mut id).map_err(IdentityError::make)?;
        Ok(hex::encode(id))
    }

    /// The token: this, signed with the root's key (PKCS#8, PEM).
    pub(crate) fn signed(&self, key_pem: &Secret) -> Result<Secret> {
        let der = PrivatePkcs8KeyDer::from_pem_slice(key_pem.expose().as_bytes())
            .map_err(IdentityError::make)?;
        let random = SystemRandom::new();
        let pkcs8 = der.secret_pkcs8_der();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8, &random)
            .map_err(IdentityError::make)?;
        let claims = serde_json::to_vec(self).map_err(IdentityError::make)?;
        let signature =
            key.sign(&random, &[DOMAIN, &claims].concat()).map_err(IdentityError::make)?;
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        Ok(Secret::new(format!("{PREFIX}.{}.{}", text(&claims), text(signature.as_ref()))))
    }

    /// Reads a token that was signed with the root's key, whose public half is `point`.
    pub(super) fn read(token: &str, point: &[u8]) -> std::result::Result<Self, JoinRefusal> {
        let parts: Vec<&str> = token.trim().split('.').collect();
        let &[PREFIX, claims, signature] = parts.as_slice() else {
            return Err(JoinRefusal::Foreign);
        };
        if token.len() > MAX_TOKEN {
            return Err(JoinRefusal::Foreign);
        }
        let bytes = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| JoinRefusal::Foreign);
        let (claims, signature) = (bytes(claims)?, bytes(signature)?);
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
            .verify(&[DOMAIN, &claims].concat(), &signature)
            .map_err(|_| JoinRefusal::Foreign)?;
        serde_json::from_slice(&claims).map_err(|_| JoinRefusal::Foreign)
    }

    /// When it ends.
    pub fn end(&self) -> Timestamp {
        Timestamp::from_second(self.until).unwrap_or(Timestamp::MIN)
    }
}
