use super::{Launch, Now, Progress};
use mesoform_mesos::agent_protocol::{StatusUpdate, TaskReport};
use mesoform_mesos::{Binary, TaskInfo, TaskStatus, capability};
use std::time::Duration;

/// An update without acknowledgement is sent again after this, and then after twice as long each time.
const RESEND_FIRST: Duration = Duration::from_secs(10);
/// … but at least this often.
const RESEND_LAST: Duration = Duration::from_secs(600);
/// Between SIGTERM and SIGKILL where nobody says otherwise, as in Mesos.
const GRACE: Duration = Duration::from_secs(3);

/// A task of this agent, from its order until its folder is removed.
#[derive(Debug, Clone)]
pub struct Task {
    pub launch: Launch,
    pub progress: Progress,
    /// The first process, while it is known to run.
    pub pid: Option<i32>,
    /// The status that was told last, for the API.
    pub latest: Option<TaskStatus>,
    due: Duration,
    wait: Duration,
}

impl Task {
    pub(crate) fn new(launch: Launch) -> Self {
        Self::recovered(launch, Progress::default())
    }

    pub(super) fn recovered(launch: Launch, progress: Progress) -> Self {
        let latest = progress.pending.last().map(|update| update.status.clone());
        let (due, wait) = (Duration::ZERO, RESEND_FIRST);
        Self { launch, progress, pid: None, latest, due, wait }
    }

    pub fn info(&self) -> &TaskInfo {
        &self.launch.task
    }

    /// Whether its end is known.
    pub fn is_ended(&self) -> bool {
        self.progress.state.is_terminal()
    }

    /// Whether its end is known to everybody who wants to know.
    pub fn is_over(&self) -> bool {
        self.is_ended() && self.progress.pending.is_empty()
    }

    pub(super) fn report(&self) -> TaskReport {
        TaskReport {
            framework: self.launch.framework.clone(),
            task: self.launch.task.clone(),
            state: self.progress.state,
            pending: self.progress.pending.clone(),
        }
    }

    /// The time to die: the order's, else the task's own, else the default.
    pub fn grace(&self, ordered: Option<Duration>) -> Duration {
        let own = self.launch.task.kill_policy.as_ref().and_then(|policy| policy.grace_period);
        ordered.or(own.map(|own| own.to_duration())).unwrap_or(GRACE)
    }

    pub(super) fn hears_of_killing(&self) -> bool {
        self.launch.framework.has(capability::TASK_KILLING_STATE)
    }

    pub(super) fn push(&mut self, update: StatusUpdate, now: Now) {
        self.progress.state = update.status.state;
        self.latest = Some(update.status.clone());
        if self.is_ended() {
            self.progress.ended_ms.get_or_insert((now.wall * 1e3) as u64);
        }
        if self.progress.silent {
            return;
        }
        if self.progress.pending.is_empty() {
            self.due = now.mono;
            self.wait = RESEND_FIRST;
        }
        self.progress.pending.push(update);
    }

    /// Whether `uuid` was the update that waited; the next is due at once.
    pub(super) fn acknowledge(&mut self, uuid: &Binary) -> bool {
        let first = self.progress.pending.first();
        if first.is_none_or(|update| update.status.uuid.as_ref() != Some(uuid)) {
            return false;
        }
        self.progress.pending.remove(0);
        self.send_soon();
        true
    }

    pub(super) fn silence(&mut self) {
        self.progress.silent = true;
        self.progress.killing = true;
        self.progress.pending.clear();
    }

    pub(super) fn send_soon(&mut self) {
        self.due = Duration::ZERO;
        self.wait = RESEND_FIRST;
    }

    pub(super) fn due(&self) -> Option<Duration> {
        (!self.progress.pending.is_empty()).then_some(self.due)
    }

    /// The oldest update, if it is due.
    pub(super) fn take_due(&mut self, now: Duration) -> Option<StatusUpdate> {
        let update = self.progress.pending.first()?;
        if self.due > now {
            return None;
        }
        let update = update.clone();
        self.due = now + self.wait;
        self.wait = (self.wait * 2).min(RESEND_LAST);
        Some(update)
    }
}
