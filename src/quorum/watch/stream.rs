use super::batches::Batch;
use super::create::{NO_ID, Watchers};
use super::hub::Hub;
use super::pump::{Told, from_database, from_memory};
use super::shelf::Shelf;
use super::watcher::Watcher;
use crate::api::Headers;
use crate::blocking::blocking;
use crate::machine::State;
use mesoform_etcd::pb::watch_request::RequestUnion;
use mesoform_etcd::pb::{
    Event, WatchCancelRequest, WatchCreateRequest, WatchRequest, WatchResponse,
};
use prost::Message;
use std::collections::VecDeque;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_stream::{Stream, StreamExt};
use tonic::Status;

/// Answers that may wait to be sent before no more requests are read.
const OUTBOX: usize = 1024;
/// A response above it is split where the client allows that.
const FRAGMENT: usize = 1024 * 1024;
/// Responses that are handed over together, so that they also travel together: at most so many, and
/// no more once they are about so many bytes.
const BATCH: usize = 128;
const BATCH_BYTES: usize = 64 * 1024;

/// All watches of one gRPC stream.
pub struct WatchStream {
    pub state: Arc<State>,
    pub hub: Arc<Hub>,
    pub headers: Headers,
    /// How often a watcher that wants to hear of progress hears of it.
    progress: Duration,
    watchers: Watchers,
    outbox: VecDeque<WatchResponse>,
    /// The client wants to know how far all its watchers have come.
    progress_asked: bool,
    newest: watch::Receiver<i64>,
}

type Out = mpsc::Sender<Batch>;

impl WatchStream {
    pub fn new(state: Arc<State>, hub: Arc<Hub>, headers: Headers, progress: Duration) -> Self {
        let newest = hub.newest();
        Self {
            state,
            hub,
            headers,
            progress,
            watchers: Watchers::default(),
            outbox: VecDeque::new(),
            progress_asked: false,
            newest,
        }
    }

    /// Serves the stream until the client goes away, something fails, or `end` says why it ends.
    pub async fn run(
        mut self,
        mut requests: impl Stream<Item = Result<WatchRequest, Status>> + Unpin,
        out: Out,
        end: impl Future<Output = Status>,
    ) {
        let mut tick = tokio::time::interval(self.progress / 4);
        let mut end = pin!(end);
        loop {
            if self.outbox.is_empty()
                && let Err(status) = self.read_on().await
            {
                // Who has gone away meanwhile need not know.
                let _ = out.send(vec![Err(status)]).await;
                return;
            }
            let idle = self.outbox.is_empty();
            tokio::select! {
                room = out.reserve(), if !idle => match room {
                    Ok(room) => room.send(self.next_batch()),
                    Err(_) => return,
                },
                request = requests.next(), if self.outbox.len() < OUTBOX => match request {
                    Some(Ok(request)) => self.handle(request),
                    Some(Err(_)) | None => return,
                },
                changed = self.newest.changed(), if idle => {
                    if changed.is_err() {
                        return;
                    }
                }
                _ = tick.tick(), if idle => self.tell_progress(),
                status = &mut end => {
                    let _ = out.try_send(vec![Err(status)]);
                    return;
                }
                () = out.closed() => return,
            }
        }
    }

    fn next_batch(&mut self) -> Batch {
        let (mut batch, mut bytes) = (Vec::new(), 0);
        while batch.len() < BATCH && bytes < BATCH_BYTES {
            let Some(response) = self.outbox.pop_front() else { break };
            bytes += response.encoded_len();
            batch.push(Ok(response));
        }
        batch
    }

    fn handle(&mut self, request: WatchRequest) {
        match request.request_union {
            Some(RequestUnion::CreateRequest(request)) => self.create(&request),
            Some(RequestUnion::CancelRequest(request)) => self.cancel(request),
            Some(RequestUnion::ProgressRequest(_)) => self.progress_asked = true,
            None => {}
        }
    }

    fn cancel(&mut self, WatchCancelRequest { watch_id }: WatchCancelRequest) {
        if self.watchers.by_id.remove(&watch_id).is_some() {
            let response = self.response(watch_id, self.state.now().revision);
            self.outbox.push_back(WatchResponse { canceled: true, ..response });
        }
    }

