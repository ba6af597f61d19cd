use super::{About, BLOCK, MAGIC};
use crate::machine::write_out;
use crate::mvcc::{self, MvccError, ReadTables, Tables, meta};
use crate::raft::LogId;
use bytes::Bytes;
use sha2::{Digest, Sha256};
use std::time::{SystemTime, UNIX_EPOCH};

/// Writes a backup of `view`, chunk by chunk, until `send` says that nobody listens any more.
///
/// # Errors
/// The storage failed.
pub fn write(
    view: &ReadTables,
    cluster: &str,
    cluster_id: u64,
    mut send: impl FnMut(Bytes) -> bool,
) -> mvcc::Result<()> {
    let mut out = Out { digest: Sha256::new(), length: 0, listening: true, send: &mut send };
    out.put(head(view, cluster, cluster_id)?);
    write_out(view, |bytes| out.put(bytes))?;
    let rest = out.length.next_multiple_of(BLOCK) - out.length;
    out.put(Bytes::from(vec![0; usize::try_from(rest).unwrap_or_default()]));
    let digest = out.digest.finalize();
    if out.listening {
        send(Bytes::copy_from_slice(&digest));
    }
    Ok(())
}

/// Sends, and keeps count.
struct Out<'s, F> {
    digest: Sha256,
    length: u64,
    listening: bool,
    send: &'s mut F,
}

impl<F: FnMut(Bytes) -> bool> Out<'_, F> {
    fn put(&mut self, bytes: Bytes) -> bool {
        self.digest.update(&bytes);
        self.length += bytes.len() as u64;
        self.listening = self.listening && (self.send)(bytes);
        self.listening
    }
}

fn head(view: &ReadTables, cluster: &str, cluster_id: u64) -> mvcc::Result<Bytes> {
    let applied: Option<LogId> = meta::get(view.meta(), meta::APPLIED)?;
    let about = About {
        format: mvcc::level(view)?,
        cluster: cluster.to_owned(),
        cluster_id: format!("{cluster_id:x}"),
        revision: view.revision(),
        applied: applied.map_or(0, |id| id.index),
        made: SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let json = serde_json::to_vec(&about).map_err(|e| MvccError::Damaged(e.to_string()))?;
    Ok([MAGIC, &json, b"\n"].concat().into())
}
