use super::batch::{Batch, pack};
use super::{Failure, Order, Store};
use crate::core::{Answer, Core, Effect, Input, Now, Refusal, Turn, View};
use crate::model::Moment;
use mesoform_coordination::WriteError;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Inputs that are taken in before they are committed together.
const AT_ONCE: usize = 256;

/// Where inputs come from.
#[derive(Debug)]
pub struct Inbox {
    pub orders: mpsc::Receiver<Order>,
    pub events: mpsc::Receiver<Input>,
}

/// Why an engine stopped.
#[derive(Debug)]
pub enum Ended {
    /// Someone wanted it to.
    Asked,
    /// A write did not go through; its outcome may be unknown, so that the state must be loaded anew.
    NotWritten(WriteError),
    /// Somebody else may lead by now.
    Deposed,
}

/// Runs a [`Core`] on a [`Store`].
#[derive(Debug)]
pub struct Engine<S> {
    core: Core,
    store: S,
    began: Instant,
    inbox: Inbox,
    calls: mpsc::Sender<Effect>,
    view: watch::Sender<Arc<View>>,
    waiting: HashMap<u64, oneshot::Sender<Result<Answer, Failure>>>,
    orders: u64,
}

impl<S: Store> Engine<S> {
    /// What the core wants of the master goes to `calls`, what the API shows to `view`.
    pub fn new(
        core: impl FnOnce(Now) -> Core,
        store: S,
        inbox: Inbox,
        calls: mpsc::Sender<Effect>,
        view: watch::Sender<Arc<View>>,
    ) -> Self {
        let began = Instant::now();
        let core = core(now(began));
        view.send_replace(Arc::new(core.view(now(began))));
        Self { core, store, began, inbox, calls, view, waiting: HashMap::new(), orders: 0 }
    }

    /// Runs until `stop`, or until a write fails. Whoever still waits for an answer gets one.
    /// Returns the store.
    pub async fn run(mut self, stop: CancellationToken) -> (S, Ended) {
        loop {
            let Some(first) = self.next(&stop).await else { return (self.store, Ended::Asked) };
            let mut turns = vec![self.turn(first)];
            while turns.len() < AT_ONCE
                && let Some(more) = self.try_next()
            {
                turns.push(self.turn(more));
            }
            if let Err(ended) = self.carry_out(pack(turns)).await {
                return (self.store, ended);
            }
        }
    }

    async fn next(&mut self, stop: &CancellationToken) -> Option<Received> {
        let wake = self.core.next_wake().map(|tick| self.began + tick);
        let wake = async {
            match wake {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = stop.cancelled() => None,
            order = self.inbox.orders.recv() => order.map(Received::Order),
            event = self.inbox.events.recv() => event.map(Received::Input),
            () = wake => Some(Received::Input(Input::Wake)),
        }
    }

    fn try_next(&mut self) -> Option<Received> {
        let order = self.inbox.orders.try_recv().ok().map(Received::Order);
        order.or_else(|| self.inbox.events.try_recv().ok().map(Received::Input))
    }

    fn turn(&mut self, received: Received) -> Turn {
        let input = match received {
            Received::Input(input) => input,
            Received::Order(Order { command, reply }) => {
                self.orders += 1;
                self.waiting.insert(self.orders, reply);
                Input::Command { id: self.orders, command }
            }
        };
        self.core.handle(input, now(self.began))
    }

    /// Commits batch after batch, and does what each allows. Answers come last, when the view shows
    /// what they speak of.
    async fn carry_out(&mut self, batches: Vec<Batch>) -> Result<(), Ended> {
        let mut answers = Vec::new();
        for mut batch in batches {
            let ops = batch.take_ops();
            if let Err(ended) = self.commit(ops).await {
                self.answer(answers);
                self.fail_all(&ended);
                return Err(ended);
            }
            for effect in batch.effects {
                match effect {
                    Effect::Reply { id, answer } => answers.push((id, answer)),
                    call => self.call(call).await,
                }
            }
        }
        self.view.send_replace(Arc::new(self.core.view(now(self.began))));
        self.answer(answers);
        Ok(())
    }

    async fn commit(&self, ops: Vec<crate::core::Op>) -> Result<(), Ended> {
        if ops.is_empty() {
            // Nothing fences calls to the master but the clock.
            return if self.store.is_current() { Ok(()) } else { Err(Ended::Deposed) };
        }
        self.store.write(ops).await.map_err(Ended::NotWritten)
    }

    async fn call(&self, effect: Effect) {
        if self.calls.send(effect).await.is_err() {
            tracing::debug!("nobody is left to call the master");
        }
    }

    fn answer(&mut self, answers: Vec<(u64, Result<Answer, Refusal>)>) {
        for (id, answer) in answers {
            if let Some(reply) = self.waiting.remove(&id) {
                // Whoever asked may have gone.
                let _ = reply.send(answer.map_err(Failure::Refused));
            }
        }
    }

    fn fail_all(&mut self, ended: &Ended) {
        for (_, reply) in self.waiting.drain() {
            let failure = match ended {
                Ended::NotWritten(WriteError::Unknown { cause }) => Failure::Unknown(cause.clone()),
                Ended::NotWritten(WriteError::Unavailable { cause }) => {
                    Failure::NotCommitted(format!(
                        "the quorum has no consensus, so that changes are refused; running tasks go \
                         on ({cause})"
                    ))
                }
                Ended::NotWritten(error) => Failure::NotCommitted(error.to_string()),
                Ended::Asked | Ended::Deposed => {
                    Failure::NotCommitted("this scheduler leads no more".to_owned())
                }
            };
            let _ = reply.send(Err(failure));
        }
    }
}

enum Received {
    Order(Order),
    Input(Input),
}

fn now(began: Instant) -> Now {
    let tick: Duration = began.elapsed();
    Now { wall: Moment::now(), tick }
}
