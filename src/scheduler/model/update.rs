use super::read::Object;
use super::{
    AppDefinition, AppId, Constraint, KillSelection, Moment, PortDefinition, Problems,
    UpgradeStrategy, validate,
};
use serde_json::Value;
use std::collections::BTreeMap;

/// What a request says about an app: fields that it does not name are none.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AppUpdate {
    pub id: Option<AppId>,
    /// Go back to this version of the app; stands alone.
    pub version: Option<Moment>,
    pub cmd: Option<String>,
    pub args: Option<Vec<String>>,
    pub user: Option<String>,
    pub instances: Option<u32>,
    pub cpus: Option<f64>,
    pub mem: Option<f64>,
    pub disk: Option<f64>,
    pub env: Option<BTreeMap<String, String>>,
    pub labels: Option<BTreeMap<String, String>>,
    pub port_definitions: Option<Vec<PortDefinition>>,
    pub require_ports: Option<bool>,
    pub constraints: Option<Vec<Constraint>>,
    pub backoff_seconds: Option<u64>,
    pub backoff_factor: Option<f64>,
    pub max_launch_delay_seconds: Option<u64>,
    pub upgrade_strategy: Option<UpgradeStrategy>,
    pub kill_selection: Option<KillSelection>,
    pub task_kill_grace_period_seconds: Option<u64>,
}

impl AppUpdate {
    /// Reads an app, or part of one.
    ///
    /// # Errors
    /// Everything that is wrong with it, and every feature in it that is not carried out.
    pub fn read(value: &Value) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let Some(object) = Object::new(value, "", &mut problems) else { return Err(problems) };
        validate::refuse_unsupported(&object, &mut problems);
        let update = Self::fields(&object, &mut problems);
        problems.or(update)
    }

    fn fields(object: &Object<'_>, problems: &mut Problems) -> Self {
        let p = problems;
        Self {
            id: read_id(object, p),
            version: object.parsed("version", p),
            cmd: object.string("cmd", p),
            args: object.strings("args", p),
            user: object.string("user", p),
            instances: object.whole("instances", 1_000_000, p).map(|n| n as u32),
            cpus: object.number("cpus", p),
            mem: object.number("mem", p),
            disk: object.number("disk", p),
            env: object.texts("env", p),
            labels: object.texts("labels", p),
            port_definitions: read_ports(object, p),
            require_ports: object.boolean("requirePorts", p),
            constraints: read_constraints(object, p),
            backoff_seconds: object.whole("backoffSeconds", MAX_SECONDS, p),
            backoff_factor: object.number("backoffFactor", p),
            max_launch_delay_seconds: object.whole("maxLaunchDelaySeconds", MAX_SECONDS, p),
            upgrade_strategy: read_strategy(object, p),
            kill_selection: object.parsed("killSelection", p),
            task_kill_grace_period_seconds: object.whole(
                "taskKillGracePeriodSeconds",
                MAX_SECONDS,
                p,
            ),
        }
    }

    /// Whether it names nothing but the id and a version to go back to.
    pub fn only_version(&self) -> bool {
        let bare = Self { id: self.id.clone(), version: self.version, ..Self::default() };
        *self == bare
    }

    /// `base` with the fields that this update names.
    ///
    /// # Errors
    /// What is wrong with the app that comes of it.
    pub fn onto(self, base: AppDefinition) -> Result<AppDefinition, Problems> {
        let app = AppDefinition {
            cmd: self.cmd.or(base.cmd),
            args: self.args.unwrap_or(base.args),
            user: self.user.or(base.user),
            instances: self.instances.unwrap_or(base.instances),
            cpus: self.cpus.unwrap_or(base.cpus),
            mem: self.mem.unwrap_or(base.mem),
            disk: self.disk.unwrap_or(base.disk),
            env: self.env.unwrap_or(base.env),
            labels: self.labels.unwrap_or(base.labels),
            port_definitions: self.port_definitions.unwrap_or(base.port_definitions),
            require_ports: self.require_ports.unwrap_or(base.require_ports),
            constraints: self.constraints.unwrap_or(base.constraints),
            backoff_seconds: self.backoff_seconds.unwrap_or(base.backoff_seconds),
            backoff_factor: self.backoff_factor.unwrap_or(base.backoff_factor),
            max_launch_delay_seconds: self
                .max_launch_delay_seconds
                .unwrap_or(base.max_launch_delay_seconds),
            upgrade_strategy: self.upgrade_strategy.unwrap_or(base.upgrade_strategy),
            kill_selection: self.kill_selection.unwrap_or(base.kill_selection),
            task_kill_grace_period_seconds: self
                .task_kill_grace_period_seconds
                .or(base.task_kill_grace_period_seconds),
            id: base.id,
            version: base.version,
            version_info: base.version_info,
        };
        validate::definition(&app).or(app)
    }
}

/// Ten years: longer waits are typing errors.
const MAX_SECONDS: u64 = 315_360_000;

fn read_id(object: &Object<'_>, problems: &mut Problems) -> Option<AppId> {
    let text = object.string("id", problems)?;
    AppId::parse(&text).map_err(|e| problems.add("/id", e)).ok()
}

/// `portDefinitions`, or the older `ports`.
fn read_ports(object: &Object<'_>, problems: &mut Problems) -> Option<Vec<PortDefinition>> {
    let ports: Option<Vec<u16>> = object.parsed("ports", problems);
    let definitions: Option<Vec<PortDefinition>> = object.parsed("portDefinitions", problems);
    match (definitions, ports) {
        (Some(definitions), Some(ports)) => {
            if !definitions.iter().map(|d| d.port).eq(ports) {
                problems.add("/", "cannot specify both ports and port definitions");
            }
            Some(definitions)
        }
        (Some(definitions), None) => Some(definitions),
        (None, ports) => Some(ports?.into_iter().map(PortDefinition::numbered).collect()),
    }
}

fn read_constraints(object: &Object<'_>, problems: &mut Problems) -> Option<Vec<Constraint>> {
    let list = object.list("constraints", problems)?;
    let mut constraints = Vec::new();
    for (index, value) in list.iter().enumerate() {
        let path = format!("{}({index})", object.path("constraints"));
        match serde_json::from_value::<Constraint>(value.clone()) {
            Ok(constraint) => constraints.push(constraint),
            Err(e) => problems.add(&path, e.to_string()),
        }
    }
    Some(constraints)
}

fn read_strategy(object: &Object<'_>, problems: &mut Problems) -> Option<UpgradeStrategy> {
    let value = object.get("upgradeStrategy")?;
    let inner = Object::new(value, "/upgradeStrategy", problems)?;
    let default = UpgradeStrategy::default();
    Some(UpgradeStrategy {
        minimum_health_capacity: inner
            .number("minimumHealthCapacity", problems)
            .unwrap_or(default.minimum_health_capacity),
        maximum_over_capacity: inner
            .number("maximumOverCapacity", problems)
            .unwrap_or(default.maximum_over_capacity),
    })
}
