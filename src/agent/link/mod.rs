//! The connection to the leading master: found, followed, found again, for ever.

mod backoff;
mod error;
mod post;
mod session;

pub use error::LinkError;

use crate::shell::Event;
use backoff::Backoff;
use mesoform_mesos::agent_protocol::{Fenced, Pong, Report, SUBSCRIBE_PATH, Subscribe};
use reqwest::{Client, Response, StatusCode, Url, header, redirect};
use rustls::ClientConfig;
use session::Session;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

const CONNECT_LIMIT: Duration = Duration::from_secs(3);
const ANSWER_LIMIT: Duration = Duration::from_secs(10);
/// What is passed on of a master's words.
const WORDS: usize = 1000;
/// Redirects that are followed, from one master to the next.
const HOPS: usize = 4;
/// A host that vanished, or a master that is stopped, is noticed within the sum of these two.
const PROBE_EVERY: Duration = Duration::from_secs(5);
const PROBE_LIMIT: Duration = Duration::from_secs(5);

/// What goes to the master.
#[derive(Debug, Clone, PartialEq)]
pub enum Outgoing {
    Report(Report),
    Pong(Pong),
    /// It leads no longer.
    HangUp,
}

/// How it stands with the masters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkState {
    Searching {
        trouble: Option<String>,
    },
    /// The masters lead for another quorum than this agent obeys, or by an earlier leadership.
    Fenced {
        words: String,
    },
    Registered {
        master: String,
    },
}

pub struct Link {
    masters: Vec<Url>,
    tls: Arc<ClientConfig>,
    events: mpsc::Sender<Event>,
    outgoing: mpsc::Receiver<Outgoing>,
    state: watch::Sender<LinkState>,
}

impl Link {
    /// A link to `masters` (`host:port`).
    pub fn new(
        masters: &[String],
        tls: Arc<ClientConfig>,
        events: mpsc::Sender<Event>,
        outgoing: mpsc::Receiver<Outgoing>,
        state: watch::Sender<LinkState>,
    ) -> Result<Self, LinkError> {
        let url = |master: &String| {
            let url = format!("https://{master}{SUBSCRIBE_PATH}");
            url.parse().map_err(|_| LinkError::Address { address: master.clone() })
        };
        let masters = masters.iter().map(url).collect::<Result<_, _>>()?;
        Ok(Self { masters, tls, events, outgoing, state })
    }

    /// Runs until `shutdown`.
    pub async fn run(mut self, shutdown: CancellationToken) {
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = self.run_for_ever() => {}
        }
    }

    async fn run_for_ever(&mut self) {
        let mut backoff = Backoff::default();
        loop {
            let first = backoff.pick(self.masters.len());
            for n in 0..self.masters.len() {
                let master = self.masters[(first + n) % self.masters.len()].clone();
                match self.attempt(master).await {
                    // It was good once: the leader has just changed, so look again soon.
                    Ok(()) => {
                        backoff = Backoff::default();
                        break;
                    }
                    Err(error) => self.trouble(&error),
                }
            }
            tokio::time::sleep(backoff.next()).await;
        }
    }

    /// Registers by way of `master` and stays until the connection ends; `Ok` when it was registered.
    async fn attempt(&mut self, master: Url) -> Result<(), LinkError> {
        // A client, and so a connection, of its own: none is left over from a master that is gone.
        let client = self.client()?;
        let subscribe = self.subscription().await?;
        let (url, answer) = subscribe_at(&client, master, &subscribe).await?;
        // Words for a session of before.
        while self.outgoing.try_recv().is_ok() {}
        let mut session = Session::new(&client, &url, &self.events, &self.state);
        let ended = session.run(answer, &mut self.outgoing).await;
        let registered = session.is_registered();
        let _ = self.events.send(Event::Disconnected).await;
        tracing::info!(master = %url.authority(), why = %ended, "the connection ended");
        let searching = LinkState::Searching { trouble: Some(ended.to_string()) };
        self.state.send_replace(searching);
        if registered { Ok(()) } else { Err(ended) }
    }

    fn client(&self) -> Result<Client, LinkError> {
        let client = Client::builder()
            .tls_backend_preconfigured((*self.tls).clone())
            .https_only(true)
            .no_proxy()
            .redirect(redirect::Policy::none())
            .connect_timeout(CONNECT_LIMIT)
            .tcp_nodelay(true)
            .tcp_keepalive(PROBE_EVERY)
            .http2_keep_alive_interval(PROBE_EVERY)
            .http2_keep_alive_timeout(PROBE_LIMIT)
            .build();
        client.map_err(|e| LinkError::Client { cause: words(&e) })
    }

    async fn subscription(&self) -> Result<Subscribe, LinkError> {
        let (reply, subscription) = oneshot::channel();
        let _ = self.events.send(Event::Subscription(reply)).await;
        subscription.await.map_err(|_| LinkError::AgentEnds)
    }

    /// Said once, not at every attempt.
    fn trouble(&self, error: &LinkError) {
        let trouble = error.to_string();
        self.state.send_if_modified(|state| {
            let new = match error {
                LinkError::Fenced { .. } => LinkState::Fenced { words: trouble.clone() },
                _ => LinkState::Searching { trouble: Some(trouble.clone()) },
            };
            let changed = *state != new;
            if changed {
                tracing::warn!("{trouble}");
                *state = new;
            }
            changed
        });
    }
}

