use super::environment::environment;
use crate::core::Launch;
use crate::model::{AppDefinition, Instance};
use mesoform_mesos::{
    AgentId, CommandInfo, DiscoveryInfo, Environment, Extra, KillPolicy, Labels, Port, Ports,
    Resource, TaskInfo, Visibility,
};
use std::time::Duration;

/// The task that a launch sends to the agent.
pub fn task_info(launch: &Launch) -> TaskInfo {
    let (app, instance) = (&*launch.app, &*launch.instance);
    let mut task = TaskInfo::command(
        instance.id.task_id(),
        AgentId::new(&instance.agent_id),
        command(app, instance),
        resources(app, instance),
    );
    task.name = app.id.hostname();
    task.discovery = Some(discovery(app, instance));
    task.labels = (!app.labels.is_empty()).then(|| labels(&app.labels));
    let grace = app.task_kill_grace_period_seconds.map(Duration::from_secs);
    task.kill_policy = grace.map(|grace| KillPolicy { grace_period: Some(grace.into()) });
    task
}

fn command(app: &AppDefinition, instance: &Instance) -> CommandInfo {
    let base = match &app.cmd {
        Some(cmd) => CommandInfo::shell(cmd),
        None => CommandInfo {
            shell: Some(false),
            value: app.args.first().cloned(),
            arguments: app.args.clone(),
            ..CommandInfo::default()
        },
    };
    let environment = environment(app, instance);
    let environment = Some(environment.into_iter().collect::<Environment>());
    CommandInfo { environment, user: app.user.clone(), ..base }
}

fn resources(app: &AppDefinition, instance: &Instance) -> Vec<Resource> {
    let scalars = [("cpus", app.cpus), ("mem", app.mem), ("disk", app.disk)];
    let scalars = scalars.into_iter().filter(|(_, amount)| *amount > 0.0);
    let mut resources: Vec<Resource> =
        scalars.map(|(name, amount)| Resource::scalar(name, amount)).collect();
    if !instance.ports.is_empty() {
        let mut ports = instance.ports.clone();
        ports.sort_unstable();
        let ranges = ports.into_iter().map(|port| (u64::from(port), u64::from(port)));
        resources.push(Resource::ranges("ports", ranges));
    }
    resources
}

fn discovery(app: &AppDefinition, instance: &Instance) -> DiscoveryInfo {
    let port = |(given, definition): (&u16, &crate::model::PortDefinition)| Port {
        number: u32::from(*given),
        name: definition.name.clone(),
        protocol: Some(definition.protocol.as_str().to_owned()),
        labels: (!definition.labels.is_empty()).then(|| labels(&definition.labels)),
        extra: Extra::new(),
    };
    let ports = instance.ports.iter().zip(&app.port_definitions).map(port).collect();
    DiscoveryInfo {
        visibility: Visibility::Framework,
        name: Some(app.id.hostname()),
        ports: Some(Ports { ports }),
        labels: None,
        extra: Extra::new(),
    }
}

fn labels(pairs: &std::collections::BTreeMap<String, String>) -> Labels {
    pairs.iter().map(|(key, value)| (key.clone(), value.clone())).collect()
}
