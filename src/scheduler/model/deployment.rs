use super::{AppDefinition, AppId, Moment};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What a deployment does to an app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    #[serde(rename = "StartApplication")]
    Start,
    #[serde(rename = "ScaleApplication")]
    Scale,
    #[serde(rename = "RestartApplication")]
    Restart,
    #[serde(rename = "StopApplication")]
    Stop,
}

/// One app of a deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    pub app: AppId,
    pub action: Action,
}

/// An app as it was before: what a rollback goes back to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Original {
    pub app: AppId,
    /// None: it did not exist.
    pub definition: Option<AppDefinition>,
}

/// A change that is under way. It locks its apps until it is done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deployment {
    pub id: String,
    pub version: Moment,
    pub targets: Vec<Target>,
    pub originals: Vec<Original>,
}

impl Deployment {
    /// Whether it changes `app`.
    pub fn affects(&self, app: &AppId) -> bool {
        self.targets.iter().any(|target| target.app == *app)
    }

    /// The shape of `/v2/deployments`.
    pub fn to_json(&self) -> Value {
        let steps = self.steps();
        let apps: Vec<&AppId> = self.targets.iter().map(|t| &t.app).collect();
        let current: Vec<Value> = steps
            .last()
            .into_iter()
            .flatten()
            .map(|(action, app)| json!({ "action": action, "app": app, "readinessCheckResults": [] }))
            .collect();
        let shown: Vec<Value> = steps
            .iter()
            .map(|step| {
                let actions: Vec<Value> = step
                    .iter()
                    .map(|(action, app)| json!({ "action": action, "app": app }))
                    .collect();
                json!({ "actions": actions })
            })
            .collect();
        json!({
            "id": self.id,
            "version": self.version,
            "affectedApps": apps,
            "affectedPods": [],
            "steps": shown,
            "currentActions": current,
            "currentStep": steps.len(),
            "totalSteps": steps.len(),
        })
    }

    /// Marathon starts an app with no instance first and then scales it; the first is over at once.
    fn steps(&self) -> Vec<Vec<(Action, &AppId)>> {
        let starts: Vec<_> = self
            .targets
            .iter()
            .filter(|t| t.action == Action::Start)
            .map(|t| (t.action, &t.app))
            .collect();
        let rest: Vec<_> = self
            .targets
            .iter()
            .map(|t| match t.action {
                Action::Start => (Action::Scale, &t.app),
                action => (action, &t.app),
            })
            .collect();
        [starts, rest].into_iter().filter(|step| !step.is_empty()).collect()
    }
}