/// Asks masters until one that leads accepts; says which.
async fn subscribe_at(
    client: &Client,
    mut url: Url,
    subscribe: &Subscribe,
) -> Result<(Url, Response), LinkError> {
    for _ in 0..HOPS {
        let master = url.authority().to_owned();
        let sent = client.post(url.clone()).json(subscribe).send();
        let answer = tokio::time::timeout(ANSWER_LIMIT, sent).await;
        let answer = answer.map_err(|_| LinkError::Silent { master: master.clone() })?;
        let answer = answer
            .map_err(|e| LinkError::Unreachable { master: master.clone(), cause: words(&e) })?;
        match answer.status() {
            StatusCode::OK => return Ok((url, answer)),
            StatusCode::TEMPORARY_REDIRECT => url = location(&url, &answer)?,
            StatusCode::SERVICE_UNAVAILABLE => return Err(LinkError::NoLeader { master }),
            status => return Err(refused(master, status, answer).await),
        }
    }
    Err(LinkError::Circle { master: url.authority().to_owned() })
}

fn location(from: &Url, answer: &Response) -> Result<Url, LinkError> {
    let location = answer.headers().get(header::LOCATION).and_then(|value| value.to_str().ok());
    let master = from.authority().to_owned();
    let to = location.and_then(|location| from.join(location).ok());
    // Whatever it says, it is a master's agents port, by TLS.
    let to = to.filter(|to| to.scheme() == "https" && to.has_host());
    to.ok_or(LinkError::Location { master })
}

async fn refused(master: String, status: StatusCode, answer: Response) -> LinkError {
    let words = tokio::time::timeout(ANSWER_LIMIT, answer.text()).await;
    let words: String = words.ok().and_then(Result::ok).unwrap_or_default();
    if let (StatusCode::CONFLICT, Ok(fenced)) = (status, serde_json::from_str::<Fenced>(&words)) {
        let words = fenced.message.chars().take(WORDS).collect();
        return LinkError::Fenced { master, words };
    }
    LinkError::Refused { master, status, words: words.chars().take(WORDS).collect() }
}

/// An error with its causes: reqwest's own words hide them.
pub(crate) fn words(error: &reqwest::Error) -> String {
    let mut words = Vec::new();
    let mut cause: Option<&dyn std::error::Error> = std::error::Error::source(error);
    while let Some(error) = cause {
        words.push(error.to_string());
        cause = error.source();
    }
    words.pop().unwrap_or_else(|| error.to_string())
}
