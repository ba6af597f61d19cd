use super::connector::{Connector, Reply, chain};
use super::{Caller, ClientError, STREAM_ID};
use crate::recordio::Decoder;
use crate::scheduler::Event;
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};
use url::Url;

/// How many heartbeats may miss before the master counts as gone.
const MISSED_HEARTBEATS: u32 = 5;
/// Until SUBSCRIBED says another.
const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(15);

/// What a subscription brings.
#[derive(Debug)]
pub enum ClientEvent {
    Event(Event),
    /// The subscription is over. Nothing more comes.
    Disconnected(ClientError),
}

/// The stream of a framework's events.
pub struct Subscription {
    caller: Caller,
    master: Url,
    body: BoxStream<'static, reqwest::Result<Bytes>>,
    decoder: Decoder,
    interval: Duration,
    last_heard: Instant,
    ended: bool,
}

impl Subscription {
    pub(super) fn new(connector: Connector, reply: Reply) -> Result<Self, ClientError> {
        let Reply { master, response } = reply;
        let status = response.status().as_u16();
        if status != 200 {
            let body = "a subscription is answered with 200".to_owned();
            return Err(ClientError::Refused { master: master.to_string(), status, body });
        }
        let stream_id = response.headers().get(STREAM_ID).and_then(|v| v.to_str().ok());
        let caller = Caller::new(connector, master.clone(), stream_id.map(str::to_owned));
        Ok(Self {
            caller,
            master,
            body: response.bytes_stream().boxed(),
            decoder: Decoder::new(),
            interval: HEARTBEAT_INTERVAL,
            last_heard: Instant::now(),
            ended: false,
        })
    }

    /// For the calls of this subscription.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// The next event, heartbeats too; `None` after [`ClientEvent::Disconnected`]. May be cancelled
    /// (in `select!`) without losing anything.
    pub async fn next(&mut self) -> Option<ClientEvent> {
        if self.ended {
            return None;
        }
        match self.read().await {
            Ok(event) => {
                self.note(&event);
                Some(ClientEvent::Event(event))
            }
            Err(error) => {
                self.ended = true;
                self.body = futures::stream::empty().boxed();
                Some(ClientEvent::Disconnected(error))
            }
        }
    }

    async fn read(&mut self) -> Result<Event, ClientError> {
        loop {
            let record = self.decoder.next_record();
            let master = || self.master.to_string();
            match record.map_err(|source| ClientError::RecordIo { master: master(), source })? {
                Some(record) => return self.parse(&record),
                None => self.receive().await?,
            }
        }
    }

    async fn receive(&mut self) -> Result<(), ClientError> {
        let master = || self.master.to_string();
        let after = self.interval * MISSED_HEARTBEATS;
        match timeout_at(self.last_heard + after, self.body.next()).await {
            Ok(Some(Ok(bytes))) => {
                self.last_heard = Instant::now();
                self.decoder.push(&bytes);
                Ok(())
            }
            Ok(Some(Err(e))) => {
                Err(ClientError::Ended { master: master(), cause: format!(": {}", chain(&e)) })
            }
            Ok(None) => Err(ClientError::Ended { master: master(), cause: String::new() }),
            Err(_) => Err(ClientError::Heartbeats { master: master(), after }),
        }
    }

    fn parse(&self, record: &[u8]) -> Result<Event, ClientError> {
        serde_json::from_slice(record).map_err(|e| ClientError::Stream {
            master: self.master.to_string(),
            cause: e.to_string(),
        })
    }

    fn note(&mut self, event: &Event) {
        let Event::Subscribed(subscribed) = event else { return };
        self.caller.subscribed(&subscribed.framework_id);
        let seconds = subscribed.heartbeat_interval_seconds.unwrap_or(0.0);
        if let Ok(interval) = Duration::try_from_secs_f64(seconds)
            && !interval.is_zero()
            && interval < Duration::from_secs(3600)
        {
            self.interval = interval;
        }
    }
}
