use super::calls::call;
use super::offers;
use crate::core::{Effect, Input, View};
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};
use mesoform_mesos::client::{Caller, Subscription};
use mesoform_mesos::scheduler::{CallBody, Event};
use mesoform_mesos::{ClientError, ClientEvent, FrameworkId, FrameworkInfo, SchedulerClient};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, mpsc, watch};
use tokio_util::sync::CancellationToken;

/// Before the first new attempt to subscribe; doubled for each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);
/// Acknowledgements under way at a time; all other calls keep their order.
const ACKNOWLEDGEMENTS: usize = 16;

/// Builds the framework's description for the id it has, if it has one.
pub type Identify = Box<dyn Fn(Option<FrameworkId>) -> FrameworkInfo + Send + Sync>;

/// Keeps up the subscription at the leading master while this scheduler leads.
pub struct FrameworkLink {
    pub client: SchedulerClient,
    pub identify: Identify,
    pub events: mpsc::Sender<Input>,
    pub view: watch::Receiver<Arc<View>>,
    pub stop: CancellationToken,
}

/// What the calls go through.
#[derive(Default)]
struct Wire {
    caller: watch::Sender<Option<Caller>>,
    /// A call failed: only a new subscription makes sure that master and core agree.
    broken: Notify,
}

impl FrameworkLink {
    /// Runs until stopped. `calls` are the core's effects, in order.
    pub async fn run(self, calls: mpsc::Receiver<Effect>) {
        let wire = Wire::default();
        let (acks, mut ack_queue) = mpsc::channel(1024);
        let ordered = async {
            let mut calls = calls;
            while let Some(effect) = calls.recv().await {
                if matches!(effect, Effect::Acknowledge { .. }) {
                    let _ = acks.send(effect).await;
                } else {
                    wire.send(effect).await;
                }
            }
        };
        let acknowledge = async {
            let mut open = FuturesUnordered::new();
            loop {
                tokio::select! {
                    effect = ack_queue.recv(), if open.len() < ACKNOWLEDGEMENTS => match effect {
                        Some(effect) => open.push(wire.send(effect)),
                        None => break,
                    },
                    Some(()) = open.next(), if !open.is_empty() => {}
                }
            }
        };
        tokio::select! {
            () = self.stop.cancelled() => {}
            () = async { tokio::join!(ordered, acknowledge); } => {}
            () = self.subscriptions(&wire) => {}
        }
    }

    async fn subscriptions(&self, wire: &Wire) {
        let mut pause = FIRST_PAUSE;
        loop {
            let id = self.view.borrow().state.framework_id.clone();
            let framework = (self.identify)(id.map(FrameworkId::new));
            match self.client.subscribe(framework).await {
                Ok(subscription) => {
                    pause = FIRST_PAUSE;
                    if self.follow(subscription, wire).await.is_none() {
                        return;
                    }
                }
                Err(error) if is_ended(&error) => {
                    tracing::warn!(%error, "the masters have ended this framework");
                    if self.events.send(Input::FrameworkGone).await.is_err() {
                        return;
                    }
                }
                Err(error) => tracing::warn!(%error, "no master accepts the subscription yet"),
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// None: the core is gone.
    async fn follow(&self, mut subscription: Subscription, wire: &Wire) -> Option<()> {
        // What went wrong before is not this subscription's fault.
        let _ = wire.broken.notified().now_or_never();
        loop {
            let event = tokio::select! {
                event = subscription.next() => event,
                () = wire.broken.notified() => None,
            };
            match event {
                Some(ClientEvent::Event(Event::Error(error))) => {
                    tracing::warn!(message = error.message, "the master reports an error");
                    if says_ended(&error.message) {
                        self.events.send(Input::FrameworkGone).await.ok()?;
                    }
                    break;
                }
                Some(ClientEvent::Event(event)) => {
                    if let Some(input) = self.input(event, &subscription, wire) {
                        self.events.send(input).await.ok()?;
                    }
                }
                Some(ClientEvent::Disconnected(error)) => {
                    tracing::warn!(%error, "the subscription is over");
                    break;
                }
                None => break,
            }
        }
        wire.caller.send_replace(None);
        self.events.send(Input::Disconnected).await.ok()
    }

    fn input(&self, event: Event, subscription: &Subscription, wire: &Wire) -> Option<Input> {
        match event {
            Event::Subscribed(subscribed) => {
                let caller = subscription.caller().clone();
                let master = caller.master();
                let port = master.port_or_known_default().unwrap_or_default();
                let master = format!("{}:{port}", master.host_str().unwrap_or_default());
                tracing::info!(framework = %subscribed.framework_id, %master, "subscribed");
                wire.caller.send_replace(Some(caller));
                let framework_id = subscribed.framework_id.value;
                Some(Input::Connected { framework_id, master })
            }
            Event::Offers(list) => {
                Some(Input::Offers(list.offers.into_iter().map(offers::offer).collect()))
            }
            Event::Update(update) => Some(Input::Update(offers::update(update.status))),
            Event::Failure(failure) if failure.executor_id.is_none() => {
                Some(Input::AgentLost(failure.agent_id?.value))
            }
            // Offers are never kept in hand.
            _ => None,
        }
    }
}

impl Wire {
    async fn send(&self, effect: Effect) {
        if let Effect::Kill(task) = &effect {
            tracing::info!(task = task.task_id, "killing");
        }
        let caller = self.caller.borrow().clone();
        let (Some(caller), Some(body)) = (caller, call(effect)) else { return };
        let kind = CallBody::kind(&body);
        if let Err(error) = caller.call(body).await {
            tracing::warn!(kind, %error, "a call failed; subscribing anew");
            self.broken.notify_one();
        }
    }
}

/// Whether the masters refuse the framework's id for good.
fn is_ended(error: &ClientError) -> bool {
    matches!(error, ClientError::Refused { body, .. } if says_ended(body))
}

/// The words of Mesos' master for a framework that was torn down or whose time-out has passed.
fn says_ended(message: &str) -> bool {
    message.contains("Framework has been removed")
        || message.contains("Framework is marked as removed")
        || message.contains("Completed framework attempted to re-register")
}
