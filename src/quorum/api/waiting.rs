use super::Api;
use super::access::writer;
use super::errors::STOPPED;
use crate::mvcc::{ReadTables, Tables, range};
use bytes::Bytes;
use mesoform_etcd::pb::{KeyValue, RangeRequest, ResponseHeader, SortOrder, SortTarget};
use tonic::{Request, Status};

/// What the Election and the Lock service stand on: those who want the same make a key each below one
/// prefix, and wait until no older one is left.
impl Api {
    /// The name of the key under `prefix` that goes with a lease.
    pub(super) fn place_in_line(name: &Bytes, lease: i64) -> Bytes {
        [name.as_ref(), format!("/{lease:x}").as_bytes()].concat().into()
    }

    /// Waits until no key of the line is older than the one that was made at `own`: the head of
    /// the read that found none.
    pub(super) async fn wait_for_turn(
        &self,
        name: &Bytes,
        own: i64,
    ) -> Result<ResponseHeader, Status> {
        loop {
            let request = RangeRequest {
                max_create_revision: own - 1,
                sort_order: SortOrder::Descend as i32,
                ..line(name)
            };
            let (older, revision) = self.first(request).await?;
            match older {
                None => return Ok(self.headers.at(revision)),
                Some(older) => self.wait_until_gone(&older).await?,
            }
        }
    }

    /// The oldest key of the line: its owner's turn it is. Also the revision at which that was so.
    pub(super) async fn oldest(&self, name: &Bytes) -> Result<(Option<KeyValue>, i64), Status> {
        self.first(oldest_of(name)).await
    }

    async fn first(&self, request: RangeRequest) -> Result<(Option<KeyValue>, i64), Status> {
        self.read_index.wait().await?;
        let found = self.read(true, move |tables| range(tables, &request)).await?;
        let revision = found.header.map_or(0, |header| header.revision);
        Ok((found.kvs.into_iter().next(), revision))
    }

    async fn wait_until_gone(&self, older: &KeyValue) -> Result<(), Status> {
        let mut newest = self.hub.newest();
        loop {
            newest.borrow_and_update();
            let (key, made) = (older.key.clone(), older.create_revision);
            let there = self.read(false, move |tables| is_there(tables, key, made)).await?;
            if !there {
                return Ok(());
            }
            tokio::select! {
                changed = newest.changed() => {
                    changed.map_err(|_| Status::unavailable(STOPPED))?;
                }
                () = self.shutdown.cancelled() => return Err(Status::unavailable(STOPPED)),
            }
        }
    }

    /// Takes the request of someone who may change something.
    pub(super) fn of_writer<T>(&self, request: Request<T>) -> Result<T, Status> {
        writer(&request)?;
        self.check_leader(&request)?;
        Ok(request.into_inner())
    }
}

fn is_there(tables: &ReadTables, key: Bytes, made: i64) -> crate::mvcc::Result<bool> {
    debug_assert!(tables.revision() > 0);
    let found = range(tables, &RangeRequest { key, ..Default::default() })?;
    Ok(found.kvs.first().is_some_and(|kv| kv.create_revision == made))
}

/// Asks for the oldest key of a line.
pub(super) fn oldest_of(name: &Bytes) -> RangeRequest {
    RangeRequest { sort_order: SortOrder::Ascend as i32, ..line(name) }
}

/// One key of a line, the first in the order of their making.
fn line(name: &Bytes) -> RangeRequest {
    RangeRequest {
        key: [name.as_ref(), b"/"].concat().into(),
        // The character after `/`.
        range_end: [name.as_ref(), b"0"].concat().into(),
        limit: 1,
        sort_target: SortTarget::Create as i32,
        ..Default::default()
    }
}
