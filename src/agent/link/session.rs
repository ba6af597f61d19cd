use super::{LinkError, LinkState, Outgoing, post, words};
use crate::shell::Event;
use futures::{Stream, StreamExt as _};
use mesoform_mesos::agent_protocol::{Order, OrderKind};
use mesoform_mesos::recordio::Decoder;
use reqwest::{Client, Response, Url};
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// A master that says nothing for so long is gone: five of Mesos' pings.
const SILENCE: Duration = Duration::from_secs(75);

/// One registration, from its first order to the end of the stream.
pub struct Session<'a> {
    client: &'a Client,
    url: &'a Url,
    events: &'a mpsc::Sender<Event>,
    state: &'a watch::Sender<LinkState>,
    registered: bool,
}

impl<'a> Session<'a> {
    pub fn new(
        client: &'a Client,
        url: &'a Url,
        events: &'a mpsc::Sender<Event>,
        state: &'a watch::Sender<LinkState>,
    ) -> Self {
        Self { client, url, events, state, registered: false }
    }

    pub fn is_registered(&self) -> bool {
        self.registered
    }

    /// Passes orders on and reports back; says why it ended.
    pub async fn run(
        &mut self,
        answer: Response,
        outgoing: &mut mpsc::Receiver<Outgoing>,
    ) -> LinkError {
        let (client, url) = (self.client, self.url);
        tokio::select! {
            ended = self.follow(answer.bytes_stream()) => ended,
            ended = post::all(client, url, outgoing) => ended,
        }
    }

    async fn follow<S, B>(&mut self, stream: S) -> LinkError
    where
        S: Stream<Item = Result<B, reqwest::Error>>,
        B: AsRef<[u8]>,
    {
        let mut stream = std::pin::pin!(stream);
        let mut decoder = Decoder::new();
        loop {
            let bytes = match tokio::time::timeout(SILENCE, stream.next()).await {
                Err(_) => return LinkError::NoPing(SILENCE),
                Ok(None) => return LinkError::StreamEnded,
                Ok(Some(Err(e))) => return LinkError::StreamBroke { cause: words(&e) },
                Ok(Some(Ok(bytes))) => bytes,
            };
            decoder.push(bytes.as_ref());
            if let Err(error) = self.orders(&mut decoder).await {
                return error;
            }
        }
    }

    async fn orders(&mut self, decoder: &mut Decoder) -> Result<(), LinkError> {
        let nonsense = |cause: String| LinkError::Nonsense { cause };
        while let Some(record) = decoder.next_record().map_err(|e| nonsense(e.to_string()))? {
            let order: Order =
                serde_json::from_slice(&record).map_err(|e| nonsense(e.to_string()))?;
            self.order(order).await?;
        }
        Ok(())
    }

    async fn order(&mut self, order: Order) -> Result<(), LinkError> {
        if let OrderKind::Registered { agent_id } = &order.kind {
            self.registered = true;
            let master = self.url.authority().to_owned();
            tracing::info!(%agent_id, master, leadership = order.leadership, "registered");
            self.state.send_replace(LinkState::Registered { master });
        } else if !self.registered {
            return Err(LinkError::NotRegistered);
        }
        self.events.send(Event::Order(order)).await.map_err(|_| LinkError::AgentEnds)
    }
}
