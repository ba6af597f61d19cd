use super::View;
use crate::core::{News, TaskKey};
use mesoform_mesos::agent_protocol::{Order, Subscribe};
use tokio::sync::oneshot;

/// What reaches the agent's loop.
pub enum Event {
    Order(Order),
    Disconnected,
    Executor {
        key: TaskKey,
        news: News,
    },
    /// A task's folder is gone.
    Removed(TaskKey),
    /// The link is about to subscribe.
    Subscription(oneshot::Sender<Subscribe>),
    /// The API wants to know.
    View(oneshot::Sender<View>),
}
