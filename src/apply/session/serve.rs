use super::applying::Pending;
use super::input::{Incoming, Input};
use super::keeper::Keeper;
use super::launch::Launch;
use super::output::Output;
use crate::runs::RunFolder;
use crate::state::State;
use crate::{ApplyError, Machine, Result, runs};
use mesoform_plan::{BEATS, PROTOCOL, Reply, Request};
use std::time::{Duration, Instant};

/// A session that ends waits for its job for so long, and looks as often.
const LONGEST: Duration = Duration::from_secs(600);
const LOOK: Duration = Duration::from_millis(20);

/// One operator's session.
pub struct Session {
    pub(super) machine: Box<dyn Machine>,
    pub(super) state: State,
    pub(super) launch: Box<dyn Launch>,
    pub(super) input: Input,
    pub(super) output: Output,
    pub(super) keeper: Option<Keeper>,
    /// Waits for its certificates.
    pub(super) pending: Option<Pending>,
}

impl Session {
    pub fn new(
        machine: Box<dyn Machine>,
        state: State,
        launch: Box<dyn Launch>,
        input: Input,
        output: Output,
    ) -> Self {
        Self { machine, state, launch, input, output, keeper: None, pending: None }
    }

    /// Answers requests until there are no more.
    pub fn serve(mut self) -> Result<()> {
        let served = self.answer_all();
        self.let_go();
        served
    }

    fn answer_all(&mut self) -> Result<()> {
        let mut greeted = false;
        loop {
            let line = match self.input.next() {
                Incoming::Line(line) => line,
                Incoming::TooLong => return self.refuse(protocol("a line is too long")),
                Incoming::End => return Ok(()),
            };
            let request: Request = match serde_json::from_slice(&line) {
                Ok(request) => request,
                Err(error) => {
                    self.refuse(protocol(&format!("not a request: {error}")))?;
                    continue;
                }
            };
            greeted |= matches!(request, Request::Hello { .. });
            if !greeted {
                return self.refuse(protocol("a session begins with hello"));
            }
            match self.answer(request) {
                Ok(reply) => self.output.say(&reply)?,
                Err(error) => self.refuse(error)?,
            }
        }
    }

    fn answer(&mut self, request: Request) -> Result<Reply> {
        match request {
            Request::Hello { protocol } => self.hello(protocol),
            Request::Observe { interest } => {
                let observed = Box::new(self.machine.observe(&interest)?);
                Ok(Reply::Observed { observed })
            }
            Request::Apply { run_id, plan, secrets } => self.apply(run_id, plan, secrets),
            Request::Document { run_id, document } => self.document(&run_id, &document),
            Request::Certificates { run_id, chains } => self.certificates(&run_id, chains),
            Request::Follow { run_id, offset } => {
                let run = RunFolder::of(&self.state, &run_id)?;
                self.follow(&run, offset)
            }
            Request::Start { units, restart, deadline_ms } => {
                self.start(&units, restart, Duration::from_millis(deadline_ms))
            }
            Request::Stop { units, deadline_ms } => {
                self.stop(units, Duration::from_millis(deadline_ms))
            }
            Request::Journal { unit, lines } => {
                let lines = self.machine.journal(&unit, lines)?;
                Ok(Reply::Journal { unit, lines })
            }
            Request::TakeLock { owner, run_id } => self.take_lock(&owner, &run_id),
            Request::RenewLock => Ok(Reply::Locked { lock: self.held()?.lock()? }),
            Request::ReleaseLock => {
                self.keeper.take().map_or(Ok(()), Keeper::release).map(|()| Reply::Released)
            }
            Request::Report => Ok(Reply::Reported { report: self.launch.report()? }),
            // The input keeps them to itself.
            Request::Beat => Err(protocol("a beat is no question")),
        }
    }

    fn hello(&self, protocol: u32) -> Result<Reply> {
        if protocol == 0 {
            return Err(ApplyError::Protocol { cause: "protocol 0 was never spoken".to_owned() });
        }
        let protocol = protocol.min(PROTOCOL);
        if protocol >= BEATS {
            self.input.pulse().expect_beats();
        }
        Ok(Reply::Hello {
            protocol,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            last_run: runs::seen(&self.state),
        })
    }

    fn take_lock(&mut self, owner: &str, run_id: &str) -> Result<Reply> {
        // The old keeper first, or it would renew what the new one took.
        if let Some(old) = self.keeper.take() {
            old.release()?;
        }
        let keeper = Keeper::take(&self.state, owner, run_id, self.input.pulse())?;
        let lock = keeper.lock()?;
        self.keeper = Some(keeper);
        Ok(Reply::Locked { lock })
    }

    /// Whoever changes something holds the lock.
    pub(super) fn held(&self) -> Result<&Keeper> {
        let keeper = self.keeper.as_ref().ok_or(ApplyError::NoLock)?;
        keeper.lock().map(|_| keeper)
    }

    fn refuse(&mut self, error: ApplyError) -> Result<()> {
        let reply = match error {
            ApplyError::Closed => return Err(ApplyError::Closed),
            ApplyError::LockBusy { lock, now_ms } => {
                Reply::Busy { lock, now_ms, works: runs::is_at_work(&self.state) }
            }
            other => Reply::Failed { failure: other.failure() },
        };
        self.output.say(&reply)
    }

    /// Called when nobody asks any more: the operator has ended the session, or was cut off from it.
    ///
    /// A job that goes on keeps its lock to its end, so that whoever comes next finds the host at
    /// rest; one that takes very long keeps others out by itself.
    fn let_go(&mut self) {
        let Some(keeper) = self.keeper.take() else { return };
        let since = Instant::now();
        while self.works() && since.elapsed() < LONGEST {
            std::thread::sleep(LOOK);
        }
        if self.works() {
            keeper.abandon();
        } else if let Err(error) = keeper.release() {
            tracing::warn!(%error, "the lock stays until it runs out");
        }
    }

    fn works(&self) -> bool {
        runs::last(&self.state).is_ok_and(|run| run.is_some_and(|run| run.outcome.is_none()))
    }
}

fn protocol(cause: &str) -> ApplyError {
    ApplyError::Protocol { cause: cause.to_owned() }
}
