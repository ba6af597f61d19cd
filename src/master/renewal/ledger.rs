use jiff::Timestamp;
use mesoform_coordination::Coordination;
use mesoform_identity::{Admission, JoinRefusal, JoinUse};
use std::future::Future;
use thiserror::Error;

/// Where the uses of tokens stand, by the tokens' ids.
const TOKENS: &str = "/mesoform/master/join-tokens/";
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
        let mut forget = Vec::new();
        for (other, before) in self.others(&key).await.map_err(|e| unknown(&e))? {
            before.allows_beside(admission)?;
            if before.is_over(now) && forget.len() < FORGOTTEN {
                forget.push(other);
            }
        }
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
    /// All uses but the one of the token that is about to be used.
    async fn others(&self, but: &str) -> mesoform_coordination::Result<Vec<(String, JoinUse)>> {
        let (entries, _) = self.0.list(TOKENS).await?;
        let others = entries.into_iter().filter(|entry| entry.key != but);
        let read = |value: &[u8]| serde_json::from_slice(value).ok();
        Ok(others.filter_map(|entry| Some((entry.key, read(&entry.value)?))).collect())
    }
}
