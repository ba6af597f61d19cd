use super::{Admission, JoinRefusal};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Uses are forgotten when their time is over, so nobody has so many. All of them fit into
/// [`JoinBook::MAX_BYTES`].
pub(super) const MANY: usize = 20_000;
/// How long after its end a use is kept: clocks jump, and those of masters differ.
const KEPT: SignedDuration = SignedDuration::from_hours(24);
/// No token is good for longer: what was made before a host has joined has ended then.
const LONGEST: SignedDuration = SignedDuration::from_hours(168);

/// Who used a token first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JoinUse {
    pub host: String,
    /// As [`Admission::keys`].
    pub keys: String,
    pub at: Timestamp,
    /// When the token has ended, and for hosts that are known, all that were made before: then they are refused for
    /// that.
    pub until: Timestamp,
    /// Of a guest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    guest: Option<Guest>,
}

/// With which token a guest came, which others have too, and from where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Guest {
    token: String,
    address: IpAddr,
}

impl JoinUse {
    pub fn new(admission: &Admission, now: Timestamp) -> Self {
        let token = &admission.invitation.id;
        let guest = admission.address.map(|address| Guest { token: token.clone(), address });
        let end = admission.invitation.end();
        let longest = now.saturating_add(LONGEST).unwrap_or(end);
        Self {
            host: admission.host.clone(),
            keys: admission.keys.clone(),
            at: now,
            until: if guest.is_some() { end } else { end.max(longest) },
            guest,
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

    /// Whether somebody may join with another token beside this use: not as this host, unless the operator has made
    /// the token since, for a host that he knows.
    ///
    /// # Errors
    /// The host has joined, and this is somebody else.
    pub fn allows_beside(&self, admission: &Admission) -> Result<(), JoinRefusal> {
        let invitation = &admission.invitation;
        let newer = invitation.guests.is_none() && invitation.made > self.at.as_second();
        let same_host = self.host.eq_ignore_ascii_case(&admission.host);
        match same_host && !newer && self.keys != admission.keys {
            true => Err(JoinRefusal::Joined { host: self.host.clone(), at: self.at }),
            false => Ok(()),
        }
    }

    /// Whether it may be forgotten.
    pub fn is_over(&self, now: Timestamp) -> bool {
        now.duration_since(self.until) > KEPT
    }
}

/// Which tokens were used, by their ids; guests by their names, since they share tokens.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct JoinBook {
    uses: BTreeMap<String, JoinUse>,
}

impl JoinBook {
    /// No book is longer as JSON.
    pub const MAX_BYTES: u64 = 16 << 20;

    /// Writes a use down; says whether the book is another one now, and has to be kept before anything is
    /// signed.
    ///
    /// # Errors
    /// The token was used by somebody else; the host has joined; the book is full.
    pub fn enter(&mut self, admission: &Admission, now: Timestamp) -> Result<bool, JoinRefusal> {
        let own = JoinUse::new(admission, now);
        // A guest's name is as good as a token of its own: nobody else comes with it.
        let key = match own.guest {
            Some(_) => format!("guest/{}", admission.host.to_ascii_lowercase()),
            None => admission.invitation.id.clone(),
        };
        self.uses.retain(|_, before| !before.is_over(now));
        if let Some(before) = self.uses.get(&key) {
            return before.allows(admission).map(|()| false);
        }
        self.uses.values().try_for_each(|before| before.allows_beside(admission))?;
        if let (Some(guest), Some(most)) = (&own.guest, admission.invitation.guests) {
            self.has_place(guest, most)?;
        }
        if self.uses.len() >= MANY {
            return Err(JoinRefusal::Full);
        }
        self.uses.insert(key, own);
        Ok(true)
    }

    /// Whatever runs on a guest can read the token that others are to come with: it gets no second name.
    fn has_place(&self, guest: &Guest, most: u32) -> Result<(), JoinRefusal> {
        let guests = || self.uses.values().filter_map(|one| Some((one, one.guest.as_ref()?)));
        let there = guests().filter(|(_, other)| other.token == guest.token).count();
        if there >= usize::try_from(most).unwrap_or(usize::MAX) {
            return Err(JoinRefusal::Spent(most));
        }
        match guests().find(|(_, other)| other.address == guest.address) {
            Some((one, _)) => Err(JoinRefusal::SameAddress {
                host: one.host.clone(),
                address: guest.address,
                at: one.at,
            }),
            None => Ok(()),
        }
    }
}
