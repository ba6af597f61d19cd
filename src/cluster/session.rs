use crate::report::HostReport;
use mesoform_plan::{
    BEATS, DocumentWish, Event, Failure, Lock, Outcome, PROTOCOL, Plan, Reply, Request, SecretText,
    SignedChain, SigningRequest, StartUnit, Started,
};
use mesoform_transport::{Channel, ChannelEnd, ChannelReader, ChannelWriter};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::sync::Mutex;
use tokio::time::MissedTickBehavior;
use tokio_util::task::AbortOnDropHandle;

/// The longest line that a host may send: an observation of all its files, and room to spare.
const LINE_MAX: u64 = 16 * 1024 * 1024;
/// Longer than any single step of a plan takes; a host that is silent for so long is lost.
const SILENCE: Duration = Duration::from_secs(180);
/// A document's commands may say nothing for as long as they may take.
const DOCUMENT: Duration = Duration::from_secs(4 * 3600);
/// After its output ends, how a command ended is known at once, or never.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// How often the host hears that the operator is there.
const BEAT: Duration = Duration::from_millis(Lock::BEAT_MS.unsigned_abs());

/// Why a session with a host ended.
#[derive(Debug, Error)]
pub enum SessionError {
    #[error(
        "the connection was lost: {0}; what runs on the host goes on, and another `up` picks it up"
    )]
    Lost(String),
    #[error("the host said nothing for {} s; see what it does, then run `up` again", .0.as_secs())]
    Silent(Duration),
    #[error("the host answered what this version does not understand: {0}")]
    Protocol(String),
    #[error("{0}")]
    Failed(Failure),
    #[error("{}", busy_words(lock, *now_ms, *works))]
    Busy { lock: Lock, now_ms: i64, works: bool },
    #[error("{}", outcome_words(.0))]
    Ended(Outcome),
}

/// From one time of the host's clock to another, both in milliseconds.
fn seconds(from_ms: i64, to_ms: i64) -> i64 {
    to_ms.saturating_sub(from_ms).max(0) / 1000
}

fn busy_words(lock: &Lock, now_ms: i64, works: bool) -> String {
    let heard = match lock.heard_ms {
        Some(heard) => format!(", last heard of {} s ago", seconds(heard, now_ms)),
        None => String::new(),
    };
    let free = seconds(0, lock.free_within_ms(now_ms).saturating_add(999));
    let free = match works {
        true => format!("when its job here ends, and at most {free} s later"),
        false => format!("in at most {free} s"),
    };
    format!(
        "{} works on this host (run {}, for {} s now{heard}); wait for it; if it is gone, the host is \
         free {free}",
        lock.owner,
        lock.run_id,
        seconds(lock.since_ms, now_ms),
    )
}

fn outcome_words(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Done { .. } => "done".into(),
        Outcome::Failed { failure, .. } => failure.to_string(),
        Outcome::Interrupted { .. } => "the job on the host was interrupted; run `up` again".into(),
    }
}

/// A conversation with `mesoform apply --session` on a host.
pub(crate) struct Session {
    /// Held while an answer is awaited.
    answers: Mutex<Answers>,
    requests: Arc<Mutex<ChannelWriter>>,
    /// What both sides speak.
    protocol: u32,
    beats: Option<AbortOnDropHandle<()>>,
}

struct Answers {
    lines: BufReader<ChannelReader>,
    /// The command on the host ends with it.
    end: ChannelEnd,
}

/// What is told of a host's events while a request is carried out.
pub(crate) type OnEvent<'a> = &'a (dyn Fn(&Event) + Send + Sync);

impl Session {
    /// Opens the conversation: both sides say which protocol they speak.
    pub async fn open(channel: Channel) -> Result<Self, SessionError> {
        Self::open_beating(channel, BEAT).await
    }

