use mesoform_identity::Peer;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How many certificates one holder gets at once, and how long it takes until there is one more.
const BURST: u32 = 8;
const EVERY: Duration = Duration::from_secs(60);
/// Above so many holders those are forgotten that have all of their share again.
const MANY: usize = 4096;

/// How much of everybody's share is used up: nobody keeps a master busy with signing.
#[derive(Debug, Default)]
pub struct Ration {
    /// When a holder will have all of its share again.
    whole_at: BTreeMap<(&'static str, String), Instant>,
}

impl Ration {
    /// Whether this holder gets one more now.
    pub fn take(&mut self, peer: &Peer, now: Instant) -> bool {
        if self.whole_at.len() >= MANY {
            self.whole_at.retain(|_, whole_at| *whole_at > now);
        }
        let holder = (peer.role.as_str(), peer.host.clone());
        let whole_at = self.whole_at.get(&holder).copied().unwrap_or(now).max(now);
        let fits = whole_at.saturating_duration_since(now) <= EVERY * (BURST - 1);
        if fits {
            self.whole_at.insert(holder, whole_at + EVERY);
        }
        fits
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mesoform_identity::Role;

    fn peer(host: &str) -> Peer {
        Peer { cluster: "c".into(), role: Role::Agent, host: host.into() }
    }

    #[test]
    fn a_share_is_used_up_and_comes_back() {
        let (mut ration, begin) = (Ration::default(), Instant::now());
        let granted = (0..100).filter(|_| ration.take(&peer("h1"), begin)).count();
        assert_eq!(granted, BURST as usize);
        assert!(ration.take(&peer("h2"), begin), "others have theirs");
        assert!(ration.take(&peer("h1"), begin + EVERY));
        assert!(!ration.take(&peer("h1"), begin + EVERY));
        let later = begin + EVERY * 1000;
        let granted = (0..100).filter(|_| ration.take(&peer("h1"), later)).count();
        assert_eq!(granted, BURST as usize);
    }

    #[test]
    fn it_does_not_grow_for_ever() {
        let (mut ration, begin) = (Ration::default(), Instant::now());
        for number in 0..3 * MANY as u32 {
            assert!(ration.take(&peer(&format!("h{number}")), begin + EVERY * number / 100));
        }
        assert!(ration.whole_at.len() <= MANY + 1);
    }
}
