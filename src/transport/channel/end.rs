use std::sync::Arc;

use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::exit::Exit;
use super::tail::Tail;
use crate::elevate::{self, Elevation};
use crate::{Result, TransportError};

/// How it ended, as soon as that is known.
#[derive(Debug, Clone)]
enum Ended {
    Exit(Exit),
    Lost(String),
    Refused(String),
}

/// The side that learns how a command ended. Without a word from it, the connection was lost.
#[derive(Debug)]
pub(crate) struct Ender(watch::Sender<Option<Ended>>);

impl Ender {
    pub fn exited(self, exit: Exit) {
        self.0.send_replace(Some(Ended::Exit(exit)));
    }

    pub fn lost(self, cause: &str) {
        self.0.send_replace(Some(Ended::Lost(cause.to_owned())));
    }

    pub fn refused(self, cause: &str) {
        self.0.send_replace(Some(Ended::Refused(cause.to_owned())));
    }
}

/// What a reader asks when the output ends.
#[derive(Debug, Clone)]
pub(crate) struct Outcome(watch::Receiver<Option<Ended>>);

impl Outcome {
    pub fn lost(&self) -> Option<String> {
        match &*self.0.borrow() {
            Some(Ended::Lost(cause) | Ended::Refused(cause)) => Some(cause.clone()),
            _ => None,
        }
    }
}

/// Waits for a command's end; the command loses its connection when this is dropped.
#[derive(Debug)]
pub struct ChannelEnd {
    host: Arc<str>,
    ended: watch::Receiver<Option<Ended>>,
    stderr: Tail,
    pub(crate) elevation: Option<Elevation>,
    _hangup: DropGuard,
}

impl ChannelEnd {
    /// The end, the side that reports it, what readers ask, and the token that says that nobody is
    /// interested any more.
    pub(crate) fn new(host: Arc<str>, stderr: Tail) -> (Self, Ender, Outcome, CancellationToken) {
        let (sender, ended) = watch::channel(None);
        let hangup = CancellationToken::new();
        let outcome = Outcome(ended.clone());
        let guard = hangup.clone().drop_guard();
        let end = Self { host, ended, stderr, elevation: None, _hangup: guard };
        (end, Ender(sender), outcome, hangup)
    }

    /// The end of what the command wrote to its standard error so far.
    pub fn stderr(&self) -> String {
        self.stderr.text()
    }

    /// Waits until the command has ended. Its output must be read meanwhile, or it may never end.
    pub async fn wait(&mut self) -> Result<Exit> {
        let ended = match self.ended.wait_for(Option::is_some).await {
            Ok(ended) => ended.clone(),
            Err(_) => None,
        };
        let ended = ended.unwrap_or_else(|| Ended::Lost("the connection was closed".to_owned()));
        match ended {
            Ended::Exit(exit) => self.judge(exit),
            Ended::Refused(cause) => Err(TransportError::Refused { host: self.host(), cause }),
            Ended::Lost(cause) => {
                Err(TransportError::Lost { host: self.host(), during: "a command ran", cause })
            }
        }
    }

    /// An exit of sudo's own is an error, not the command's answer.
    fn judge(&self, exit: Exit) -> Result<Exit> {
        let complaint = self
            .elevation
            .as_ref()
            .and_then(|elevation| elevate::complaint(&self.host, elevation, &exit, &self.stderr()));
        complaint.map_or(Ok(exit), Err)
    }

    fn host(&self) -> String {
        self.host.to_string()
    }
}
