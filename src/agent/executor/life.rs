//! What an executor decides, without IO: when to kill, when to record the exit, when to go.

use super::{Cause, Exit, Outcome};
use std::time::Duration;

/// How long a connected agent may take to acknowledge the exit; the file is the truth anyway.
const FAREWELL: Duration = Duration::from_secs(10);
/// How long until an exit that could not be written (a full disk) is tried again.
const RETRY: Duration = Duration::from_secs(1);
/// What a task gets between SIGTERM and SIGKILL when its supervisor is gone.
const LIFELINE_GRACE: Duration = Duration::from_secs(1);

/// What happens to an executor. Times are since its start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// The task's first process is gone, or never was.
    Ended {
        outcome: Outcome,
        message: String,
    },
    Kill {
        grace: Duration,
    },
    LifelineCut,
    /// The host wants the executor to end.
    Terminate {
        grace: Duration,
    },
    /// The exit is on disk, or it could not be written.
    Recorded(bool),
    /// Nobody who is connected still has to acknowledge.
    AllHeard,
    Tick,
}

/// What the shell does about it, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// SIGTERM to the task's process group.
    Terminate,
    /// SIGKILL to all descendants.
    KillTree,
    /// Write the exit to disk, then say how that went ([`Input::Recorded`]).
    Record(Exit),
    /// Tell everybody who is connected.
    Tell(Exit),
    /// There is nothing left to do.
    Leave,
}

#[derive(Debug)]
enum Phase {
    Running { kill_at: Option<Duration>, cause: Option<Cause> },
    Recording { exit: Exit, again_at: Duration },
    Told { leave_at: Duration },
}

/// The executor's state.
#[derive(Debug)]
pub struct Life {
    phase: Phase,
}

impl Life {
    pub fn new() -> Self {
        Self { phase: Phase::Running { kill_at: None, cause: None } }
    }

    /// When [`Input::Tick`] is due at the latest.
    pub fn wake_at(&self) -> Option<Duration> {
        match &self.phase {
            Phase::Running { kill_at, .. } => *kill_at,
            Phase::Recording { again_at, .. } => Some(*again_at),
            Phase::Told { leave_at } => Some(*leave_at),
        }
    }

    pub fn handle(&mut self, input: Input, now: Duration) -> Vec<Effect> {
        match input {
            Input::Ended { outcome, message } => self.ended(outcome, message, now),
            Input::Kill { grace } => self.kill(Cause::Order, grace, now),
            Input::LifelineCut => self.kill(Cause::Lifeline, LIFELINE_GRACE, now),
            Input::Terminate { grace } => self.kill(Cause::Terminated, grace, now),
            Input::Recorded(done) => self.recorded(done, now),
            Input::AllHeard if matches!(self.phase, Phase::Told { .. }) => vec![Effect::Leave],
            Input::AllHeard => vec![],
            Input::Tick => self.tick(now),
        }
    }

    /// The first cause stays, and the soonest SIGKILL holds.
    fn kill(&mut self, by: Cause, grace: Duration, now: Duration) -> Vec<Effect> {
        let Phase::Running { kill_at, cause } = &mut self.phase else { return vec![] };
        let first = kill_at.is_none();
        let wanted = now.saturating_add(grace);
        *kill_at = Some(kill_at.map_or(wanted, |at| at.min(wanted)));
        cause.get_or_insert(by);
        let mut effects = if first { vec![Effect::Terminate] } else { vec![] };
        effects.extend(self.tick(now));
        effects
    }

    fn ended(&mut self, outcome: Outcome, message: String, now: Duration) -> Vec<Effect> {
        let Phase::Running { cause, .. } = self.phase else { return vec![] };
        let exit = Exit::now(outcome, cause, message);
        self.phase = Phase::Recording { exit: exit.clone(), again_at: now + RETRY };
        // What the task left behind ends with it.
        vec![Effect::KillTree, Effect::Record(exit)]
    }

    fn recorded(&mut self, done: bool, now: Duration) -> Vec<Effect> {
        let Phase::Recording { exit, again_at } = &mut self.phase else { return vec![] };
        if !done {
            *again_at = now + RETRY;
            return vec![];
        }
        let tell = vec![Effect::Tell(exit.clone())];
        self.phase = Phase::Told { leave_at: now + FAREWELL };
        tell
    }

    fn tick(&mut self, now: Duration) -> Vec<Effect> {
        match &mut self.phase {
            Phase::Running { kill_at: Some(at), .. } if *at <= now => {
                // Again soon: a process may have slipped through while it forked.
                *at = now + RETRY;
                vec![Effect::KillTree]
            }
            Phase::Recording { exit, again_at } if *again_at <= now => {
                *again_at = now + RETRY;
                vec![Effect::Record(exit.clone())]
            }
            Phase::Told { leave_at } if *leave_at <= now => vec![Effect::Leave],
            _ => vec![],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: Duration = Duration::from_secs(1);

    fn ended(life: &mut Life, now: Duration) -> Vec<Effect> {
        life.handle(Input::Ended { outcome: Outcome::Code(0), message: "x".into() }, now)
    }

    #[test]
    fn a_kill_is_gentle_first_and_hard_after_the_grace() {
        let mut life = Life::new();
        assert_eq!(life.handle(Input::Kill { grace: 5 * S }, S), [Effect::Terminate]);
        assert_eq!(life.handle(Input::Tick, 5 * S), []);
        assert_eq!(life.wake_at(), Some(6 * S));
        assert_eq!(life.handle(Input::Tick, 6 * S), [Effect::KillTree]);
        assert_eq!(life.handle(Input::Tick, 7 * S), [Effect::KillTree], "until it is gone");
    }

    #[test]
    fn the_soonest_kill_holds_and_the_first_cause_stays() {
        let mut life = Life::new();
        life.handle(Input::Kill { grace: 60 * S }, S);
        assert_eq!(life.handle(Input::Terminate { grace: S }, S), []);
        assert_eq!(life.wake_at(), Some(2 * S));
        let effects = ended(&mut life, 2 * S);
        let [Effect::KillTree, Effect::Record(exit)] = &effects[..] else { panic!("{effects:?}") };
        assert_eq!(exit.cause, Some(Cause::Order));
    }

    #[test]
    fn nobody_is_told_before_the_exit_is_on_disk() {
        let mut life = Life::new();
        assert!(matches!(ended(&mut life, S)[..], [Effect::KillTree, Effect::Record(_)]));
        assert_eq!(life.handle(Input::Recorded(false), S), []);
        assert_eq!(life.handle(Input::AllHeard, S), []);
        assert!(matches!(life.handle(Input::Tick, 2 * S)[..], [Effect::Record(_)]));
        assert!(matches!(life.handle(Input::Recorded(true), 2 * S)[..], [Effect::Tell(_)]));
        assert_eq!(life.handle(Input::AllHeard, 2 * S), [Effect::Leave]);
    }

    #[test]
    fn an_agent_that_never_acknowledges_does_not_hold_it() {
        let mut life = Life::new();
        ended(&mut life, S);
        life.handle(Input::Recorded(true), S);
        assert_eq!(life.handle(Input::Tick, S + FAREWELL), [Effect::Leave]);
    }
}
