use jiff::{SignedDuration, Timestamp};
use mesoform_coordination::Coordination;
use mesoform_identity::{Admission, JoinRefusal, JoinUse};
use std::future::Future;
use thiserror::Error;

/// Where the uses of tokens stand, by the tokens' ids.
const TOKENS: &str = "/mesoform/master/join-tokens/";
/// How long after its end a use is kept: clocks of masters differ.
const KEPT: SignedDuration = SignedDuration::from_hours(24);
/// As many are forgotten at a time.
const FORGOTTEN: usize = 64;

/// Why a token could not be used.
#[derive(Debug, Error)]
pub enum NotEntered {
    #[error(transparent)]
    Refused(#[from] JoinRefusal),
    /// Later it may be.
    #[error("{0}")]
    Unknown(String),
}

/// The book of used tokens, which all masters share.
pub trait Ledger: Send + Sync + 'static {
    /// Writes a use down before anything is signed.
    ///
    /// # Errors
    /// Somebody else has used the token; the book cannot be written now.
    fn enter(
        &self,
        admission: &Admission,
        now: Timestamp,
    ) -> impl Future<Output = Result<(), NotEntered>> + Send;
}

/// The one in the quorum.
pub struct Tokens(pub Coordination);

impl Ledger for Tokens {
    async fn enter(&self, admission: &Admission, now: Timestamp) -> Result<(), NotEntered> {
        let unknown = |cause: &dyn std::fmt::Display| NotEntered::Unknown(cause.to_string());
        let own = serde_json::to_vec(&JoinUse::new(admission, now)).map_err(|e| unknown(&e))?;
        let key = format!("{TOKENS}{}", admission.invitation.id);
        let forget = self.ended(&key, now).await.map_err(|e| unknown(&e))?;
        match self.0.claim(&key, own, forget).await.map_err(|e| unknown(&e))? {
            None => Ok(()),
            Some(before) => {
                let before: JoinUse =
                    serde_json::from_slice(&before.value).map_err(|e| unknown(&e))?;
                Ok(before.allows(admission)?)
            }
        }
    }
}

impl Tokens {
    /// Of the tokens that have ended some, but never the one that is about to be used.
    async fn ended(&self, but: &str, now: Timestamp) -> mesoform_coordination::Result<Vec<String>> {
        let (entries, _) = self.0.list(TOKENS).await?;
        let ended = |value: &[u8]| {
            serde_json::from_slice::<JoinUse>(value)
                .is_ok_and(|token| now.duration_since(token.until) > KEPT)
        };
        let ended = entries.into_iter().filter(|entry| entry.key != but && ended(&entry.value));
        Ok(ended.take(FORGOTTEN).map(|entry| entry.key).collect())
    }
}
