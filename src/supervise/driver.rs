//! Carries out what the core decides: processes, sockets, timers.

use crate::core::{Core, Effect, Input};
use crate::graph::Graph;
use crate::lifeline::Lifeline;
use crate::log::Log;
use crate::notify::Sockets;
use crate::process::Process;
use crate::{Claim, Ended, Failure, SuperviseError, SupervisorEvent, Unit};
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::AbortHandle;

/// How long processes that units left behind may take to end when the lifeline is cut.
const LEFTOVER_PATIENCE: Duration = Duration::from_secs(10);

type Reply = oneshot::Sender<Result<(), SuperviseError>>;

#[derive(Debug)]
pub(crate) enum Command {
    Restart { unit: usize, reply: Reply },
    Stop { grace: Duration, reply: Reply },
}

/// How the start went.
#[derive(Debug)]
pub(crate) enum Readiness {
    Pending,
    Ready,
    Failed(Failure),
    Stopped,
}

pub(crate) fn start(
    claim: Claim,
    units: Vec<Unit>,
    events: mpsc::Sender<SupervisorEvent>,
) -> Result<(mpsc::Sender<Command>, watch::Receiver<Readiness>), SuperviseError> {
    let graph = Graph::of(&units)?;
    let longest_name = units.iter().map(|unit| unit.name.len()).max().unwrap_or(0);
    let (inputs, received) = mpsc::channel(256);
    let (commands, commanded) = mpsc::channel(16);
    let (readiness, settled) = watch::channel(Readiness::Pending);
    let backoffs: Vec<_> = units.iter().map(|unit| unit.restart).collect();
    let driver = Driver {
        core: Core::new(&graph.needs, &backoffs),
        sockets: Sockets::prepare(claim.directory(), longest_name)?,
        slots: units.into_iter().map(Slot::new).collect(),
        lifeline: Lifeline::new().map_err(SuperviseError::Lifeline)?,
        inputs,
        events,
        readiness,
        stops: Vec::new(),
        _claim: claim,
    };
    tokio::spawn(driver.run(commanded, received));
    Ok((commands, settled))
}

struct Driver {
    core: Core,
    slots: Vec<Slot>,
    sockets: Sockets,
    lifeline: Lifeline,
    inputs: mpsc::Sender<Input>,
    events: mpsc::Sender<SupervisorEvent>,
    readiness: watch::Sender<Readiness>,
    /// Who waits for all to stop.
    stops: Vec<Reply>,
    _claim: Claim,
}

/// A unit and what runs of it.
struct Slot {
    unit: Unit,
    log: Arc<Log>,
    process: Option<Process>,
    listener: Option<AbortHandle>,
    /// Who waits for it to be ready again.
    restarts: Vec<Reply>,
}

impl Driver {
    async fn run(
        mut self,
        mut commands: mpsc::Receiver<Command>,
        mut inputs: mpsc::Receiver<Input>,
    ) {
        self.handle(Input::Begin);
        let mut commanded = true;
        // An empty graph is ready at once, and then waits to be stopped like any other.
        while !self.core.is_stopped()
            || (self.slots.is_empty() && self.stops.is_empty() && commanded)
        {
            let deadline = self.core.deadline();
            tokio::select! {
                command = commands.recv(), if commanded => match command {
                    Some(command) => self.command(command),
                    None => {
                        commanded = false;
                        self.handle(Input::Stop { grace: Duration::ZERO });
                    }
                },
                Some(input) = inputs.recv() => self.handle(input),
                () = until(deadline), if deadline.is_some() => self.handle(Input::Tick),
            }
        }
        self.finish(commands).await;
    }

    fn command(&mut self, command: Command) {
        match command {
            Command::Restart { unit, reply } => {
                self.slots[unit].restarts.push(reply);
                self.handle(Input::Restart { unit });
            }
            Command::Stop { grace, reply } => {
                self.stops.push(reply);
                self.readiness.send_if_modified(|readiness| {
                    let pending = matches!(readiness, Readiness::Pending);
                    if pending {
                        *readiness = Readiness::Stopped;
                    }
                    pending
                });
                self.handle(Input::Stop { grace });
            }
        }
    }

