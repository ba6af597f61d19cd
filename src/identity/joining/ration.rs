use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// The longest request that is read, bytes: five requests for certificates are about 3 KiB.
pub const MAX_JOIN_REQUEST: usize = 64 << 10;

/// How often an address may ask at once, and how long it takes until it may once more.
const BURST: u32 = 30;
const EVERY: Duration = Duration::from_secs(10);
/// Above so many addresses those are forgotten that have all of their share again; where that is nobody,
/// newcomers wait.
const MANY: usize = 4096;

/// How often each address has asked: nobody tries tokens out, or keeps anybody busy with verifying.
#[derive(Debug, Default)]
pub struct Attempts {
    /// When an address will have all of its share again.
    whole_at: BTreeMap<IpAddr, Instant>,
}

impl Attempts {
    /// Whether `address` may ask now.
    pub fn allow(&mut self, address: IpAddr, now: Instant) -> bool {
        if self.whole_at.len() >= MANY && !self.whole_at.contains_key(&address) {
            self.whole_at.retain(|_, whole_at| *whole_at > now);
            if self.whole_at.len() >= MANY {
                return false;
            }
        }
        let whole_at = self.whole_at.get(&address).copied().unwrap_or(now).max(now);
        let fits = whole_at.saturating_duration_since(now) <= EVERY * (BURST - 1);
        if fits {
            self.whole_at.insert(address, whole_at + EVERY);
        }
        fits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_its_share_and_others_theirs() {
        let (mut attempts, begin) = (Attempts::default(), Instant::now());
        let [one, other] = ["10.0.0.1", "10.0.0.2"].map(|text| text.parse().unwrap());
        let allowed = (0..100).filter(|_| attempts.allow(one, begin)).count();
        assert_eq!(allowed, BURST as usize);
        assert!(attempts.allow(other, begin));
        assert!(attempts.allow(one, begin + EVERY) && !attempts.allow(one, begin + EVERY));
    }

    #[test]
    fn it_does_not_grow_for_ever() {
        let (mut attempts, begin) = (Attempts::default(), Instant::now());
        for number in 0..3 * MANY as u32 {
            attempts.allow(IpAddr::from(number.to_be_bytes()), begin);
        }
        assert!(attempts.whole_at.len() <= MANY);
        let late = begin + EVERY * 2;
        assert!(attempts.allow("192.0.2.1".parse().unwrap(), late));
    }
}
