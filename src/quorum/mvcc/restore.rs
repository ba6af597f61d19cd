use super::tables::WriteTables;
use super::{Result, meta};
use bytes::Bytes;
use mesoform_etcd::pb::{Event, EventType};
use prost::Message;

/// Rebuilding the tables from a snapshot's records, in the order of the revisions.
impl WriteTables<'_> {
    pub(crate) fn restore_revision(&mut self, revision: i64, compacted: i64) -> Result<()> {
        meta::set_revision(&mut self.meta, revision)?;
        meta::set_compacted(&mut self.meta, compacted)?;
        self.revision = revision;
        self.compacted = compacted;
        Ok(())
    }

    pub(crate) fn restore_lease(&mut self, id: i64, ttl: i64) -> Result<()> {
        self.leases.insert(id, ttl)?;
        Ok(())
    }

    pub(crate) fn restore_event(&mut self, revision: u64, place: u32, event: Bytes) -> Result<()> {
        self.revisions.insert((revision, place), event.as_ref())?;
        let event = Event::decode(event)?;
        let kind = event.r#type();
        let Some(kv) = event.kv else { return Ok(()) };
        self.history.insert((kv.key.as_ref(), revision), place)?;
        let replaced = match kind {
            EventType::Put => {
                self.current.insert(kv.key.as_ref(), kv.encode_to_vec().as_slice())?
            }
            EventType::Delete => self.current.remove(kv.key.as_ref())?,
        };
        let before = replaced.map(|kv| mesoform_etcd::pb::KeyValue::decode(kv.value()));
        let lease_before = before.transpose()?.map_or(0, |kv| kv.lease);
        self.move_restored(lease_before, kv.lease, &kv.key)
    }

    fn move_restored(&mut self, from: i64, to: i64, key: &Bytes) -> Result<()> {
        if from != 0 {
            self.lease_keys.remove((from, key.as_ref()))?;
        }
        if to != 0 {
            self.lease_keys.insert((to, key.as_ref()), ())?;
        }
        Ok(())
    }
}
