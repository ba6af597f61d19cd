use super::framework;
use crate::SchedulerError;
use crate::api::{Candidate, Office, Role};
use crate::core::{Core, State, View};
use crate::engine::{Ended, Engine, Inbox};
use crate::mesos::FrameworkLink;
use crate::records;
use mesoform_coordination::{Coordination, Leader, Leadership};
use mesoform_identity::Identity;
use mesoform_settings::SchedulerSettings;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// The election of schedulers.
const ELECTION: &str = "scheduler";
/// After a leadership that failed: no busy loop of elections.
const BREATH: Duration = Duration::from_millis(500);
const QUEUE: usize = 1024;

/// Stands for election again and again, and leads whenever elected.
pub struct Reign {
    pub settings: SchedulerSettings,
    pub identity: Identity,
    pub coordination: Coordination,
    pub me: Candidate,
    pub role: watch::Sender<Role>,
}

impl Reign {
    /// Runs until `stop`; a leadership is given up in good order.
    pub async fn run(&self, stop: &CancellationToken) -> Result<(), SchedulerError> {
        let observed = self.coordination.observe(ELECTION);
        loop {
            let leadership = tokio::select! {
                () = stop.cancelled() => return Ok(()),
                never = self.stand_by(observed.clone()) => match never {},
                elected = self.campaign() => elected?,
            };
            self.lead(leadership, stop).await?;
            if stop.is_cancelled() {
                return Ok(());
            }
            tokio::time::sleep(BREATH).await;
        }
    }

    async fn campaign(&self) -> Result<Leadership, SchedulerError> {
        let candidate = serde_json::to_vec(&self.me).unwrap_or_default();
        let ttl = Duration::from_millis(self.settings.leadership_ttl_ms);
        Ok(self.coordination.campaign(ELECTION, candidate, ttl).await?)
    }

    /// Keeps the role up to date with who leads; it does not return.
    async fn stand_by(
        &self,
        mut observed: watch::Receiver<Option<Leader>>,
    ) -> std::convert::Infallible {
        loop {
            let leader = observed.borrow_and_update().clone();
            let leader = leader.and_then(|leader| serde_json::from_slice(&leader.value).ok());
            self.role.send_replace(Role::Standby { leader });
            if observed.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Loads what the quorum has and leads on it.
    async fn lead(
        &self,
        leadership: Leadership,
        stop: &CancellationToken,
    ) -> Result<(), SchedulerError> {
        let lost = leadership.lost();
        let loaded = tokio::select! {
            () = stop.cancelled() => None,
            () = lost.cancelled() => None,
            loaded = self.load() => loaded,
        };
        let state = match loaded {
            Some(Ok(state)) => state,
            Some(Err(error)) => {
                leadership.resign().await;
                return Err(error);
            }
            None => {
                leadership.resign().await;
                return Ok(());
            }
        };
        tracing::info!(apps = state.apps.len(), revision = leadership.revision(), "leading");
        let (leadership, ended) = self.govern(state, leadership, stop).await?;
        tracing::info!(?ended, "this leadership is over");
        self.role.send_replace(Role::Standby { leader: None });
        leadership.resign().await;
        Ok(())
    }

    /// None: the quorum does not answer; the leadership will be over soon.
    async fn load(&self) -> Option<Result<State, SchedulerError>> {
        let entries = match self.coordination.list(records::PREFIX).await {
            Ok((entries, _)) => entries,
            Err(error) => {
                tracing::warn!(%error, "the records cannot be read");
                return None;
            }
        };
        let records = entries.iter().map(|entry| (entry.key.as_str(), entry.value.as_slice()));
        Some(State::load(records).map_err(SchedulerError::from))
    }

    async fn govern(
        &self,
        state: State,
        leadership: Leadership,
        stop: &CancellationToken,
    ) -> Result<(Leadership, Ended), SchedulerError> {
        let end = stop.child_token();
        let lost = leadership.lost();
        let (orders, order_queue) = mpsc::channel(QUEUE);
        let (events, event_queue) = mpsc::channel(QUEUE);
        let (calls, call_queue) = mpsc::channel(QUEUE);
        let (view_sender, view) = watch::channel(Arc::new(View::default()));
        let inbox = Inbox { orders: order_queue, events: event_queue };
        let seed = Uuid::new_v4().as_u128();
        let core = |now| Core::new(state, seed, now);
        let engine = Engine::new(core, leadership, inbox, calls, view_sender);
        let link = FrameworkLink {
            client: framework::client(&self.settings, &self.identity)?,
            identify: framework::identify(&self.settings, &self.me),
            events,
            view: view.clone(),
            stop: end.clone(),
        };
        let linked = tokio::spawn(link.run(call_queue));
        self.role.send_replace(Role::Leading(Office { view, orders, abdicate: end.clone() }));
        let watchdog = end.clone();
        let watching = tokio::spawn(async move {
            tokio::select! {
                () = lost.cancelled() => watchdog.cancel(),
                () = watchdog.cancelled() => {}
            }
        });
        let outcome = engine.run(end.clone()).await;
        end.cancel();
        let _ = tokio::join!(linked, watching);
        Ok(outcome)
    }
}
