use crate::keys::{election_prefix, prefix_end};
use crate::list::{position_of, range};
use crate::pool::Pool;
use crate::watch::watch;
use crate::{Leader, Position, Result};
use mesoform_etcd::pb::{RangeRequest, SortOrder, SortTarget};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch::{Receiver, Sender};
use tokio::time::sleep;
use tokio_stream::StreamExt;

/// After a read that took its 5 s and failed.
const PAUSE: Duration = Duration::from_millis(200);

/// Shows the leader of `election` until the receiver is dropped.
pub(crate) fn observe(pool: &Arc<Pool>, election: &str) -> Receiver<Option<Leader>> {
    let (shown, seen) = tokio::sync::watch::channel(None);
    let (pool, prefix) = (pool.clone(), election_prefix(election));
    tokio::spawn(async move {
        tokio::select! {
            () = shown.closed() => {}
            () = follow(&pool, &prefix, &shown) => {}
        }
    });
    seen
}

/// Reads who leads, waits for any change among the candidates, and reads again.
async fn follow(pool: &Arc<Pool>, prefix: &str, shown: &Sender<Option<Leader>>) {
    loop {
        match leader(pool, prefix).await {
            Ok((leader, at)) => {
                shown.send_if_modified(|old| {
                    let new = *old != leader;
                    *old = leader;
                    new
                });
                watch(pool, prefix, at.next()).next().await;
            }
            Err(error) => {
                tracing::debug!(%error, prefix, "the leader cannot be read");
                sleep(PAUSE).await;
            }
        }
    }
}

/// The candidate with the lowest create revision leads. Also where that was.
async fn leader(pool: &Pool, prefix: &str) -> Result<(Option<Leader>, Position)> {
    let stored = pool.key(prefix);
    let request = RangeRequest {
        range_end: prefix_end(&stored).into(),
        key: stored.into(),
        limit: 1,
        sort_order: SortOrder::Ascend.into(),
        sort_target: SortTarget::Create.into(),
        ..Default::default()
    };
    let answer = range(pool, "observe", request).await?;
    let at = position_of(&answer)?;
    let leader = answer.kvs.into_iter().next();
    let leader = leader.map(|kv| Leader { revision: kv.create_revision, value: kv.value.to_vec() });
    Ok((leader, at))
}
