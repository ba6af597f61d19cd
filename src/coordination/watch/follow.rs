use super::WatchEvent;
use super::cursor::{Cursor, Step};
use crate::call::{ATTEMPT, words};
use crate::keys::prefix_end;
use crate::list::{MAX_ANSWER, position_of, range};
use crate::pool::{Line, Pool};
use crate::{Position, Result};
use mesoform_etcd::client::WatchClient;
use mesoform_etcd::pb::watch_request::RequestUnion;
use mesoform_etcd::pb::{RangeRequest, WatchRequest, WatchResponse};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::{Sender, channel};
use tokio::time::{sleep, timeout};
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt, iter, pending};
use tonic::{Request, Status, Streaming, metadata::MetadataValue};

/// Events that wait for a slow reader; beyond, the quorum waits.
const BUFFER: usize = 256;
const PAUSE: Duration = Duration::from_millis(20);
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// All changes below `prefix` from `from` on; see [`crate::Coordination::watch`].
pub(crate) fn watch(
    pool: &Arc<Pool>,
    prefix: &str,
    from: Position,
) -> impl Stream<Item = WatchEvent> + Send + Unpin + use<> {
    let stored = pool.key(prefix);
    let cursor = Cursor::new(stored.as_bytes().to_vec(), prefix_end(&stored), from);
    let before = pool.prefix().to_owned();
    spawn(pool.clone(), cursor).map(move |event| event.without(&before))
}

fn spawn(pool: Arc<Pool>, cursor: Cursor) -> ReceiverStream<WatchEvent> {
    let (events, read) = channel(BUFFER);
    tokio::spawn(async move {
        let dropped = events.clone();
        tokio::select! {
            () = dropped.closed() => {}
            () = follow(&pool, cursor, events) => {}
        }
    });
    ReceiverStream::new(read)
}

/// Asks one voter after another until the watch ends.
async fn follow(pool: &Pool, mut cursor: Cursor, events: Sender<WatchEvent>) {
    let mut pause = PAUSE;
    loop {
        let line = pool.line();
        match hear(pool, &line, &mut cursor, &events).await {
            Heard::All => return,
            Heard::Some(cause) => {
                pause = PAUSE;
                pool.leave(&line, &cause);
            }
            Heard::Nothing(Some(cause)) => pool.leave(&line, &cause),
            Heard::Nothing(None) => {}
        }
        sleep(pause).await;
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

/// How far a voter's answers went.
enum Heard {
    /// To the end of the watch.
    All,
    /// It answered, then broke off.
    Some(String),
    /// It did not answer; or it was left.
    Nothing(Option<String>),
}

async fn hear(pool: &Pool, line: &Line, cursor: &mut Cursor, events: &Sender<WatchEvent>) -> Heard {
    let mut answers = match timeout(ATTEMPT, ask(line, cursor)).await {
        Ok(Ok(answers)) => answers,
        Ok(Err(status)) => return Heard::Nothing(Some(words(&status))),
        Err(_) => return Heard::Nothing(Some("it does not answer".into())),
    };
    loop {
        // Only here may the voter be left: what the cursor has taken in must be delivered.
        let answer = tokio::select! {
            answer = answers.next() => answer,
            () = pool.left(line) => return Heard::Nothing(None),
        };
        let answer = match answer {
            Some(Ok(answer)) => answer,
            Some(Err(status)) => return Heard::Some(words(&status)),
            None => return Heard::Some("it ended the watch".into()),
        };
        let (delivered, ended) = match cursor.take(answer) {
            Step::Deliver(delivered) => (delivered, false),
            Step::End(last) => (vec![last], true),
            Step::AskAgain(cause) => return Heard::Nothing(Some(cause)),
        };
        for event in delivered {
            if events.send(event).await.is_err() {
                return Heard::All;
            }
        }
        if ended {
            return Heard::All;
        }
    }
}

async fn ask(
    line: &Line,
    cursor: &Cursor,
) -> std::result::Result<Streaming<WatchResponse>, Status> {
    let create = RequestUnion::CreateRequest(cursor.request());
    let first = WatchRequest { request_union: Some(create) };
    // The stream of requests stays open: its end would end the watch.
    let mut request = Request::new(iter([first]).chain(pending()));
    // etcd then ends the watch when the voter loses sight of the leader.
    request.metadata_mut().insert("hasleader", MetadataValue::from_static("true"));
    let client = WatchClient::new(line.channel.clone());
    let answers = client.max_decoding_message_size(MAX_ANSWER).watch(request).await?;
    Ok(answers.into_inner())
}

/// Returns once `key`, as the quorum has it, is gone: deleted at `from` or later.
pub(crate) async fn await_gone(pool: &Arc<Pool>, key: Vec<u8>, from: Position) -> Result<()> {
    let mut events = spawn(pool.clone(), Cursor::new(key.clone(), Vec::new(), from));
    loop {
        match events.next().await {
            Some(WatchEvent::Put(_)) => {}
            Some(WatchEvent::Delete { .. }) => return Ok(()),
            // A quiet watch that had to be asked for again after a compaction: look.
            Some(WatchEvent::Compacted { .. }) | None => {
                let Some(seen) = still_there(pool, &key).await? else { return Ok(()) };
                let cursor = Cursor::new(key.clone(), Vec::new(), seen.next());
                events = spawn(pool.clone(), cursor);
            }
        }
    }
}

/// Where `key` was seen; none where it was not.
async fn still_there(pool: &Pool, key: &[u8]) -> Result<Option<Position>> {
    let key = key.to_vec().into();
    let request = RangeRequest { key, limit: 1, keys_only: true, ..Default::default() };
    let answer = range(pool, "watch", request).await?;
    let seen = position_of(&answer)?;
    Ok((!answer.kvs.is_empty()).then_some(seen))
}
