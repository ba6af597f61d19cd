//! The places of a door: who gets one when there are not enough.
//!
//! A connection first has a place among the newcomers, since only its handshake tells who comes. Then
//! it is a member's (a certificate of the cluster), for whom some places are always free, or a guest's.
//! Guests without a password share by where they come from.

mod book;
mod caps;
mod handshakes;
mod origin;
#[cfg(test)]
mod tests;

pub(crate) use book::{Full, Standing};
pub use handshakes::{Handshake, Handshakes};
pub(crate) use origin::Origin;

use crate::seldom::Seldom;
use book::{Arrival, Book, Ticket};
use caps::Caps;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// All places of one door. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Places(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    office: Mutex<Office>,
    /// Somebody left.
    freed: Notify,
}

#[derive(Debug)]
struct Office {
    book: Book,
    /// Of the newcomers: those who have to go are told so.
    tokens: HashMap<Ticket, CancellationToken>,
    refused: Seldom,
    /// For the log.
    door: SocketAddr,
}

/// A connection's place; free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    ticket: Ticket,
    shared: Arc<Shared>,
    /// Cancelled when a newcomer has to go before it is known who he is.
    pub(crate) revoked: CancellationToken,
}

impl Places {
    pub(crate) fn new(connections: usize, door: SocketAddr) -> Self {
        Self::with(Caps::of(connections), door)
    }

    /// Where nobody stays: whoever is known gives his place back.
    pub(crate) fn of_newcomers(most: usize, door: SocketAddr) -> Self {
        Self::with(Caps::of_newcomers(most), door)
    }

    fn with(caps: Caps, door: SocketAddr) -> Self {
        let book = Book::new(caps);
        let office = Office { book, tokens: HashMap::new(), refused: Seldom::default(), door };
        Self(Arc::new(Shared { office: Mutex::new(office), freed: Notify::new() }))
    }

    /// A place for a newcomer; waits until there is one.
    pub(crate) async fn arrive(&self, address: IpAddr) -> Place {
        loop {
            let freed = self.0.freed.notified();
            let until = match self.0.arrive(address) {
                Ok(place) => return place,
                Err(until) => until,
            };
            tokio::select! {
                () = freed => {}
                () = tokio::time::sleep_until(until) => {}
            }
        }
    }
}

impl Shared {
    fn office(&self) -> MutexGuard<'_, Office> {
        // Nothing panics while it is held; counts would be right even then.
        self.office.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn arrive(self: &Arc<Self>, address: IpAddr) -> Result<Place, Instant> {
        let mut office = self.office();
        match office.book.arrive(address.into(), Instant::now()) {
            Arrival::Wait { until } => Err(until),
            Arrival::In { ticket, instead_of } => {
                if let Some(gone) = instead_of.and_then(|gone| office.tokens.remove(&gone)) {
                    gone.cancel();
                }
                let revoked = CancellationToken::new();
                office.tokens.insert(ticket, revoked.clone());
                Ok(Place { ticket, shared: self.clone(), revoked })
            }
        }
    }
}

impl Place {
    /// It is known now who came.
    ///
    /// # Errors
    /// There is no place for one of his kind; he still counts as a newcomer until this is dropped.
    pub(crate) fn settle(&self, standing: Standing) -> Result<(), Full> {
        let mut office = self.shared.office();
        let settled = office.book.settle(self.ticket, standing);
        match settled {
            Ok(()) => {
                office.tokens.remove(&self.ticket);
                self.shared.freed.notify_one();
            }
            Err(full) => {
                if let Some(unsaid) = office.refused.say(Instant::now()) {
                    let words = "connections are refused: too many are open";
                    tracing::warn!(door = %office.door, ?full, unsaid, "{words}");
                }
            }
        }
        settled
    }

    /// He has proved who he is, with a password.
    pub(crate) fn trust(&self) {
        self.shared.office().book.trust(self.ticket);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut office = self.shared.office();
        office.book.leave(self.ticket);
        office.tokens.remove(&self.ticket);
        drop(office);
        self.shared.freed.notify_one();
    }
}
