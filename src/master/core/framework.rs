use super::amounts::Amounts;
use super::task::Task;
use super::{LinkId, Now};
use mesoform_mesos::{AgentId, FrameworkInfo, OfferId, Resources, TaskId, TaskState, capability};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

/// How many ended tasks of a framework are kept to be shown.
const MAX_COMPLETED_TASKS: usize = 200;

/// A framework; while its link is gone it may fail over.
#[derive(Debug)]
pub struct Framework {
    /// With its id.
    pub info: FrameworkInfo,
    pub link: Option<LinkId>,
    pub suppressed: Suppressed,
    pub tasks: BTreeMap<TaskId, Task>,
    /// Ended tasks, as they are shown.
    pub completed_tasks: VecDeque<Value>,
    pub offers: BTreeSet<OfferId>,
    /// What its tasks and offers have.
    pub allocated: Amounts,
    pub refusals: BTreeMap<AgentId, Vec<RefusedOffer>>,
    /// Seconds since the Unix epoch.
    pub registered: f64,
    pub reregistered: Option<f64>,
    /// Known only from its tasks on agents, since the change of masters.
    pub recovered: bool,
}

/// The roles that want no offers.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Suppressed(pub BTreeSet<String>);

/// Resources that the framework does not want for a while.
#[derive(Debug)]
pub struct RefusedOffer {
    pub resources: Resources,
    pub until: Duration,
}

impl Framework {
    pub fn new(info: FrameworkInfo, now: Now) -> Self {
        Self {
            info,
            link: None,
            suppressed: Suppressed::default(),
            tasks: BTreeMap::new(),
            completed_tasks: VecDeque::new(),
            offers: BTreeSet::new(),
            allocated: Amounts::default(),
            refusals: BTreeMap::new(),
            registered: now.unix,
            reregistered: None,
            recovered: false,
        }
    }

    /// The role that it can be offered to now.
    pub fn offer_role(&self) -> Option<String> {
        self.link?;
        self.info.effective_roles().into_iter().find(|role| !self.suppressed.0.contains(role))
    }

    /// Whether it refuses just these resources of this agent.
    pub fn refuses(&self, agent: &AgentId, resources: &Resources, now: Duration) -> bool {
        let refuse = |r: &RefusedOffer| r.until > now && r.resources.contains(resources);
        self.refusals.get(agent).is_some_and(|refusals| refusals.iter().any(refuse))
    }

    /// `state`, or LOST for a framework from before partition awareness.
    pub fn partition_state(&self, state: TaskState) -> TaskState {
        if self.info.has(capability::PARTITION_AWARE) { state } else { TaskState::Lost }
    }

    /// How long it may be away; none if it asks for what is no time.
    pub fn failover_timeout(&self) -> Option<Duration> {
        failover_timeout(&self.info)
    }

    pub fn remember(&mut self, task: Value) {
        if self.completed_tasks.len() == MAX_COMPLETED_TASKS {
            self.completed_tasks.pop_front();
        }
        self.completed_tasks.push_back(task);
    }
}

/// The failover time-out in the info; none if that is no time.
pub fn failover_timeout(info: &FrameworkInfo) -> Option<Duration> {
    Duration::try_from_secs_f64(info.failover_timeout.unwrap_or(0.0)).ok()
}
