use super::hub::{Hub, Revision};
use super::pump::REVISIONS;

/// What was last taken out of the hub: most watchers of a stream have come equally far, and then look at
/// the same.
pub struct Shelf<'h> {
    hub: &'h Hub,
    from: i64,
    revisions: Option<Vec<Revision>>,
}

impl<'h> Shelf<'h> {
    pub fn new(hub: &'h Hub) -> Self {
        Self { hub, from: 0, revisions: None }
    }

    /// The revisions from `from` on, not more than [`REVISIONS`]; none: they are not all in memory.
    pub fn since(&mut self, from: i64) -> Option<&[Revision]> {
        if self.revisions.is_none() || self.from != from {
            self.revisions = self.hub.since(from, REVISIONS);
            self.from = from;
        }
        self.revisions.as_deref()
    }
}
