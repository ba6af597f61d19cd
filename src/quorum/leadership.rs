use crate::meters::Counter;
use crate::raft::{Member, Raft};
use openraft::metrics::RaftServerMetrics;
use openraft::{RaftMetrics, ServerState};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// A change of leaders takes less.
const LOST: Duration = Duration::from_secs(3);
/// How often to look where nothing is told: silence makes no noise.
const LOOK: Duration = Duration::from_millis(50);

/// Who leads, as far as this voter knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leader {
    /// This one, and a majority has confirmed it a moment ago.
    Me,
    Other {
        id: u64,
        member: Member,
    },
    None,
}

/// Knows who leads.
///
/// Raft tells of itself several times with every entry, and would wake up all who wait as often. So
/// they wait for [`News`], which one task makes of it.
#[derive(Clone)]
pub struct Leadership {
    raft: View,
    news: watch::Receiver<News>,
    changes: Arc<Counter>,
}

/// What can be waited for.
#[derive(Clone, PartialEq)]
struct News {
    leader: Leader,
    /// The term, and whether this voter leads in it.
    term: (u64, bool),
    /// Why this voter's Raft has ended.
    stopped: Option<String>,
}

/// What Raft tells of itself.
#[derive(Clone)]
struct View {
    metrics: watch::Receiver<RaftMetrics<u64, Member>>,
    me: u64,
    /// A leader that no majority has answered for so long does not count as one.
    patience: Duration,
    /// When a leader has been heard for the last time.
    heard: Arc<Mutex<Option<Instant>>>,
}

impl Leadership {
    /// Starts the task that looks; it ends with the last clone of this.
    pub fn new(raft: &Raft, me: u64, patience: Duration) -> Self {
        let view = View { metrics: raft.metrics(), me, patience, heard: Arc::default() };
        let (tell, news) = watch::channel(view.news());
        let changes = Arc::new(Counter::default());
        tokio::spawn(look(view.clone(), raft.server_metrics(), tell, changes.clone()));
        Self { raft: view, news, changes }
    }

    /// A leader was heard.
    pub fn hear(&self) {
        let mut heard = self.raft.heard.lock().unwrap_or_else(PoisonError::into_inner);
        *heard = Some(Instant::now());
    }

    pub fn metrics(&self) -> RaftMetrics<u64, Member> {
        self.raft.metrics.borrow().clone()
    }

    pub fn term(&self) -> u64 {
        self.raft.metrics.borrow().current_term
    }

    /// The id of the leader that this voter last heard of; 0: none.
    pub fn id(&self) -> u64 {
        self.raft.metrics.borrow().current_leader.unwrap_or(0)
    }

    pub fn now(&self) -> Leader {
        self.raft.leader()
    }

    /// How often another voter has become the leader since the start.
    pub fn changes_seen(&self) -> u64 {
        self.changes.get()
    }

    /// Waits until something has changed that may bear on who leads, but not beyond `deadline`;
    /// false: that is now.
    pub async fn changed(&mut self, deadline: Instant) -> bool {
        match tokio::time::timeout_at(deadline, self.news.changed()).await {
            Ok(Ok(())) => true,
            // Raft has ended, and this voter is about to.
            Ok(Err(_)) => {
                tokio::time::sleep_until(deadline.min(Instant::now() + LOOK)).await;
                true
            }
            Err(_) => false,
        }
    }

    /// Waits until `condition` holds, but not beyond `deadline`.
    pub async fn wait_for(
        &mut self,
        deadline: Instant,
        condition: impl Fn(&Leader) -> bool,
    ) -> Leader {
        loop {
            let leader = self.now();
            if condition(&leader) || Instant::now() >= deadline {
                return leader;
            }
            // What comes and goes between two looks is no news.
            self.changed(deadline.min(Instant::now() + LOOK * 4)).await;
        }
    }

    /// Waits until there has been no leader for a while.
    pub async fn lost(self) {
        self.no_more(LOST, |leader| *leader != Leader::None).await;
    }

    /// Waits until the leader has for so long not been as it was.
    pub async fn no_more(mut self, while_: Duration, was: impl Fn(&Leader) -> bool) {
        loop {
            let gone = self.news.wait_for(|news| !was(&news.leader)).await.is_ok();
            let back = self.news.wait_for(|news| was(&news.leader));
            let back = matches!(tokio::time::timeout(while_, back).await, Ok(Ok(_)));
            if !gone || !back {
                return;
            }
        }
    }

    /// Waits for the end of this voter's Raft: why it ended.
    pub async fn stopped(mut self) -> String {
        let stopped = self.news.wait_for(|news| news.stopped.is_some()).await;
        let cause = stopped.ok().and_then(|news| news.stopped.clone());
        cause.unwrap_or_else(|| "its task is gone".to_owned())
    }
}

impl View {
    fn leader(&self) -> Leader {
        let metrics = self.metrics.borrow();
        match metrics.current_leader {
            Some(id) if id == self.me => self.own(&metrics),
            Some(_) if metrics.state.is_learner() && self.is_silent() => Leader::None,
            Some(id) => match metrics.membership_config.membership().get_node(&id) {
                Some(member) => Leader::Other { id, member: member.clone() },
                None => Leader::None,
            },
            None => Leader::None,
        }
    }

    fn own(&self, metrics: &RaftMetrics<u64, Member>) -> Leader {
        let silence = metrics.millis_since_quorum_ack.map(Duration::from_millis);
        let alone = metrics.membership_config.membership().voter_ids().count() == 1;
        let heard = alone || silence.is_some_and(|silence| silence < self.patience);
        if metrics.state == ServerState::Leader && heard { Leader::Me } else { Leader::None }
    }

    /// A learner stands for nothing, and so Raft never tells it that the leader is gone.
    fn is_silent(&self) -> bool {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.is_none_or(|heard| heard.elapsed() > LOST)
    }

    fn news(&self) -> News {
        let leader = self.leader();
        let metrics = self.metrics.borrow();
        News {
            leader,
            term: (metrics.current_term, metrics.state.is_leader()),
            stopped: metrics.running_state.as_ref().err().map(ToString::to_string),
        }
    }
}

/// Tells the news until Raft has ended, or nobody wants to hear them.
async fn look(
    view: View,
    mut servers: watch::Receiver<RaftServerMetrics<u64, Member>>,
    tell: watch::Sender<News>,
    changes: Arc<Counter>,
) {
    let mut raft_is_there = true;
    let mut last = Leader::None;
    loop {
        let news = view.news();
        if news.leader != Leader::None && news.leader != last {
            last = news.leader.clone();
            changes.add_one();
        }
        let ended = news.stopped.is_some();
        tell.send_if_modified(|told| {
            let changed = *told != news;
            *told = news;
            changed
        });
        if ended || !raft_is_there {
            return;
        }
        tokio::select! {
            // Its last words have been said before it is gone.
            changed = servers.changed() => raft_is_there = changed.is_ok(),
            () = tokio::time::sleep(LOOK) => {}
            () = tell.closed() => return,
        }
    }
}
