use super::Stop;
use crate::artifact::Artifact;
use crate::session::Session;
use crate::{HostSpec, Observer, Progress, Service};
use mesoform_plan::{Change, Event, Facts, Observed, Plan};
use mesoform_transport::Connection;
use std::collections::{BTreeMap, BTreeSet};
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
    /// The members of the quorum are to change, and this host has part in it.
    pub in_membership: bool,
    /// Services that are to be taken from it.
    pub leaves: BTreeSet<Service>,
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
            in_membership: false,
            leaves: BTreeSet::new(),
        }
    }

    /// Whether anything is to be done on it.
    pub fn has_work(&self) -> bool {
        !self.changes.is_empty() || self.in_membership || !self.leaves.is_empty()
    }

    /// Since its plan was made.
    pub fn is_looked_at(&self) -> bool {
        self.looked_at > jiff::Timestamp::UNIX_EPOCH
    }

    /// A plan that was made for another binary means nothing any more, and without a plan what was
    /// seen of the host is not what matters.
    pub fn change_binary(&mut self, artifact: Artifact) {
        if self.artifact.replace(artifact).is_some() {
            self.plan = None;
        }
        if self.plan.is_none() {
            self.looked_at = jiff::Timestamp::UNIX_EPOCH;
        }
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
                let diff = diffs.get(&change.step).cloned().or_else(|| change.unified_diff());
                Progress::Change { host, change: change.to_string(), diff }
            }
            Event::Unit { unit, active, status } => {
                Progress::Host { host, text: format!("{unit}: {active} {status}") }
            }
            Event::Note { text } => Progress::Notice { message: format!("{host}: {text}") },
            Event::Began { changes: 0, .. } => Progress::Host { host, text: "at work".to_owned() },
            Event::Began { changes, .. } => {
                Progress::Host { host, text: format!("{changes} changes to make") }
            }
            Event::Ended { .. } => return,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mesoform_inventory::{ExtraVars, Inventory};
    use mesoform_plan::FORMAT;

    async fn artifact(arch: &str) -> Artifact {
        let file = std::env::current_dir().unwrap().join("Cargo.toml");
        let binary = mesoform_transport::Artifact::load(&file).await.unwrap();
        Artifact { arch: arch.into(), binary }
    }

    fn host() -> HostRun {
        let inventory = Inventory::load("h1,", &ExtraVars::default()).unwrap();
        let mut host = HostRun::new(crate::resolve(&inventory).unwrap().hosts.remove(0));
        let (cluster, steps) = ("c".into(), Vec::new());
        host.plan = Some(Plan { format: FORMAT, cluster, host: "h1".into(), steps });
        host.looked_at = jiff::Timestamp::now();
        host
    }

    #[tokio::test]
    async fn a_plan_holds_for_the_binary_that_it_was_made_for() {
        let mut host = host();
        host.change_binary(artifact("x86_64").await);
        assert!(host.plan.is_some() && host.is_looked_at(), "a removal needs no other plan");
        host.change_binary(artifact("aarch64").await);
        assert!(host.plan.is_none() && !host.is_looked_at(), "another binary, another plan");
    }

    #[test]
    fn a_failure_is_told_once_and_kept() {
        #[derive(Default)]
        struct Told(std::sync::Mutex<Vec<String>>);
        impl Observer for Told {
            fn on(&self, progress: Progress) {
                self.0.lock().unwrap().push(format!("{progress:?}"));
            }
        }
        let (mut host, told) = (host(), Told::default());
        host.fail(Stop::Unreachable("h1: does not answer".into()), &told);
        assert_eq!(host.failure, Some(Stop::Unreachable("does not answer".into())));
        assert_eq!(
            told.0.into_inner().unwrap(),
            [r#"Failure { host: "h1", message: "does not answer" }"#]
        );
    }
}
