use super::{FIRST, NEWEST, OLDEST};
use std::fmt;

/// The levels that a version of mesoform knows. The default are those of this one; tests let a voter
/// know fewer, as an older version does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Levels {
    oldest: u32,
    newest: u32,
    /// It says which it knows.
    told: bool,
}

impl Default for Levels {
    fn default() -> Self {
        Self { oldest: OLDEST, newest: NEWEST, told: true }
    }
}

impl Levels {
    /// As a version that knows no later level.
    #[must_use]
    pub fn up_to(newest: u32) -> Self {
        Self { newest, ..Self::default() }
    }

    /// As a version from before there were levels, which knows the first one and does not say so.
    #[must_use]
    pub fn untold() -> Self {
        Self { oldest: FIRST, newest: FIRST, told: false }
    }

    /// As they stand in a message; nothing stands there in those of older versions.
    pub(crate) fn heard(oldest: u32, newest: u32) -> Self {
        if newest == 0 { Self::untold() } else { Self { oldest, newest, told: true } }
    }

    /// The oldest and the newest, for a message.
    pub(crate) fn to_tell(self) -> (u32, u32) {
        if self.told { (self.oldest, self.newest) } else { (0, 0) }
    }

    pub(crate) fn are_told(self) -> bool {
        self.told
    }

    /// The oldest of them.
    #[must_use]
    pub fn oldest(self) -> u32 {
        self.oldest
    }

    /// The newest of them.
    #[must_use]
    pub fn newest(self) -> u32 {
        self.newest
    }

    pub(crate) fn contain(self, level: u32) -> bool {
        (self.oldest..=self.newest).contains(&level)
    }

    /// The highest level that both know.
    pub(crate) fn common(self, other: Self) -> Option<u32> {
        let highest = self.newest.min(other.newest);
        (self.contain(highest) && other.contain(highest)).then_some(highest)
    }
}

impl fmt::Display for Levels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.oldest, self.newest) {
            (oldest, newest) if oldest == newest => write!(f, "level {newest}"),
            (oldest, newest) => write!(f, "levels {oldest} to {newest}"),
        }
    }
}