    async fn open_beating(channel: Channel, every: Duration) -> Result<Self, SessionError> {
        let Channel { stdin, stdout, end } = channel;
        let requests = Arc::new(Mutex::new(stdin));
        let answers = Mutex::new(Answers { lines: BufReader::new(stdout), end });
        let mut session = Self { answers, requests, protocol: 0, beats: None };
        match session.ask(&Request::Hello { protocol: PROTOCOL }, &|_| ()).await? {
            Reply::Hello { protocol, .. } => session.protocol = protocol,
            other => return Err(unexpected(&other)),
        }
        if session.protocol >= BEATS {
            let beats = tokio::spawn(beat(Arc::clone(&session.requests), every));
            session.beats = Some(AbortOnDropHandle::new(beats));
        }
        Ok(session)
    }

    /// How the host's services are; none where its mesoform does not know how to say it in a session.
    pub async fn report(&self) -> Result<Option<HostReport>, SessionError> {
        if self.protocol < BEATS {
            return Ok(None);
        }
        match self.ask(&Request::Report, &|_| ()).await? {
            Reply::Reported { report } => serde_json::from_value(report)
                .map(Some)
                .map_err(|error| SessionError::Protocol(error.to_string())),
            other => Err(unexpected(&other)),
        }
    }

    pub async fn lock(&mut self, owner: &str, run_id: &str) -> Result<(), SessionError> {
        let request = Request::TakeLock { owner: owner.into(), run_id: run_id.into() };
        match self.ask(&request, &|_| ()).await? {
            Reply::Locked { .. } => Ok(()),
            other => Err(unexpected(&other)),
        }
    }

    pub async fn unlock(&mut self) -> Result<(), SessionError> {
        self.ask(&Request::ReleaseLock, &|_| ()).await.map(drop)
    }

    /// Has a plan carried out; `sign` turns the host's signing requests into certificate chains.
    pub async fn apply(
        &mut self,
        run_id: &str,
        plan: Plan,
        secrets: BTreeMap<String, SecretText>,
        sign: impl Fn(&SigningRequest) -> Result<String, Failure>,
        on_event: OnEvent<'_>,
    ) -> Result<usize, SessionError> {
        let request = Request::Apply { run_id: run_id.into(), plan, secrets };
        let mut reply = self.ask(&request, on_event).await?;
        if let Reply::Requests { requests, .. } = &reply {
            let signed = |r: &SigningRequest| Ok(SignedChain { step: r.step, chain_pem: sign(r)? });
            let chains: Result<Vec<_>, Failure> = requests.iter().map(signed).collect();
            let chains = chains.map_err(SessionError::Failed)?;
            let request = Request::Certificates { run_id: run_id.into(), chains };
            reply = self.ask(&request, on_event).await?;
        }
        match reply {
            Reply::Applied { outcome: Outcome::Done { changed }, .. } => Ok(changed),
            Reply::Applied { outcome, .. } => Err(SessionError::Ended(outcome)),
            other => Err(unexpected(&other)),
        }
    }

    /// Has a document carried out.
    pub async fn document(
        &mut self,
        run_id: &str,
        document: DocumentWish,
        on_event: OnEvent<'_>,
    ) -> Result<usize, SessionError> {
        let request = Request::Document { run_id: run_id.into(), document };
        match self.ask_within(DOCUMENT, &request, on_event).await? {
            Reply::Applied { outcome: Outcome::Done { changed }, .. } => Ok(changed),
            Reply::Applied { outcome, .. } => Err(SessionError::Ended(outcome)),
            other => Err(unexpected(&other)),
        }
    }

    /// Starts units and waits until they are active.
    pub async fn start(
        &mut self,
        units: Vec<StartUnit>,
        restart: bool,
        deadline: Duration,
        on_event: OnEvent<'_>,
    ) -> Result<Vec<Started>, SessionError> {
        let request =
            Request::Start { units, restart, deadline_ms: crate::progress::millis(deadline) };
        match self.ask_within(SILENCE.saturating_add(deadline), &request, on_event).await? {
            Reply::Started { units } => Ok(units),
            other => Err(unexpected(&other)),
        }
    }

