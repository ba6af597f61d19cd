//! The agent's side of an executor: starts it, listens to it, finds out how it ended.

mod end;
mod talk;

use crate::core::{News, TaskKey};
use crate::disk;
use crate::executor::protocol::Asked;
use crate::executor::{Exit, Outcome, TaskFile};
use crate::launcher::{Launcher, Start};
use crate::shell::Event;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use talk::Talk;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::Instant;

/// How long an executor may take from its start until it listens.
const COMING_UP: Duration = Duration::from_secs(30);
/// The same, where its start was ordered before the agent itself was started.
const ALREADY_STARTED: Duration = Duration::from_secs(5);
/// Between two looks at an executor that does not listen.
const FIRST_PAUSE: Duration = Duration::from_millis(2);
const LAST_PAUSE: Duration = Duration::from_millis(200);
/// More orders than these are not kept for an executor that does not listen.
const ORDERS: usize = 16;

/// How the watch begins.
pub enum Begin {
    /// Start the executor.
    Launch { file: Box<TaskFile>, start: Start },
    /// It was started before; `ran` when it is known to have listened. `looked` is told after the
    /// first look.
    Look { ran: bool, looked: oneshot::Sender<()> },
}

/// What all watches share.
#[derive(Clone)]
pub struct Ground {
    pub launcher: Arc<dyn Launcher>,
    pub events: mpsc::Sender<Event>,
    /// Bounds how many executors are started at once.
    pub starts: Arc<Semaphore>,
}

/// Watches one executor until its end is known and kept.
pub struct Watch {
    key: TaskKey,
    dir: PathBuf,
    sandbox: PathBuf,
    socket: PathBuf,
    ground: Ground,
    orders: mpsc::Receiver<Asked>,
}

/// What happened while an executor was listened to.
enum Heard {
    /// The connection is gone.
    Nothing,
    /// The end is told and kept.
    End,
    /// The agent ends.
    AgentLeaves,
}

impl Watch {
    /// Begins; orders for the executor go into what is returned.
    pub fn begin(
        key: TaskKey,
        places: &crate::store::Places,
        ground: Ground,
        begin: Begin,
    ) -> mpsc::Sender<Asked> {
        let (sender, orders) = mpsc::channel(ORDERS);
        let (dir, sandbox) = (places.task(&key), places.sandbox(&key));
        let socket = places.socket(&key);
        let watch = Self { key, dir, sandbox, socket, ground, orders };
        tokio::spawn(watch.run(begin));
        sender
    }

    async fn run(mut self, begin: Begin) {
        let mut lost = (Outcome::Lost, "its executor died".to_owned());
        let mut looked = None;
        let patience = match begin {
            Begin::Launch { file, start } => match self.launch(&file, &start).await {
                Ok(()) => COMING_UP,
                Err(words) => {
                    lost = (Outcome::NotStarted, words);
                    Duration::ZERO
                }
            },
            Begin::Look { ran, looked: sender } => {
                looked = Some(sender);
                if ran { Duration::ZERO } else { ALREADY_STARTED }
            }
        };
        self.follow(Instant::now() + patience, lost, looked).await;
    }

    /// The words of a failure are for the status update.
    async fn launch(&self, file: &TaskFile, start: &Start) -> Result<(), String> {
        let _permit = self.ground.starts.acquire().await.map_err(|e| e.to_string())?;
        let (path, file) = (TaskFile::path(&self.dir), file.clone());
        let written = tokio::task::spawn_blocking(move || disk::write(&path, &file)).await;
        written.map_err(|e| e.to_string())?.map_err(|e| e.to_string())?;
        let launched = self.ground.launcher.launch(start).await;
        launched.map_err(|e| format!("the executor cannot be started: {e}"))
    }

    async fn follow(
        &mut self,
        mut deadline: Instant,
        mut lost: (Outcome, String),
        mut looked: Option<oneshot::Sender<()>>,
    ) {
        let mut pause = FIRST_PAUSE;
        loop {
            if let Some(talk) = Talk::connect(&self.socket).await {
                match self.listen(talk, &mut looked).await {
                    Heard::End | Heard::AgentLeaves => return,
                    Heard::Nothing => {}
                }
                // It was there: if it is not any more, there is nothing to wait for.
                deadline = Instant::now();
                lost = (Outcome::Lost, "its executor died".to_owned());
                pause = FIRST_PAUSE;
            }
            if let Some(exit) = self.find_end(Instant::now() >= deadline, &lost).await {
                self.tell(News::Ended(exit)).await;
                return;
            }
            drop(looked.take());
            if self.orders.is_closed() {
                return;
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LAST_PAUSE);
        }
    }

    async fn listen(&mut self, mut talk: Talk, looked: &mut Option<oneshot::Sender<()>>) -> Heard {
        loop {
            tokio::select! {
                told = talk.told() => match told {
                    Some(News::Ended(exit)) => {
                        self.tell(News::Ended(exit)).await;
                        return self.release(talk).await;
                    }
                    Some(news) => {
                        self.tell(news).await;
                        drop(looked.take());
                    }
                    None => return Heard::Nothing,
                },
                order = self.orders.recv() => match order {
                    Some(order) => if talk.ask(order).await.is_err() {
                        return Heard::Nothing;
                    },
                    None => return Heard::AgentLeaves,
                },
            }
        }
    }

    /// The executor may go when the agent has kept the end; other orders come too late.
    async fn release(&mut self, mut talk: Talk) -> Heard {
        while let Some(order) = self.orders.recv().await {
            if order == Asked::Acknowledge {
                let _ = talk.ask(order).await;
                break;
            }
        }
        Heard::End
    }

    /// The exit on disk; or, with no more patience, one that tells that nobody knows.
    async fn find_end(&self, impatient: bool, lost: &(Outcome, String)) -> Option<Exit> {
        let (dir, sandbox) = (self.dir.clone(), self.sandbox.clone());
        let lost = lost.clone();
        let look = move || {
            if impatient { end::bury(&dir, &sandbox, &lost) } else { end::read(&dir) }
        };
        tokio::task::spawn_blocking(look).await.ok().flatten()
    }

    async fn tell(&self, news: News) {
        let event = Event::Executor { key: self.key.clone(), news };
        // Only fails when the agent ends.
        let _ = self.ground.events.send(event).await;
    }
}
