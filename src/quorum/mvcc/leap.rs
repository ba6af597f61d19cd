use super::{Result, Writer, compact, meta};
use mesoform_etcd::pb::CompactionRequest;

impl Writer<'_> {
    /// Lets the revisions leap by `by`, and compacts all before. Returns the revision.
    ///
    /// # Errors
    /// The storage failed.
    pub fn leap(&mut self, by: i64) -> Result<i64> {
        let revision = self.tables.revision.saturating_add(by);
        self.tables.revision = revision;
        meta::set_revision(&mut self.tables.meta, revision)?;
        compact::compact(self, CompactionRequest { revision, physical: true })?;
        Ok(revision)
    }
}
