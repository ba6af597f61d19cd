use super::{Core, Effect, Now, TaskRef, Turn};
use crate::model::InstanceId;
use std::collections::BTreeSet;
use std::time::Duration;

/// How often all tasks are compared with what the master knows.
const EVERY: Duration = Duration::from_secs(300);
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// Tasks in one call.
const CHUNK: usize = 1000;
/// After the first question which tasks there are; agents may come back to the master later than we do.
const FIRST_LIST: Duration = Duration::from_secs(15);

/// Which tasks the master was asked about and has not answered for yet.
#[derive(Debug)]
pub struct Reconciling {
    open: BTreeSet<InstanceId>,
    ask_at: Option<Duration>,
    pause: Duration,
    all_at: Duration,
    /// When the master is asked for all tasks of this framework, known here or not.
    list_at: Duration,
    list_pause: Duration,
}

impl Reconciling {
    pub fn new(now: Now) -> Self {
        Self {
            open: BTreeSet::new(),
            ask_at: None,
            pause: FIRST_PAUSE,
            all_at: now.tick,
            list_at: now.tick,
            list_pause: FIRST_LIST,
        }
    }

    /// Asks about everything at once.
    pub fn start_over(&mut self, now: Now) {
        *self = Self::new(now);
    }

    /// Asks about `id` with the next round.
    pub fn add(&mut self, id: InstanceId, now: Now) {
        self.open.insert(id);
        self.ask_at.get_or_insert(now.tick);
    }

    /// Asks about `ids` at once.
    fn hurry(&mut self, ids: impl IntoIterator<Item = InstanceId>, now: Now) {
        self.open.extend(ids);
        if !self.open.is_empty() {
            self.ask_at = Some(now.tick);
            self.pause = FIRST_PAUSE;
        }
    }

    /// The master has said something about `id`.
    pub fn answered(&mut self, id: &InstanceId) {
        self.open.remove(id);
        if self.open.is_empty() {
            self.ask_at = None;
        }
    }

    pub fn next(&self) -> Option<Duration> {
        let at = self.all_at.min(self.list_at);
        Some(self.ask_at.map_or(at, |ask_at| ask_at.min(at)))
    }

    fn is_due(&self, now: Now) -> bool {
        self.ask_at.is_some_and(|at| at <= now.tick)
    }
}

impl Core {
    /// What became of the agent's tasks is asked for.
    pub(super) fn agent_lost(&mut self, agent: &str, now: Now) {
        let live = self.state.live_instances();
        let its = live.iter().filter(|instance| instance.agent_id == agent);
        self.reconciling.hurry(its.map(|instance| instance.id.clone()), now);
    }

    /// Has the master tell of tasks that no record here knows: `update` kills them. Restored records may be
    /// older than what runs. All records were loaded before there was a subscription.
    fn look_for_strangers(&mut self, now: Now, turn: &mut Turn) {
        let reconciling = &mut self.reconciling;
        if reconciling.list_at > now.tick {
            return;
        }
        reconciling.list_at = now.tick.saturating_add(reconciling.list_pause);
        reconciling.list_pause = reconciling.list_pause.saturating_mul(2).min(EVERY);
        turn.then(Effect::ReconcileAll);
    }

    pub(super) fn reconcile_due(&mut self, now: Now, turn: &mut Turn) {
        if !self.link.is_connected() {
            return;
        }
        self.look_for_strangers(now, turn);
        let reconciling = &mut self.reconciling;
        let all = reconciling.all_at <= now.tick;
        if !all && !reconciling.is_due(now) {
            return;
        }
        let live = self.state.live_instances();
        if all {
            reconciling.all_at = now.tick.saturating_add(EVERY);
            reconciling.open = live.iter().map(|i| i.id.clone()).collect();
            reconciling.pause = FIRST_PAUSE;
        }
        if reconciling.open.is_empty() {
            reconciling.ask_at = None;
            return;
        }
        reconciling.ask_at = Some(now.tick.saturating_add(reconciling.pause));
        reconciling.pause = reconciling.pause.saturating_mul(2).min(LONGEST_PAUSE);
        let open = live.iter().filter(|i| reconciling.open.contains(&i.id));
        let tasks: Vec<TaskRef> = open.map(|i| TaskRef::of(i)).collect();
        for chunk in tasks.chunks(CHUNK) {
            turn.then(Effect::Reconcile(chunk.to_vec()));
        }
    }
}
