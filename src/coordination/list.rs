use crate::call::{CALL, repeated};
use crate::keys::prefix_end;
use crate::pool::Pool;
use crate::{CoordinationError, Entry, Position, Result};
use mesoform_etcd::client::KvClient;
use mesoform_etcd::pb::{RangeRequest, RangeResponse};

/// Keys per answer: with values of a few KiB far below what gRPC bears.
const PAGE: i64 = 500;
/// Values may be as large as etcd's 1.5 MiB, so a page of large ones must still fit.
pub(crate) const MAX_ANSWER: usize = 1 << 30;
/// How often a compaction may overtake a listing.
const RESTARTS: usize = 5;

/// All entries below `prefix` as they were at one revision, and where that was.
pub(crate) async fn list(pool: &Pool, prefix: &str) -> Result<(Vec<Entry>, Position)> {
    let mut restarts = 0;
    loop {
        match list_once(pool, prefix).await {
            // The revision of the first page was compacted away before the last page.
            Err(CoordinationError::Refused { cause, .. })
                if cause.contains("compacted") && restarts < RESTARTS =>
            {
                restarts += 1;
            }
            other => return other,
        }
    }
}

async fn list_once(pool: &Pool, prefix: &str) -> Result<(Vec<Entry>, Position)> {
    let mut entries = Vec::new();
    let mut at = Position::NOW;
    let stored = pool.key(prefix);
    let mut request = RangeRequest {
        range_end: prefix_end(&stored).into(),
        key: stored.into(),
        limit: PAGE,
        ..Default::default()
    };
    loop {
        let page = range(pool, "list", request.clone()).await?;
        if request.revision == 0 {
            at = position_of(&page)?;
            request.revision = at.revision;
        }
        if let Some(last) = page.kvs.last() {
            request.key = [&last.key[..], &[0]].concat().into();
        }
        let more = page.more && !page.kvs.is_empty();
        let known = |kv| Entry::from(kv).without(pool.prefix());
        entries.extend(page.kvs.into_iter().map(known));
        if !more {
            return Ok((entries, at));
        }
    }
}

pub(crate) async fn range(
    pool: &Pool,
    what: &'static str,
    request: RangeRequest,
) -> Result<RangeResponse> {
    // A page takes longer than a single key.
    let patience = if request.limit == 1 { crate::call::ATTEMPT } else { CALL / 2 };
    repeated(pool, what, patience, |line| {
        let request = request.clone();
        async move {
            let client = KvClient::new(line.channel);
            client.max_decoding_message_size(MAX_ANSWER).range(request).await
        }
    })
    .await
}

pub(crate) fn position_of(answer: &RangeResponse) -> Result<Position> {
    let position = answer
        .header
        .map(|header| Position { quorum: header.cluster_id, revision: header.revision });
    position.ok_or(CoordinationError::Answer { what: "range", cause: "it has no header" })
}
