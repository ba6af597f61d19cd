use super::PATIENCE;
use super::ask::{ask, happened, outcome, range_of};
use super::lessees::key;
use super::stage::{ELECTION_KEYS, KEYS, LAST, LEASED, LOG, Stage};
use super::way::Way;
use crate::{
    Answer, Ask, Call, Change, Happened, Keys, LeaseLife, Outcome, Timeline, Violation, Watch,
    check_fence, check_keys, check_lease, check_revisions, check_watch,
};
use mesoform_etcd::client::WatchClient;
use mesoform_etcd::pb::watch_request::RequestUnion;
use mesoform_etcd::pb::{WatchCreateRequest, WatchRequest};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tonic::Status;

/// How much longer than it should a lease may live while leaders change: its time starts anew with each.
const GRACE: Duration = Duration::from_secs(45);
/// When all is calm, leases of a few seconds have ended after this, also on a machine that is busy.
const CALM: Duration = Duration::from_secs(45);

#[derive(Debug, Error)]
pub enum Failure {
    #[error("{0}")]
    Violation(#[from] Violation),
    #[error("two voters tell different histories: {0}")]
    Divergent(String),
    #[error("leases that nobody keeps do not end")]
    Endless,
    #[error("{0}")]
    Silent(String),
}

/// How much was seen.
#[derive(Debug, Default)]
pub struct Witnesses {
    pub done: usize,
    pub failed: usize,
    pub unknown: usize,
    pub events: usize,
    pub sessions: usize,
    pub leases: usize,
    pub fenced: usize,
}

impl Witnesses {
    /// A trial in which little happened proves little.
    pub fn expect_enough(&self) {
        assert!(self.done > 100 && self.events > 50, "too little happened: {self}");
    }
}

impl fmt::Display for Witnesses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { done, failed, unknown, events, sessions, leases, fenced } = self;
        write!(
            f,
            "{done} calls ({failed} failed, {unknown} unknown), {events} events over {sessions} \
             connections, {leases} leases, {fenced} fenced writes"
        )
    }
}

/// Gathers what is left to be seen, and lets the judges speak.
pub async fn judge(
    stage: &Arc<Stage>,
    ways: &[Way],
    watchers: JoinSet<Watch>,
    lives: Vec<LeaseLife>,
) -> Result<Witnesses, Failure> {
    await_leases(&ways[0]).await?;
    let last = put_last(stage, &ways[0]).await?;
    let watches = timeout(PATIENCE, watchers.join_all()).await;
    let watches =
        watches.map_err(|_| Failure::Silent("a watcher never saw the last key".into()))?;
    let all = histories(ways, last).await?;
    let calls = std::mem::take(&mut *stage.calls.lock().unwrap());
    let lives: Vec<LeaseLife> = lives.into_iter().map(|life| ended(stage, life)).collect();
    check_keys(&calls)?;
    let timeline = Timeline::new(all)?;
    check_revisions(&calls, &of_prefix(&timeline, KEYS)?)?;
    for watch in &watches {
        check_watch(watch, &timeline, last)?;
    }
    lives.iter().try_for_each(|life| check_lease(life, GRACE))?;
    let fence = |value: &str| value.split(':').next()?.parse().ok();
    let fenced = check_fence(&timeline, ELECTION_KEYS, LOG, fence)?;
    Ok(count(&calls, &watches, &timeline, lives.len(), fenced))
}

fn count(
    calls: &[Call],
    watches: &[Watch],
    timeline: &Timeline,
    leases: usize,
    fenced: usize,
) -> Witnesses {
    let of = |wanted: fn(&Outcome) -> bool| calls.iter().filter(|c| wanted(&c.outcome)).count();
    Witnesses {
        done: of(|outcome| matches!(outcome, Outcome::Done { .. })),
        failed: of(|outcome| *outcome == Outcome::Failed),
        unknown: of(|outcome| *outcome == Outcome::Unknown),
        events: timeline.all().len(),
        sessions: watches.iter().map(|watch| watch.sessions.len()).sum(),
        leases,
        fenced,
    }
}

fn of_prefix(timeline: &Timeline, prefix: &str) -> Result<Timeline, Violation> {
    let all = timeline.all().iter().filter(|happened| happened.key.starts_with(prefix));
    Timeline::new(all.cloned().collect())
}

fn ended(stage: &Stage, life: LeaseLife) -> LeaseLife {
    let gone = stage.ended.lock().unwrap().get(&key(life.id)).copied();
    LeaseLife { gone, ..life }
}

/// Waits until no leased key is left.
async fn await_leases(way: &Way) -> Result<(), Failure> {
    let read = Ask::Read { keys: Keys::Prefix(LEASED.into()), serializable: false, revision: 0 };
    let gone = async {
        while !ask(way, &read).await.is_ok_and(|found| found.found().is_empty()) {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(CALM, gone).await.map_err(|_| Failure::Endless)
}

/// The last write of all: its revision.
async fn put_last(stage: &Stage, way: &Way) -> Result<i64, Failure> {
    for _ in 0..20 {
        let value = format!("v{}", stage.number());
        let change = Change::Put { key: LAST.to_owned(), value, lease: 0 };
        let ask = Ask::Write { guard: None, changes: vec![change] };
        let asked = stage.clock.tick();
        let outcome = outcome(way, &ask, &stage.clock, PATIENCE).await;
        let call = Call { client: stage.number(), asked, ask, outcome: outcome.clone() };
        stage.calls.lock().unwrap().push(call);
        if let Outcome::Done { answer: Answer::Written { revision, .. }, .. } = outcome {
            return Ok(revision);
        }
        sleep(Duration::from_millis(200)).await;
    }
    Err(Failure::Silent("the last write did not succeed".to_owned()))
}

/// Everything that ever happened, as all voters tell it alike.
async fn histories(ways: &[Way], upto: i64) -> Result<Vec<Happened>, Failure> {
    let mut told: Option<Vec<Happened>> = None;
    for way in ways {
        let all = timeout(PATIENCE, history(way, upto)).await;
        let all = all.map_err(|_| Failure::Silent("the history is not told".to_owned()))?;
        let all = all.map_err(|status| Failure::Silent(status.to_string()))?;
        if let Some(first) = &told
            && *first != all
        {
            let differs = first.iter().zip(&all).find(|(one, other)| one != other);
            return Err(Failure::Divergent(format!("{differs:?}")));
        }
        told = Some(all);
    }
    Ok(told.unwrap_or_default())
}

async fn history(way: &Way, upto: i64) -> Result<Vec<Happened>, Status> {
    let (key, range_end) = range_of(&Keys::Prefix(String::new()));
    let create = WatchCreateRequest { key, range_end, start_revision: 1, ..Default::default() };
    let request = WatchRequest { request_union: Some(RequestUnion::CreateRequest(create)) };
    // The stream of requests must stay open.
    let requests =
        tokio_stream::StreamExt::chain(tokio_stream::once(request), tokio_stream::pending());
    let mut responses = WatchClient::new(way.clone()).watch(requests).await?.into_inner();
    let mut all: Vec<Happened> = Vec::new();
    while all.last().is_none_or(|last| last.revision < upto) {
        let response = responses.message().await?;
        let response = response.ok_or_else(|| Status::unavailable("the watch ended"))?;
        all.extend(response.events.into_iter().map(|event| happened(event).0));
    }
    all.retain(|happened| happened.revision <= upto);
    Ok(all)
}
