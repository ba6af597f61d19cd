use super::{Core, Effect, Now, Turn};

/// What the master thinks of us.
#[derive(Debug, Default)]
pub struct Link {
    /// The master of the subscription; none while there is no subscription.
    master: Option<String>,
    /// We asked not to be offered anything.
    suppressed: bool,
    /// We refused offers, and the master remembers.
    filtered: bool,
    /// More is wanted than when the last offers came.
    grew: bool,
}

impl Link {
    pub fn to(master: String) -> Self {
        Self { master: Some(master), ..Self::default() }
    }

    pub fn is_connected(&self) -> bool {
        self.master.is_some()
    }

    pub fn master(&self) -> Option<&str> {
        self.master.as_deref()
    }

    pub fn want_grew(&mut self) {
        self.grew = true;
    }

    /// Offers were looked through for all that is wanted, and some of them refused.
    pub fn offers_seen(&mut self) {
        self.filtered = true;
        self.grew = false;
    }
}

impl Core {
    /// Asks for offers as soon as something is wanted, and for none when nothing is.
    pub(super) fn steer_offers(&mut self, now: Now, turn: &mut Turn) {
        self.release(now);
        if !self.link.is_connected() {
            return;
        }
        let wanted = self.wants_offers();
        if wanted && (self.link.suppressed || self.link.filtered && self.link.grew) {
            self.link.suppressed = false;
            self.link.filtered = false;
            self.link.grew = false;
            turn.then(Effect::Revive);
        } else if !wanted && !self.link.suppressed {
            self.link.suppressed = true;
            turn.then(Effect::Suppress);
        }
    }
}
