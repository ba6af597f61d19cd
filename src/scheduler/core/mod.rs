//! The scheduler's decisions, without any IO: state and inputs in, records and effects out.
//!
//! The shell must commit the records of a [`Turn`] before it carries out the turn's effects. That
//! is all it takes for the promises: an instance is recorded before it is launched, a status is
//! recorded before it is acknowledged, and a change of an app is committed before anything comes
//! of it. When a commit fails, the core is thrown away and the next leader loads the records.

mod answer;
mod apps;
mod changes;
mod command;
mod constraints;
mod converge;
mod delays;
mod deployments;
mod dice;
mod effect;
mod input;
mod kills;
mod link;
mod load;
mod offer;
mod placing;
mod pool;
mod reconcile;
mod service_ports;
mod state;
mod status;
mod turn;
mod versions;
mod view;
mod wants;

pub use answer::{Answer, Refusal};
pub use command::{Change, Command, KillScope};
pub use effect::{Effect, Launch, TaskRef};
pub use input::{Input, Now, Update};
pub use load::LoadError;
pub use offer::{Offer, decimal, milli};
pub use state::State;
pub use turn::{Op, Turn};
pub use view::{QueueItem, View};

use crate::model::{AppId, InstanceId};
use delays::Delays;
use dice::Dice;
use kills::Kills;
use link::Link;
use reconcile::Reconciling;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use wants::Want;

/// The state machine of a leading scheduler.
#[derive(Debug)]
pub struct Core {
    state: State,
    dice: Dice,
    link: Link,
    /// How many instances each app lacks.
    wants: BTreeMap<AppId, Want>,
    delays: Delays,
    kills: Kills,
    reconciling: Reconciling,
    /// Apps whose instances or definition changed since they were last brought together.
    dirty: BTreeSet<AppId>,
}

impl Core {
    /// Starts on `state`; `seed` must be random, ids are made of it.
    pub fn new(state: State, seed: u128, now: Now) -> Self {
        let dirty = state.all_apps();
        Self {
            state,
            dice: Dice::new(seed),
            link: Link::default(),
            wants: BTreeMap::new(),
            delays: Delays::default(),
            kills: Kills::default(),
            reconciling: Reconciling::new(now),
            dirty,
        }
    }

    /// Takes in one input.
    pub fn handle(&mut self, input: Input, now: Now) -> Turn {
        let mut turn = Turn::default();
        match input {
            Input::Command { id, command } => self.command(id, command, now, &mut turn),
            Input::Connected { framework_id, master } => {
                self.connected(framework_id, master, now, &mut turn);
            }
            Input::Disconnected => self.link = Link::default(),
            Input::Offers(offers) => self.place(offers, now, &mut turn),
            Input::Update(update) => self.update(&update, now, &mut turn),
            Input::AgentLost(agent) => self.agent_lost(&agent, now),
            Input::FrameworkGone => self.framework_gone(&mut turn),
            Input::Wake => {}
        }
        self.settle(now, &mut turn);
        turn
    }

    /// When the core wants to be woken, on the monotonic clock.
    pub fn next_wake(&self) -> Option<Duration> {
        if !self.link.is_connected() {
            return None;
        }
        let delayed = self.wants.values().filter_map(|want| want.held_until);
        delayed.chain(self.kills.next()).chain(self.reconciling.next()).min()
    }

    /// What the API shows. Only committed turns may be shown.
    pub fn view(&self, now: Now) -> View {
        View::of(self, now)
    }

    /// Brings wanted and living instances together, and does what is due.
    fn settle(&mut self, now: Now, turn: &mut Turn) {
        let mut touched = BTreeSet::new();
        // Dooming an instance touches its app again: it may want a new one.
        while let Some(app) = self.dirty.pop_first() {
            self.converge(&app, now, turn);
            touched.insert(app);
        }
        self.finish_deployments(&touched, turn);
        self.resend_kills(now, turn);
        self.reconcile_due(now, turn);
        self.steer_offers(now, turn);
    }

    /// A subscription stands: take the framework's id, and compare notes on all tasks.
    fn connected(&mut self, framework_id: String, master: String, now: Now, turn: &mut Turn) {
        if self.state.framework_id.as_ref() != Some(&framework_id) {
            turn.framework(&framework_id);
            self.state.framework_id = Some(framework_id);
        }
        self.link = Link::to(master);
        self.kills.resend_all();
        let doomed: Vec<InstanceId> = self.state.doomed();
        self.kills.add_all(doomed);
        self.reconciling.start_over(now);
    }

    /// The masters have ended this framework: its tasks are gone, and it needs a new id.
    fn framework_gone(&mut self, turn: &mut Turn) {
        turn.no_framework();
        self.state.framework_id = None;
        self.link = Link::default();
        for instance in self.state.live_instances() {
            self.expunge(&instance.app, &instance.id, turn);
        }
    }
}

#[cfg(test)]
mod tests;