    /// Stops units and waits until they have ended.
    pub async fn stop(
        &mut self,
        units: Vec<String>,
        deadline: Duration,
    ) -> Result<(), SessionError> {
        let request = Request::Stop { units, deadline_ms: crate::progress::millis(deadline) };
        match self.ask_within(SILENCE.saturating_add(deadline), &request, &|_| ()).await? {
            Reply::Stopped { .. } => Ok(()),
            other => Err(unexpected(&other)),
        }
    }

    async fn ask(&self, request: &Request, on_event: OnEvent<'_>) -> Result<Reply, SessionError> {
        self.ask_within(SILENCE, request, on_event).await
    }

    /// Sends a request and reads replies up to the final one, each within `patience`.
    async fn ask_within(
        &self,
        patience: Duration,
        request: &Request,
        on_event: OnEvent<'_>,
    ) -> Result<Reply, SessionError> {
        let mut line =
            serde_json::to_vec(request).map_err(|e| SessionError::Protocol(e.to_string()))?;
        line.push(b'\n');
        let sent = async {
            let mut requests = self.requests.lock().await;
            requests.write_all(&line).await?;
            requests.flush().await
        };
        let mut answers = self.answers.lock().await;
        timeout(patience, sent).await?.map_err(|e| SessionError::Lost(e.to_string()))?;
        loop {
            match answers.next(patience).await? {
                Reply::Event { event, .. } => on_event(&event),
                Reply::Failed { failure } => return Err(SessionError::Failed(failure)),
                Reply::Busy { lock, now_ms, works } => {
                    return Err(SessionError::Busy { lock, now_ms, works });
                }
                reply => return Ok(reply),
            }
        }
    }
}

impl Answers {
    async fn next(&mut self, patience: Duration) -> Result<Reply, SessionError> {
        let mut line = Vec::new();
        let mut bounded = (&mut self.lines).take(LINE_MAX);
        let read = timeout(patience, bounded.read_until(b'\n', &mut line)).await?;
        match read {
            Ok(0) => Err(SessionError::Lost(self.last_words().await)),
            Ok(_) if line.ends_with(b"\n") => {
                serde_json::from_slice(&line).map_err(|e| SessionError::Protocol(e.to_string()))
            }
            Ok(_) if line.len() as u64 == LINE_MAX => {
                Err(SessionError::Protocol(format!("a line of more than {LINE_MAX} bytes")))
            }
            Ok(_) => Err(SessionError::Lost("it ended in the middle of an answer".into())),
            Err(e) => Err(SessionError::Lost(e.to_string())),
        }
    }

    /// Why a host has hung up, as far as it or the connection says.
    async fn last_words(&mut self) -> String {
        let ended = tokio::time::timeout(LAST_WORDS, self.end.wait()).await;
        match (ended, self.end.stderr().trim()) {
            (Ok(Err(error)), _) => error.to_string(),
            (Ok(Ok(exit)), "") => format!("the host's session ended ({exit})"),
            (_, "") => "the host closed it".to_owned(),
            (_, said) => said.to_owned(),
        }
    }
}

/// Says that the operator is there, for as long as the line takes it; whoever reads learns of its end.
async fn beat(requests: Arc<Mutex<ChannelWriter>>, every: Duration) {
    let Ok(mut line) = serde_json::to_vec(&Request::Beat) else { return };
    line.push(b'\n');
    let mut times = tokio::time::interval(every);
    times.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        times.tick().await;
        let mut requests = requests.lock().await;
        if requests.write_all(&line).await.is_err() || requests.flush().await.is_err() {
            return;
        }
    }
}

async fn timeout<T>(
    patience: Duration,
    future: impl Future<Output = T>,
) -> Result<T, SessionError> {
    tokio::time::timeout(patience, future).await.map_err(|_| SessionError::Silent(patience))
}

fn unexpected(reply: &Reply) -> SessionError {
    SessionError::Protocol(format!("{reply:?}").chars().take(200).collect())
}

#[cfg(test)]
mod tests;
