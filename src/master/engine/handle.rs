use super::outbox::{self, Outbox, OutboxStream};
use super::{Command, MAX_WAITING};
use crate::core::{Core, Effect, LinkId, Now, Refusal};
use mesoform_mesos::agent_protocol::Fence;
use thiserror::Error;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

/// Why nothing was done.
#[derive(Debug, Error)]
pub enum Failure {
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error("this master has just lost its leadership")]
    Over,
}

/// Access to a running engine; cheap to clone.
#[derive(Clone)]
pub struct EngineHandle {
    leadership: Fence,
    commands: mpsc::Sender<Command>,
    gone: mpsc::UnboundedSender<LinkId>,
    over: CancellationToken,
}

/// The engine's side of a handle.
pub(super) struct Inbox {
    pub commands: mpsc::Receiver<Command>,
    pub gone: mpsc::UnboundedReceiver<LinkId>,
}

impl EngineHandle {
    pub(super) fn new(leadership: Fence, over: CancellationToken) -> (Self, Inbox) {
        let (commands, inbox) = mpsc::channel(MAX_WAITING);
        // No more notices than there are streams, and the door bounds those.
        let (gone, lost) = mpsc::unbounded_channel();
        (Self { leadership, commands, gone, over }, Inbox { commands: inbox, gone: lost })
    }

    /// The leadership that it runs for.
    pub fn leadership(&self) -> Fence {
        self.leadership
    }

    /// Changes the core, and waits until the effects are on their way.
    ///
    /// # Errors
    /// The core refused, or the leadership is over.
    pub async fn act<F>(&self, act: F) -> Result<(), Failure>
    where
        F: FnOnce(&mut Core, Now) -> Result<Vec<Effect>, Refusal> + Send + 'static,
    {
        self.send(None, Box::new(act)).await
    }

    /// As [`Self::act`], with a new stream of at most `limit` waiting bytes, which ends with the
    /// leadership.
    ///
    /// # Errors
    /// As [`Self::act`]; there is no stream then.
    pub async fn open<F>(&self, link: LinkId, limit: usize, act: F) -> Result<OutboxStream, Failure>
    where
        F: FnOnce(&mut Core, Now) -> Result<Vec<Effect>, Refusal> + Send + 'static,
    {
        let (outbox, stream) = outbox::channel(link, limit, self.gone.clone(), self.over.clone());
        self.send(Some((link, outbox)), Box::new(act)).await?;
        Ok(stream)
    }

    /// Looks at the core.
    ///
    /// # Errors
    /// The leadership is over.
    pub async fn view<T, F>(&self, view: F) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: FnOnce(&Core) -> T + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let view = Box::new(move |core: &Core| drop(reply.send(view(core))));
        self.commands.send(Command::View(view)).await.map_err(|_| Failure::Over)?;
        answer.await.map_err(|_| Failure::Over)
    }

    async fn send(&self, open: Option<(LinkId, Outbox)>, act: super::Act) -> Result<(), Failure> {
        let (reply, answer) = oneshot::channel();
        let command = Command::Act { open, act, reply };
        self.commands.send(command).await.map_err(|_| Failure::Over)?;
        Ok(answer.await.map_err(|_| Failure::Over)??)
    }
}
