use crate::model::{
    AppDefinition, AppId, Deployment, Goal, Instance, InstanceId, Moment, TaskFailure,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// All instances of an app.
pub type Instances = BTreeMap<InstanceId, Arc<Instance>>;
/// All versions of an app, the present one included.
pub type Versions = BTreeMap<Moment, Arc<AppDefinition>>;

/// What is recorded, and the last failures, which are not. Cheap to clone: the parts are shared.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct State {
    pub framework_id: Option<String>,
    pub apps: BTreeMap<AppId, Arc<AppDefinition>>,
    pub versions: BTreeMap<AppId, Arc<Versions>>,
    /// No entry is empty. There may be instances of apps that are gone: they are being killed.
    pub instances: BTreeMap<AppId, Arc<Instances>>,
    pub deployments: BTreeMap<String, Arc<Deployment>>,
    pub failures: BTreeMap<AppId, Arc<TaskFailure>>,
}

impl State {
    /// Apps that are defined or have instances.
    pub fn all_apps(&self) -> BTreeSet<AppId> {
        self.apps.keys().chain(self.instances.keys()).cloned().collect()
    }

    /// The instances of `app`, oldest id first.
    pub fn of(&self, app: &AppId) -> impl Iterator<Item = &Arc<Instance>> {
        self.instances.get(app).into_iter().flat_map(|all| all.values())
    }

    /// One instance.
    pub fn instance(&self, app: &AppId, id: &InstanceId) -> Option<&Arc<Instance>> {
        self.instances.get(app)?.get(id)
    }

    /// All of them.
    pub fn live_instances(&self) -> Vec<Arc<Instance>> {
        self.instances.values().flat_map(|all| all.values().cloned()).collect()
    }

    /// The instances that are being killed.
    pub fn doomed(&self) -> Vec<InstanceId> {
        let all = self.instances.values().flat_map(|all| all.values());
        all.filter(|i| i.goal != Goal::Running).map(|i| i.id.clone()).collect()
    }

    /// Stores `instance`, new or changed.
    pub fn put_instance(&mut self, instance: Arc<Instance>) {
        let all = self.instances.entry(instance.app.clone()).or_default();
        Arc::make_mut(all).insert(instance.id.clone(), instance);
    }

    /// Forgets an instance.
    pub fn remove_instance(&mut self, app: &AppId, id: &InstanceId) {
        if let Some(all) = self.instances.get_mut(app) {
            Arc::make_mut(all).remove(id);
            if all.is_empty() {
                self.instances.remove(app);
            }
        }
    }

    /// The deployments that lock `app`.
    pub fn locks<'a>(&'a self, app: &'a AppId) -> impl Iterator<Item = &'a Arc<Deployment>> {
        self.deployments.values().filter(move |d| d.affects(app))
    }
}
