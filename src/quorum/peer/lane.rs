use super::links::Wire;
use crate::wire::{AppendRequest, AppendResponse, PeerClient};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{mpsc, oneshot};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming};

/// Appends that wait to be sent. Raft sends the next one when the last was answered, or given up.
const QUEUE: usize = 4;

/// One call to a voter for all appends: so an append is a frame each way, and no call with its heads.
/// It ends with its connection, and is then made anew.
pub struct Lane {
    requests: mpsc::Sender<AppendRequest>,
    calls: Calls,
}

impl Lane {
    /// Makes the call; it ends with this.
    pub fn open(client: PeerClient<Wire>) -> Self {
        let (requests, queue) = mpsc::channel(QUEUE);
        let calls = Calls::default();
        tokio::spawn(run(client, queue, calls.clone()));
        Self { requests, calls }
    }

    /// Why it carries nothing any more.
    pub fn end(&self) -> Option<Status> {
        self.calls.inner().end.clone()
    }

    /// Has an append answered.
    ///
    /// # Errors
    /// It ended meanwhile, or before.
    pub async fn append(&self, request: AppendRequest) -> Result<AppendResponse, Status> {
        let mut call = self.calls.begin()?;
        let request = AppendRequest { call: call.number, ..request };
        if self.requests.send(request).await.is_err() {
            return Err(self.calls.why());
        }
        (&mut call.answer).await.map_err(|_| self.calls.why())
    }
}

async fn run(mut client: PeerClient<Wire>, queue: mpsc::Receiver<AppendRequest>, calls: Calls) {
    let end = match client.appends(ReceiverStream::new(queue)).await {
        Ok(answers) => pass_on(answers.into_inner(), &calls).await,
        Err(status) => status,
    };
    calls.end(end);
}

async fn pass_on(mut answers: Streaming<AppendResponse>, calls: &Calls) -> Status {
    loop {
        match answers.message().await {
            Ok(Some(answer)) => calls.answer(answer),
            Ok(None) => return Status::unavailable("the voter is ending"),
            Err(status) => return status,
        }
    }
}

/// Who waits for which answer.
#[derive(Clone, Default)]
struct Calls(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    last: u64,
    waiting: HashMap<u64, oneshot::Sender<AppendResponse>>,
    end: Option<Status>,
}

/// Forgotten when nobody waits for it any more.
struct Call {
    number: u64,
    answer: oneshot::Receiver<AppendResponse>,
    calls: Calls,
}

impl Calls {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self) -> Result<Call, Status> {
        let mut inner = self.inner();
        if let Some(end) = &inner.end {
            return Err(end.clone());
        }
        let (sender, answer) = oneshot::channel();
        inner.last += 1;
        let number = inner.last;
        inner.waiting.insert(number, sender);
        Ok(Call { number, answer, calls: self.clone() })
    }

    fn answer(&self, answer: AppendResponse) {
        let waiting = self.inner().waiting.remove(&answer.call);
        if let Some(waiting) = waiting {
            // Who has given up meanwhile needs no answer.
            let _ = waiting.send(answer);
        }
    }

    fn end(&self, status: Status) {
        let mut inner = self.inner();
        inner.end = Some(status);
        inner.waiting.clear();
    }

    fn why(&self) -> Status {
        let end = self.inner().end.clone();
        end.unwrap_or_else(|| Status::unavailable("the connection is lost"))
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.calls.inner().waiting.remove(&self.number);
    }
}
