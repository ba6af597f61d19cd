use super::{Result, Writer, compact, leases, meta};
use crate::wire::Command;
use crate::wire::command::Kind;
use mesoform_etcd::pb::{CompactionRequest, LeaseRevokeRequest};

impl Writer<'_> {
    /// Lets the revisions leap by `by`, ends all leases and compacts all before. Returns the revision.
    ///
    /// A lease says that somebody is there, and holds what he leads by: nobody leads for a quorum that
    /// he has not asked.
    ///
    /// # Errors
    /// The storage failed.
    pub fn leap(&mut self, by: i64) -> Result<i64> {
        self.tables.revision = self.tables.revision.saturating_add(by);
        meta::set_revision(&mut self.tables.meta, self.tables.revision)?;
        for (id, _) in leases(&self.tables)? {
            self.apply(&Command::from(Kind::LeaseRevoke(LeaseRevokeRequest { id })))?;
        }
        let revision = self.tables.revision;
        compact::compact(self, CompactionRequest { revision, physical: true })?;
        Ok(revision)
    }
}
