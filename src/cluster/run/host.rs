use super::Stop;
use crate::artifact::Artifact;
use crate::session::Session;
use crate::{HostSpec, Observer, Progress};
use mesoform_plan::{Change, Event, Facts, Observed, Plan};
use mesoform_transport::Connection;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a run knows of one host.
pub(crate) struct HostRun {
    pub spec: HostSpec,
    pub connection: Option<Connection>,
    pub session: Option<Session>,
    pub facts: Facts,
    pub observed: Observed,
    pub plan: Option<Plan>,
    pub artifact: Option<Artifact>,
    /// What the plan and the host differ in.
    pub changes: Vec<Change>,
    /// This machine's clock when `facts` were gathered; 1970 before that.
    pub looked_at: jiff::Timestamp,
    pub failure: Option<Stop>,
}

impl HostRun {
    pub fn new(spec: HostSpec) -> Self {
        Self {
            spec,
            connection: None,
            session: None,
            facts: Facts::default(),
            observed: Observed::default(),
            plan: None,
            artifact: None,
            changes: Vec::new(),
            looked_at: jiff::Timestamp::UNIX_EPOCH,
            failure: None,
        }
    }

    /// Since its plan was made.
    pub fn is_looked_at(&self) -> bool {
        self.looked_at > jiff::Timestamp::UNIX_EPOCH
    }

    /// Another binary makes another plan, and so asks for another look.
    pub fn change_binary(&mut self, artifact: Artifact) {
        self.artifact = Some(artifact);
        self.plan = None;
        self.looked_at = jiff::Timestamp::UNIX_EPOCH;
    }

    /// Keeps why no more is done on this host, and tells it.
    pub fn fail(&mut self, stop: Stop, observer: &dyn Observer) {
        let stop = stop.without(&self.spec.name);
        let (host, message) = (self.spec.name.clone(), stop.to_string());
        observer.on(Progress::Failure { host, message });
        self.failure = Some(stop);
    }

    pub fn connection(&self) -> Result<&Connection, Stop> {
        self.connection
            .as_ref()
            .ok_or_else(|| Stop::Unreachable("there is no connection to it".into()))
    }

    pub fn session(&mut self) -> Result<&mut Session, Stop> {
        self.session.as_mut().ok_or_else(|| Stop::Failed("there is no session with it".into()))
    }
}

/// Tells a host's events to the observer; what is done is told with the `diffs` of its steps.
pub(crate) fn teller(
    host: &str,
    observer: &Arc<dyn Observer>,
    diffs: BTreeMap<usize, String>,
) -> impl Fn(&Event) + Send + Sync + use<> {
    let (host, observer) = (host.to_owned(), Arc::clone(observer));
    move |event| {
        let host = host.clone();
        observer.on(match event {
            Event::Doing { change } => Progress::Host { host, text: change.to_string() },
            Event::Did { change } => {
                let diff = diffs.get(&change.step).cloned();
                Progress::Change { host, change: change.to_string(), diff }
            }
            Event::Unit { unit, active, status } => {
                Progress::Host { host, text: format!("{unit}: {active} {status}") }
            }
            Event::Note { text } => Progress::Notice { message: format!("{host}: {text}") },
            Event::Began { changes, .. } => {
                Progress::Host { host, text: format!("{changes} changes to make") }
            }
            Event::Ended { .. } => return,
        });
    }
}