    fn handle(&mut self, input: Input) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            for effect in self.core.handle(input, Instant::now()) {
                inputs.extend(self.perform(effect));
            }
        }
    }

    /// Carries out one effect; a process that cannot be started has ended at once.
    fn perform(&mut self, effect: Effect) -> Option<Input> {
        match effect {
            Effect::Spawn { unit, generation } => {
                let ended = self.spawn(unit, generation).err()?;
                let ended = Ended::NotStarted(ended.to_string());
                return Some(Input::Ended { unit, generation, ended });
            }
            Effect::Terminate { unit } => {
                self.tell(unit, |unit| SupervisorEvent::Stopping { unit });
                self.slots[unit].process.as_ref().inspect(|process| process.terminate());
            }
            Effect::Kill { unit } => {
                self.tell(unit, |unit| SupervisorEvent::Killing { unit });
                self.slots[unit].process.as_ref().inspect(|process| process.kill());
            }
            Effect::Status { unit, text } => {
                self.tell(unit, |unit| SupervisorEvent::Status { unit, text });
            }
            Effect::Ready { unit, took } => {
                self.tell(unit, |unit| SupervisorEvent::Ready { unit, took });
                self.answer_restarts(unit, || Ok(()));
            }
            Effect::Ended { unit, ended, again_in } => {
                let failure = self.failure(unit, ended.clone());
                self.answer_restarts(unit, || Err(SuperviseError::Failed(failure.clone())));
                self.tell(unit, |unit| SupervisorEvent::Ended { unit, ended, again_in });
            }
            Effect::Stopped { unit, ended } => {
                self.slots[unit].forget();
                self.answer_restarts(unit, || Err(SuperviseError::Stopped));
                self.tell(unit, |unit| SupervisorEvent::Stopped { unit, ended });
            }
            Effect::AllReady => drop(self.readiness.send_replace(Readiness::Ready)),
            Effect::Failed { unit, ended } => {
                let failure = self.failure(unit, ended);
                self.readiness.send_replace(Readiness::Failed(failure));
            }
        }
        None
    }

    fn spawn(&mut self, unit: usize, generation: u64) -> io::Result<()> {
        let slot = &mut self.slots[unit];
        slot.forget();
        let name = &slot.unit.name;
        let listener = self.sockets.listen(name, unit, generation, self.inputs.clone())?;
        slot.listener = Some(listener);
        let inputs = self.inputs.clone();
        let on_end = move |ended| {
            // An error means that the supervisor is gone, and nobody wants to know.
            let _ = inputs.blocking_send(Input::Ended { unit, generation, ended });
        };
        let (notify, lifeline) = (self.sockets.path_of(name), self.lifeline.for_units());
        let log = Arc::clone(&slot.log);
        let process = Process::spawn(&slot.unit, &notify, lifeline, log, on_end)?;
        let pid = process.pid();
        slot.process = Some(process);
        self.tell(unit, |unit| SupervisorEvent::Starting { unit, pid });
        Ok(())
    }

    fn failure(&self, unit: usize, ended: Ended) -> Failure {
        let slot = &self.slots[unit];
        let (unit, log) = (slot.unit.name.clone(), slot.log.path().to_owned());
        Failure { unit, ended, log, tail: slot.log.last_lines() }
    }

    fn tell(&self, unit: usize, event: impl FnOnce(String) -> SupervisorEvent) {
        // Full or closed: whoever does not listen misses it.
        let _ = self.events.try_send(event(self.slots[unit].unit.name.clone()));
    }

    fn answer_restarts(&mut self, unit: usize, answer: impl Fn() -> Result<(), SuperviseError>) {
        for reply in self.slots[unit].restarts.drain(..) {
            // An error means that the one who asked no longer waits.
            let _ = reply.send(answer());
        }
    }

    /// All units have stopped: what they left behind must go too.
    async fn finish(self, mut commands: mpsc::Receiver<Command>) {
        commands.close();
        let gone = self.lifeline.cut(LEFTOVER_PATIENCE).await;
        for reply in self.stops {
            let leftover = SuperviseError::Leftover { waited: LEFTOVER_PATIENCE };
            let _ = reply.send(if gone { Ok(()) } else { Err(leftover) });
        }
    }
}

impl Slot {
    fn new(unit: Unit) -> Self {
        let log = Arc::new(Log::new(&unit.log));
        Self { unit, log, process: None, listener: None, restarts: Vec::new() }
    }

    /// Lets go of what belongs to a process that has ended.
    fn forget(&mut self) {
        self.process = None;
        if let Some(listener) = self.listener.take() {
            listener.abort();
        }
    }
}

/// The runtime may go down before all has stopped: then nothing may be left running.
impl Drop for Slot {
    fn drop(&mut self) {
        self.process.as_ref().inspect(|process| process.kill());
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
        None => std::future::pending().await,
    }
}
