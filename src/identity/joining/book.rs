use super::{Admission, JoinRefusal};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Tokens are forgotten when they end, so nobody has so many.
const MANY: usize = 100_000;

/// Who used a token first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JoinUse {
    pub host: String,
    /// As [`Admission::keys`].
    pub keys: String,
    pub at: Timestamp,
    /// When the token ends: then it is refused for that, and its use may be forgotten.
    pub until: Timestamp,
}

impl JoinUse {
    pub fn new(admission: &Admission, now: Timestamp) -> Self {
        Self {
            host: admission.host.clone(),
            keys: admission.keys.clone(),
            at: now,
            until: admission.invitation.end(),
        }
    }

    /// Whether the token may be used once more: an answer may have got lost, and who shows the same keys gets
    /// nothing that he did not get before.
    ///
    /// # Errors
    /// It is somebody else.
    pub fn allows(&self, admission: &Admission) -> Result<(), JoinRefusal> {
        match self.keys == admission.keys {
            true => Ok(()),
            false => Err(JoinRefusal::Used { at: self.at }),
        }
    }
}

/// Which tokens were used, by their ids.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct JoinBook {
    uses: BTreeMap<String, JoinUse>,
}

impl JoinBook {
    /// Writes a use down; says whether the book is another one now, and has to be kept before anything is
    /// signed.
    ///
    /// # Errors
    /// The token was used by somebody else; the book is full.
    pub fn enter(&mut self, admission: &Admission, now: Timestamp) -> Result<bool, JoinRefusal> {
        let id = &admission.invitation.id;
        // A guest's name is as good as a token of its own: nobody else comes with it.
        let key = match admission.invitation.guests {
            Some(_) => format!("{id}/{}", admission.host),
            None => id.clone(),
        };
        if let Some(before) = self.uses.get(&key) {
            return before.allows(admission).map(|()| false);
        }
        self.uses.retain(|_, token| token.until > now);
        if let Some(most) = admission.invitation.guests {
            // Also with another token nobody takes the name of a guest who is there.
            let namesake = |token: &&JoinUse| token.host == admission.host;
            if let Some(before) = self.uses.values().find(namesake) {
                before.allows(admission)?;
            }
            let guests = format!("{id}/");
            let there = self.uses.keys().filter(|key| key.starts_with(&guests)).count();
            if there >= usize::try_from(most).unwrap_or(usize::MAX) {
                return Err(JoinRefusal::Spent(most));
            }
        }
        if self.uses.len() >= MANY {
            return Err(JoinRefusal::Full);
        }
        self.uses.insert(key, JoinUse::new(admission, now));
        Ok(true)
    }
}
