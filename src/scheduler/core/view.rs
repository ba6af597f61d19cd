use super::{Core, Now, State};
use crate::model::{AppDefinition, Moment};
use std::sync::Arc;

/// An app in the launch queue.
#[derive(Debug, Clone, PartialEq)]
pub struct QueueItem {
    pub app: Arc<AppDefinition>,
    pub count: usize,
    pub since: Moment,
    /// The end of the back-off, if it still lasts.
    pub held_until: Option<Moment>,
}

/// What the API shows at one point in time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct View {
    pub state: State,
    pub queue: Vec<QueueItem>,
    /// The master of the present subscription.
    pub master: Option<String>,
}

impl View {
    pub(super) fn of(core: &Core, now: Now) -> Self {
        let item = |(id, want): (_, &super::wants::Want)| {
            let wait = want.held_until.map(|until| until.saturating_sub(now.tick));
            Some(QueueItem {
                app: core.state.apps.get(id)?.clone(),
                count: want.missing,
                since: want.since,
                held_until: wait.map(|wait| now.wall.plus_millis(wait.as_millis() as i64)),
            })
        };
        Self {
            state: core.state.clone(),
            queue: core.wants.iter().filter_map(item).collect(),
            master: core.link.master().map(str::to_owned),
        }
    }
}
