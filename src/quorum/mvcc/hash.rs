use super::tables::Tables;
use super::{Result, range};
use crate::wire::Refusal;
use redb::ReadableTable;
use sha2::{Digest, Sha256};

/// A hash of the history up to a revision (0: the newest), for comparing voters: equal histories that
/// were compacted at the same revision have the same. It is not etcd's.
///
/// # Errors
/// The revision is compacted, or of the future; the storage failed.
pub fn hash_history(tables: &impl Tables, revision: i64) -> Result<u32> {
    range::check_revision(tables, revision)?;
    // As etcd: what a compaction left at its own revision is not all that was there.
    if revision > 0 && revision <= tables.compacted() {
        return Err(Refusal::Compacted.into());
    }
    let upto = if revision <= 0 { tables.revision() } else { revision };
    let mut hash = Sha256::new();
    for row in tables.revisions().range(..=(upto.unsigned_abs(), u32::MAX))? {
        let (at, event) = row?;
        let (revision, place) = at.value();
        hash.update(revision.to_be_bytes());
        hash.update(place.to_be_bytes());
        hash.update(length(event.value()));
        hash.update(event.value());
    }
    Ok(short(hash))
}

/// As [`hash_history`], of the whole state: leases too.
///
/// # Errors
/// The storage failed.
pub fn hash_all(tables: &impl Tables) -> Result<u32> {
    let mut hash = Sha256::new();
    hash.update(hash_history(tables, 0)?.to_be_bytes());
    hash.update(tables.compacted().to_be_bytes());
    for (id, ttl) in super::leases(tables)? {
        hash.update(id.to_be_bytes());
        hash.update(ttl.to_be_bytes());
        for key in super::keys_of(tables, id)? {
            hash.update(length(&key));
            hash.update(key.as_ref());
        }
    }
    Ok(short(hash))
}

fn length(bytes: &[u8]) -> [u8; 8] {
    (bytes.len() as u64).to_be_bytes()
}

fn short(hash: Sha256) -> u32 {
    hash.finalize().iter().take(4).fold(0, |short, byte| short << 8 | u32::from(*byte))
}
