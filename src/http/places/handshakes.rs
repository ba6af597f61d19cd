use super::{Place, Places};
use std::net::{IpAddr, SocketAddr};

/// The handshakes under way at a port that is not a [`crate::Door`], of which there are never more than
/// it bears. Whoever says nothing keeps nobody else out: where all places are taken, the oldest of the
/// address that has the most makes way. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Handshakes(Places);

/// A handshake's place; free again when this is dropped.
#[derive(Debug)]
pub struct Handshake(Place);

impl Handshakes {
    /// At most so many at once.
    pub fn new(most: usize, port: SocketAddr) -> Self {
        Self(Places::of_newcomers(most, port))
    }

    /// A place for a connection from `address`; waits until there is one.
    pub async fn arrive(&self, address: IpAddr) -> Handshake {
        Handshake(self.0.arrive(address).await)
    }
}

impl Handshake {
    /// Waits until it has to make way for another one: then its connection is to be closed.
    pub async fn revoked(&self) {
        self.0.revoked.cancelled().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::places::book::LONG_GRACE;
    use futures::FutureExt;
    use std::net::Ipv4Addr;

    const MOST: usize = 4;

    async fn arrive(handshakes: &Handshakes, host: u8) -> Handshake {
        handshakes.arrive(Ipv4Addr::new(10, 0, 0, host).into()).await
    }

    fn gone(handshakes: &[Handshake]) -> Vec<bool> {
        handshakes.iter().map(|one| one.revoked().now_or_never().is_some()).collect()
    }

    fn handshakes() -> Handshakes {
        Handshakes::new(MOST, (Ipv4Addr::LOCALHOST, 1).into())
    }

    #[tokio::test(start_paused = true)]
    async fn a_crowd_of_one_address_makes_way_at_once_its_oldest_first() {
        let (handshakes, began) = (handshakes(), tokio::time::Instant::now());
        let other = arrive(&handshakes, 2).await;
        let mut crowd = Vec::new();
        for _ in 0..10 {
            crowd.push(arrive(&handshakes, 1).await);
        }
        assert_eq!(gone(&crowd), [[true; 7].as_slice(), &[false; 3]].concat());
        let newcomer = arrive(&handshakes, 3).await;
        assert_eq!(gone(&crowd), [[true; 8].as_slice(), &[false; 2]].concat());
        assert_eq!(gone(&[other, newcomer]), [false, false]);
        assert_eq!(began.elapsed(), std::time::Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn of_many_addresses_the_oldest_makes_way_later() {
        let (handshakes, began) = (handshakes(), tokio::time::Instant::now());
        let mut crowd = Vec::new();
        for host in 0..MOST {
            crowd.push(arrive(&handshakes, host as u8).await);
        }
        let _newcomer = arrive(&handshakes, 9).await;
        assert_eq!(gone(&crowd), [true, false, false, false]);
        assert_eq!(began.elapsed(), LONG_GRACE);
        drop(crowd.pop());
        let _another = arrive(&handshakes, 8).await;
        assert_eq!(gone(&crowd), [true, false, false], "a place was free");
    }
}
