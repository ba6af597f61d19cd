use crate::lease::LeaseClock;
use crate::machine::Listener;
use crate::mvcc::Change;
use crate::watch::Hub;
use std::sync::Arc;

/// Passes on what was applied, to watches and leases.
pub struct Audience {
    pub hub: Arc<Hub>,
    pub clock: LeaseClock,
}

impl Listener for Audience {
    fn changed(&self, changes: Vec<Change>) {
        let mut revisions = Vec::new();
        for change in changes {
            match change {
                Change::Revision { revision, events } => revisions.push((revision, events.into())),
                Change::Compacted { revision } => self.hub.compacted(revision),
                Change::LeaseGranted { id, ttl } => self.clock.granted(id, ttl),
                Change::LeaseRevoked { id } => self.clock.revoked(id),
            }
        }
        self.hub.publish(revisions);
    }

    fn replaced(&self, revision: i64) {
        self.hub.reset(revision);
    }
}
