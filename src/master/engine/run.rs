use super::handle::Inbox;
use super::{Command, EngineHandle, Outbox, writer};
use crate::clock::Clock;
use crate::consensus::Leadership;
use crate::core::{Core, Effect, LinkId, RegistryWrite};
use bytes::Bytes;
use mesoform_mesos::recordio;
use serde::Serialize;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Looks at the clock at least this often.
const MAX_SLEEP: Duration = Duration::from_secs(60);

/// One leadership's engine.
struct Engine<L> {
    core: Core,
    clock: Clock,
    leadership: Arc<L>,
    links: HashMap<LinkId, Outbox>,
    writes: mpsc::UnboundedSender<RegistryWrite>,
    over: CancellationToken,
}

/// Starts an engine. It ends when `over` is cancelled, and cancels it itself when a write or the clock
/// shows that the leadership is over.
pub fn start<L: Leadership>(
    core: Core,
    clock: Clock,
    leadership: Arc<L>,
    over: CancellationToken,
) -> (EngineHandle, JoinHandle<()>) {
    let (handle, inbox) = EngineHandle::new(core.leadership(), over.clone());
    // Both bounded by what the core asks for: one write for each change of an agent.
    let (writes, requests) = mpsc::unbounded_channel();
    let (done, written) = mpsc::unbounded_channel();
    let writer = tokio::spawn(writer::run(leadership.clone(), requests, done, over.clone()));
    let links = HashMap::new();
    let engine = Engine { core, clock, leadership, links, writes, over };
    let task = async move {
        engine.run(inbox, written).await;
        // It holds the leadership too, and ends with the engine.
        let _ = writer.await;
    };
    (handle, tokio::spawn(task))
}

impl<L: Leadership> Engine<L> {
    async fn run(mut self, mut inbox: Inbox, mut written: mpsc::UnboundedReceiver<RegistryWrite>) {
        let over = self.over.clone();
        loop {
            let due = self.core.next_deadline().map_or(MAX_SLEEP, |at| self.clock.until(at));
            tokio::select! {
                biased;
                () = over.cancelled() => break,
                Some(link) = inbox.gone.recv() => self.link_lost(link),
                Some(write) = written.recv() => {
                    let effects = self.core.written(&write, self.clock.now());
                    self.carry_out(effects);
                }
                Some(command) = inbox.commands.recv() => self.command(command),
                () = tokio::time::sleep(due.min(MAX_SLEEP)) => {}
            }
            // Not a branch of its own: a flood of commands must not hold the timers up.
            let effects = self.core.tick(self.clock.now());
            self.carry_out(effects);
        }
    }

    fn command(&mut self, command: Command) {
        match command {
            Command::View(view) => view(&self.core),
            Command::Act { open, act, reply } => {
                let link = open.as_ref().map(|(link, _)| *link);
                self.links.extend(open);
                let result = act(&mut self.core, self.clock.now());
                if let (Err(_), Some(link)) = (&result, link) {
                    self.links.remove(&link);
                }
                let done = result.map(|effects| self.carry_out(effects));
                let _ = reply.send(done);
            }
        }
    }

    fn link_lost(&mut self, link: LinkId) {
        self.links.remove(&link);
        let effects = self.core.link_lost(link, self.clock.now());
        self.carry_out(effects);
    }

    fn carry_out(&mut self, effects: Vec<Effect>) {
        // After a pause of the whole process the clock knows first that the leadership is over.
        if !effects.is_empty() && !self.leadership.is_current() {
            self.over.cancel();
        }
        let mut waiting = VecDeque::from(effects);
        while let Some(effect) = waiting.pop_front() {
            if self.over.is_cancelled() {
                return;
            }
            if let Err(link) = self.one(effect) {
                self.links.remove(&link);
                waiting.extend(self.core.link_lost(link, self.clock.now()));
            }
        }
    }

    /// Carries out one effect; the error is a link that is too slow.
    fn one(&mut self, effect: Effect) -> Result<(), LinkId> {
        match effect {
            Effect::Order { link, order } => self.send(link, &*order),
            Effect::Event { link, event } => self.send(link, &*event),
            Effect::Close { link } => {
                self.links.remove(&link);
                Ok(())
            }
            Effect::Write(write) => {
                // Fails only when the writer has ended, with the leadership.
                let _ = self.writes.send(write);
                Ok(())
            }
        }
    }

    fn send(&mut self, link: LinkId, message: &impl Serialize) -> Result<(), LinkId> {
        let Some(outbox) = self.links.get(&link) else { return Ok(()) };
        let Some(record) = encode(message) else { return Ok(()) };
        outbox.push(record).map_err(|_| {
            tracing::warn!(link = link.0, "a reader is too slow, or gone; cutting it off");
            link
        })
    }
}

fn encode(message: &impl Serialize) -> Option<Bytes> {
    match serde_json::to_vec(message) {
        Ok(json) => Some(recordio::encode(&json)),
        Err(error) => {
            tracing::error!(%error, "a message cannot be written as JSON");
            None
        }
    }
}
