/// How the places of a door are shared out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Caps {
    /// Connections of which nothing is known yet: in the TLS handshake.
    pub(crate) arriving: usize,
    /// All of which something is known.
    pub(crate) settled: usize,
    /// Of those, all that showed no certificate of the cluster. The rest is the cluster's reserve.
    pub(crate) guests: usize,
    /// Of those, from one origin and without a password.
    pub(crate) share: usize,
    /// Connections of one agent: its key is the one that is easiest to steal.
    pub(crate) agent: usize,
}

/// A share is never smaller: a browser alone opens six.
const MIN_SHARE: usize = 32;
/// An agent has two or three.
const AGENT: usize = 64;

impl Caps {
    pub(crate) fn of(total: usize) -> Self {
        let arriving = (total / 8).max(1);
        let settled = total.saturating_sub(arriving).max(1);
        let guests = (settled - total / 4).max(1);
        let share = (guests / 4).max(MIN_SHARE).min(guests);
        Self { arriving, settled, guests, share, agent: AGENT.min(settled) }
    }

    /// Only for handshakes.
    pub(crate) fn of_newcomers(most: usize) -> Self {
        Self { arriving: most.max(1), settled: 0, guests: 0, share: 0, agent: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_shared_out() {
        let caps = Caps { arriving: 512, settled: 3584, guests: 2560, share: 640, agent: 64 };
        assert_eq!(Caps::of(4096), caps);
        for total in 0..300 {
            let caps = Caps::of(total);
            assert!(caps.arriving > 0 && caps.guests > 0 && caps.share > 0, "{total}: {caps:?}");
            assert!(caps.arriving + caps.settled <= total.max(2), "{total}: {caps:?}");
        }
    }
}
