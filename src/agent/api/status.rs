use super::Api;
use crate::link::LinkState;
use crate::shell::View;
use mesoform_mesos::TaskState;
use mesoform_mesos::agent_protocol::QuorumId;
use serde::Serialize;
use std::collections::BTreeMap;

/// `GET /mesoform/status`.
#[derive(Debug, Serialize)]
pub struct Status<'a> {
    hostname: &'a str,
    agent_id: Option<&'a str>,
    registered: bool,
    /// `host:port` of the leading master.
    master: Option<String>,
    /// Why it is not registered.
    trouble: Option<String>,
    /// It obeys other masters than those that lead, and waits for its operator.
    fenced: bool,
    /// The highest leadership that it has obeyed, and the only quorum whose masters it obeys.
    seen_leadership: i64,
    seen_quorum: Option<QuorumId>,
    /// How many tasks are in which state.
    tasks: BTreeMap<&'static str, usize>,
    /// Updates that nobody has acknowledged yet.
    pending_updates: usize,
}

pub fn of<'a>(view: &'a View, api: &'a Api) -> Status<'a> {
    let (master, trouble, fenced) = match &*api.link.borrow() {
        LinkState::Registered { master } => (Some(master.clone()), None, false),
        LinkState::Searching { trouble } => (None, trouble.clone(), false),
        LinkState::Fenced { words } => (None, Some(words.clone()), true),
    };
    let mut tasks = BTreeMap::new();
    for task in &view.tasks {
        *tasks.entry(TaskState::as_str(task.state)).or_default() += 1;
    }
    Status {
        hostname: &api.info.hostname,
        agent_id: view.agent_id.as_ref().map(|id| id.as_str()),
        registered: view.registered,
        master,
        trouble,
        fenced,
        seen_leadership: view.seen.map_or(0, |seen| seen.revision),
        seen_quorum: view.seen.map(|seen| seen.quorum),
        tasks,
        pending_updates: view.tasks.iter().map(|task| task.pending).sum(),
    }
}
