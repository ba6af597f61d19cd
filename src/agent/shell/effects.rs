//! What the core decided, done.

use super::Shell;
use crate::AgentError;
use crate::core::{Effect, TaskKey};
use crate::executor::protocol::Asked;
use crate::link::Outgoing;
use crate::prepare;
use crate::watch::{Begin, Watch};
use tokio::sync::oneshot;

impl Shell {
    pub(super) async fn carry_out(&mut self, effect: Effect) -> Result<(), AgentError> {
        match effect {
            Effect::KeepLeadership(leadership) => {
                self.kept.obeys(leadership);
                self.keep_own().await;
            }
            Effect::KeepAgentId(agent_id) => {
                tracing::info!(%agent_id, "registered under a new id");
                self.kept.agent_id = Some(agent_id);
                self.keep_own().await;
            }
            Effect::KeepLaunch { key, launch } => {
                self.keep(move |store| store.keep_launch(&key, &launch)).await;
            }
            Effect::KeepProgress { key, progress } => {
                self.keep(move |store| store.keep_progress(&key, &progress)).await;
            }
            Effect::Launch { key } => self.launch(key),
            Effect::Watch { key, ran } => self.look(key, ran),
            Effect::Kill { key, grace } => {
                let grace_ms = u64::try_from(grace.as_millis()).unwrap_or(u64::MAX);
                self.ask(&key, Asked::Kill { grace_ms });
            }
            Effect::Release { key } => {
                self.ask(&key, Asked::Acknowledge);
                self.watches.remove(&key);
            }
            Effect::Report(report) => self.send(Outgoing::Report(report)),
            Effect::Pong(pong) => self.send(Outgoing::Pong(pong)),
            Effect::Refuse { leadership, seen } => {
                tracing::warn!(%leadership, %seen, "an order of a master that leads no longer, or of \
                    another quorum, is refused");
                self.send(Outgoing::HangUp);
            }
            Effect::PassOver => tracing::warn!("an order of an unknown kind is passed over"),
            Effect::Leave { reason } => return self.leave(reason).await,
        }
        Ok(())
    }

    async fn leave(&mut self, reason: String) -> Result<(), AgentError> {
        self.kept.agent_id = None;
        self.keep_own().await;
        Err(AgentError::Ended { reason })
    }

    fn launch(&mut self, key: TaskKey) {
        let Some(task) = self.core.task(&key) else { return };
        let places = &self.store.places;
        let file = prepare::task_file(&key, task, self.core.agent_id(), places, &self.around);
        let start = prepare::start(&key, task, places);
        tracing::info!(task = %key, dir = %start.dir.display(), "starting");
        self.watch(key, Begin::Launch { file: Box::new(file), start });
    }

    fn look(&mut self, key: TaskKey, ran: bool) {
        let (looked, look) = oneshot::channel();
        self.looks.push(look);
        self.watch(key, Begin::Look { ran, looked });
    }

    fn watch(&mut self, key: TaskKey, begin: Begin) {
        let ground = self.ground.clone();
        let orders = Watch::begin(key.clone(), &self.store.places, ground, begin);
        self.watches.insert(key, orders);
    }

    fn ask(&self, key: &TaskKey, asked: Asked) {
        let Some(watch) = self.watches.get(key) else { return };
        if watch.try_send(asked).is_err() && asked != Asked::Acknowledge {
            tracing::warn!(task = %key, "its executor takes no orders; the last ones wait");
        }
    }

    /// What finds no room is sent again by the core when its time comes.
    fn send(&self, outgoing: Outgoing) {
        if self.outgoing.try_send(outgoing).is_err() {
            tracing::debug!("the master is slow; sent again later");
        }
    }
}
