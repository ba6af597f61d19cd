use crate::driver::{self, Command, Readiness};
use crate::{Claim, SuperviseError, SupervisorEvent, Unit};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};

/// Starts units in a folder that was claimed.
pub struct Supervisor;

impl Supervisor {
    /// Starts the units, in a task of the current tokio runtime. The claim is given back when all of
    /// them have stopped.
    ///
    /// # Errors
    /// The units' names or needs are wrong (see [`SuperviseError`]), or the folder of their sockets
    /// cannot be made. What happens to single units is told by the handle and by `events`.
    pub fn start(
        claim: Claim,
        units: Vec<Unit>,
        events: mpsc::Sender<SupervisorEvent>,
    ) -> Result<Handle, SuperviseError> {
        let names = units.iter().map(|unit| unit.name.clone()).collect();
        let (commands, readiness) = driver::start(claim, units, events)?;
        Ok(Handle { names, commands, readiness })
    }
}

/// Reaches a running supervisor. When it is dropped, all units are killed.
#[derive(Debug)]
pub struct Handle {
    names: Vec<String>,
    commands: mpsc::Sender<Command>,
    readiness: watch::Receiver<Readiness>,
}

impl Handle {
    /// Waits until all units have been ready.
    ///
    /// There is no time limit: the caller knows how long its units may take.
    ///
    /// # Errors
    /// The first unit that ended before it was ready ([`SuperviseError::Failed`], with its last
    /// words; it is started again all the same), or the supervisor was stopped.
    pub async fn ready(&self) -> Result<(), SuperviseError> {
        let mut readiness = self.readiness.clone();
        let settled = readiness.wait_for(|r| !matches!(r, Readiness::Pending)).await;
        match settled.as_deref() {
            Ok(Readiness::Ready) => Ok(()),
            Ok(Readiness::Failed(failure)) => Err(SuperviseError::Failed(failure.clone())),
            Ok(Readiness::Pending | Readiness::Stopped) | Err(_) => Err(SuperviseError::Stopped),
        }
    }

    /// Restarts one unit, and waits until it is ready again. Those that need it stay as they are.
    ///
    /// # Errors
    /// There is no such unit, it ended before it was ready, or the supervisor is stopping.
    pub async fn restart(&self, name: &str) -> Result<(), SuperviseError> {
        let unit = self.names.iter().position(|known| known == name).ok_or_else(|| {
            SuperviseError::UnknownUnit { name: name.to_owned(), known: self.names.clone() }
        })?;
        self.ask(|reply| Command::Restart { unit, reply }).await
    }

    /// Stops all units, each before what it needs: SIGTERM, and after `grace` SIGKILL. Then waits
    /// until also those are gone that the units left behind. A second call with a shorter grace
    /// shortens the first.
    ///
    /// # Errors
    /// Processes that hold the lifeline are still there ([`SuperviseError::Leftover`]).
    pub async fn stop(&self, grace: Duration) -> Result<(), SuperviseError> {
        match self.ask(|reply| Command::Stop { grace, reply }).await {
            // It has stopped already.
            Err(SuperviseError::Stopped) => Ok(()),
            other => other,
        }
    }

    async fn ask(
        &self,
        command: impl FnOnce(oneshot::Sender<Result<(), SuperviseError>>) -> Command,
    ) -> Result<(), SuperviseError> {
        let (reply, answer) = oneshot::channel();
        self.commands.send(command(reply)).await.map_err(|_| SuperviseError::Stopped)?;
        answer.await.unwrap_or(Err(SuperviseError::Stopped))
    }
}
