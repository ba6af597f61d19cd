use crate::Caller;
use crate::places::Origin;
use axum::extract::ConnectInfo;
use http::request::Parts;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Room for the bodies of all requests that a door has at a time: each is bounded, but a caller may
/// have many connections, and many requests on each. Nobody holds more of it than is left for all
/// others: half where he is alone, and however many come, there is some for the next.
#[derive(Debug)]
pub(crate) struct Stock {
    room: Mutex<Room>,
}

#[derive(Debug)]
struct Room {
    left: usize,
    held: HashMap<Holder, usize>,
}

/// Whose room it is: a certificate's, or an address's.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Holder {
    /// As a [`Caller`] is written.
    Peer(String),
    From(Origin),
}

impl Holder {
    /// Whoever sends this request, as the guard has found out.
    pub(crate) fn of(parts: &Parts) -> Self {
        if let Some(caller @ Caller::Peer(_)) = parts.extensions.get::<Caller>() {
            return Self::Peer(caller.to_string());
        }
        let remote = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let unknown = IpAddr::from(Ipv4Addr::UNSPECIFIED);
        Self::From(remote.map_or(unknown, |ConnectInfo(remote)| remote.ip()).into())
    }
}

impl Stock {
    pub(crate) fn new(bytes: usize) -> Arc<Self> {
        Arc::new(Self { room: Mutex::new(Room { left: bytes, held: HashMap::new() }) })
    }

    pub(crate) fn share(self: &Arc<Self>, holder: Holder) -> Arc<Share> {
        Arc::new(Share { stock: self.clone(), holder, taken: Mutex::new(0) })
    }

    fn room(&self) -> MutexGuard<'_, Room> {
        // Nothing panics while it is held.
        self.room.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Room {
    fn take(&mut self, holder: &Holder, bytes: usize) -> bool {
        let held = self.held.get(holder).copied().unwrap_or_default().saturating_add(bytes);
        let Some(left) = self.left.checked_sub(bytes).filter(|left| held <= *left) else {
            return bytes == 0;
        };
        self.left = left;
        self.held.insert(holder.clone(), held);
        true
    }

    fn give_back(&mut self, holder: &Holder, bytes: usize) {
        self.left += bytes;
        if let Some(held) = self.held.get_mut(holder) {
            *held = held.saturating_sub(bytes);
            if *held == 0 {
                self.held.remove(holder);
            }
        }
    }
}

/// What one request has of it; given back when the request is answered.
#[derive(Debug)]
pub(crate) struct Share {
    stock: Arc<Stock>,
    holder: Holder,
    taken: Mutex<usize>,
}

impl Share {
    /// False where there is no room for so much.
    pub(crate) fn take(&self, bytes: usize) -> bool {
        let taken = self.stock.room().take(&self.holder, bytes);
        if taken {
            *self.taken.lock().unwrap_or_else(PoisonError::into_inner) += bytes;
        }
        taken
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let taken = *self.taken.get_mut().unwrap_or_else(PoisonError::into_inner);
        self.stock.room().give_back(&self.holder, taken);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(name: &str) -> Holder {
        Holder::Peer(name.to_owned())
    }

    #[test]
    fn what_is_answered_makes_room() {
        let stock = Stock::new(20);
        let (one, two) = (stock.share(peer("a")), stock.share(peer("a")));
        assert!(one.take(6) && two.take(4) && !two.take(1));
        drop(one);
        assert!(two.take(6) && !two.take(1));
        drop(two);
        assert!(stock.share(peer("b")).take(10));
        assert!(stock.room().held.is_empty() && stock.room().left == 20);
    }

    #[test]
    fn nobody_holds_more_than_is_left_for_the_others() {
        let stock = Stock::new(120);
        let mut holders = Vec::new();
        for (number, most) in [60, 30, 15].into_iter().enumerate() {
            let share = stock.share(peer(&number.to_string()));
            assert!(!share.take(most + 1) && share.take(most) && !share.take(1), "{number}");
            holders.push(share);
        }
        let guest = |address: [u8; 4]| Holder::From(IpAddr::from(address).into());
        let here = stock.share(guest([10, 0, 0, 1]));
        assert!(here.take(7) && !stock.share(guest([10, 0, 0, 1])).take(1));
        assert!(stock.share(guest([10, 0, 0, 2])).take(4));
        assert!(here.take(0), "the end of a body");
        holders.remove(0);
        assert!(stock.share(peer("0")).take(30));
    }
}