    fn create(&mut self, request: &WatchCreateRequest) {
        // What the hub has told of is what "from now on" means to a stream.
        let revision = *self.newest.borrow();
        let created = self.watchers.create(request, revision);
        let response = self.response(created.unwrap_or(NO_ID), revision);
        self.outbox.push_back(match created {
            Ok(_) => WatchResponse { created: true, ..response },
            Err(reason) => WatchResponse {
                created: true,
                canceled: true,
                cancel_reason: reason.to_owned(),
                ..response
            },
        });
    }

    /// Puts into the outbox what there is to tell; with something in it nothing more is read.
    async fn read_on(&mut self) -> Result<(), Status> {
        let newest = *self.newest.borrow_and_update();
        let behind = self.watchers.by_id.values().filter(|watcher| watcher.next <= newest);
        let behind: Vec<i64> = behind.map(|watcher| watcher.id).collect();
        let hub = self.hub.clone();
        let mut shelf = Shelf::new(&hub);
        for id in behind {
            let Some(watcher) = self.watchers.by_id.get(&id) else { continue };
            let told = match from_memory(&mut shelf, watcher, newest) {
                Some(told) => told,
                None => self.ask_database(watcher.clone()).await?,
            };
            self.tell(id, told);
        }
        self.answer_progress(newest);
        if self.outbox.is_empty() && self.watchers.by_id.values().any(|w| w.next <= newest) {
            // Nothing of what was read concerned anyone, and there is more: come back at once.
            self.newest.mark_changed();
        }
        Ok(())
    }

    async fn ask_database(&self, watcher: Watcher) -> Result<Told, Status> {
        let state = self.state.clone();
        let read = blocking(move || from_database(&state, &watcher)).await;
        let read = read.map_err(|e| Status::internal(e.to_string()))?;
        read.map_err(|e| Status::internal(e.to_string()))
    }

    fn tell(&mut self, id: i64, told: Told) {
        match told {
            Told::Compacted(at) => {
                self.watchers.by_id.remove(&id);
                // As etcd: such a response has no revision.
                let response = self.response(id, 0);
                let compacted = WatchResponse { canceled: true, compact_revision: at, ..response };
                self.outbox.push_back(compacted);
            }
            Told::Events(events, upto) => {
                let Some(watcher) = self.watchers.by_id.get_mut(&id) else { return };
                watcher.next = watcher.next.max(upto + 1);
                if !events.is_empty() {
                    watcher.heard = Instant::now();
                    let fragment = watcher.fragment;
                    self.push_events(id, fragment, events, upto);
                }
            }
        }
    }

    fn push_events(&mut self, id: i64, fragment: bool, events: Vec<Event>, upto: i64) {
        let response = self.response(id, upto);
        if !fragment {
            self.outbox.push_back(WatchResponse { events, ..response });
            return;
        }
        let mut parts = fragments(events).into_iter().peekable();
        while let Some(events) = parts.next() {
            let fragment = parts.peek().is_some();
            self.outbox.push_back(WatchResponse { events, fragment, ..response.clone() });
        }
    }

    fn answer_progress(&mut self, newest: i64) {
        let all_told = self.watchers.by_id.values().all(|watcher| watcher.next > newest);
        if self.progress_asked && all_told && self.outbox.is_empty() {
            self.progress_asked = false;
            let response = self.response(NO_ID, newest);
            self.outbox.push_back(response);
        }
    }

    fn tell_progress(&mut self) {
        let newest = *self.newest.borrow();
        let now = Instant::now();
        let mut due = Vec::new();
        for watcher in self.watchers.by_id.values_mut() {
            if watcher.progress && watcher.next > newest && now - watcher.heard >= self.progress {
                watcher.heard = now;
                due.push(watcher.id);
            }
        }
        for id in due {
            let response = self.response(id, newest);
            self.outbox.push_back(response);
        }
    }

    fn response(&self, watch_id: i64, revision: i64) -> WatchResponse {
        let header = Some(self.headers.at(revision));
        WatchResponse { header, watch_id, ..Default::default() }
    }
}

/// Splits events so that no part is much above the limit.
fn fragments(events: Vec<Event>) -> Vec<Vec<Event>> {
    let mut parts = vec![Vec::new()];
    let mut bytes = 0;
    for event in events {
        let size = event.encoded_len();
        if bytes > 0 && bytes + size > FRAGMENT {
            parts.push(Vec::new());
            bytes = 0;
        }
        bytes += size;
        if let Some(part) = parts.last_mut() {
            part.push(event);
        }
    }
    parts
}
