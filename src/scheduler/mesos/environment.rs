use crate::model::{AppDefinition, Instance};
use std::collections::BTreeMap;

/// Longer values do not become variables, as in Marathon.
const MAX_LABEL_VALUE: usize = 512;
const LABEL_PREFIX: &str = "MARATHON_APP_LABEL_";

/// The variables of an instance's task. What the app sets itself comes last and wins.
/// `MESOS_TASK_ID` is here too; the agent sets the others that begin with `MESOS_`.
pub fn environment(app: &AppDefinition, instance: &Instance) -> BTreeMap<String, String> {
    let mut env = context(app, instance);
    env.extend(labels(app));
    env.extend(ports(app, instance));
    env.insert("HOST".to_owned(), instance.host.clone());
    env.extend(app.env.clone());
    env
}

fn context(app: &AppDefinition, instance: &Instance) -> BTreeMap<String, String> {
    // Decimal numbers always with a point, as Scala prints them.
    let pairs = [
        ("MESOS_TASK_ID", instance.id.task_id()),
        ("MARATHON_APP_ID", app.id.to_string()),
        ("MARATHON_APP_VERSION", app.version.to_string()),
        ("MARATHON_APP_RESOURCE_CPUS", format!("{:?}", app.cpus)),
        ("MARATHON_APP_RESOURCE_MEM", format!("{:?}", app.mem)),
        ("MARATHON_APP_RESOURCE_DISK", format!("{:?}", app.disk)),
        ("MARATHON_APP_RESOURCE_GPUS", "0".to_owned()),
    ];
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn labels(app: &AppDefinition) -> BTreeMap<String, String> {
    let short = app.labels.iter().filter(|(name, value)| {
        name.len() < MAX_LABEL_VALUE - LABEL_PREFIX.len() && value.len() < MAX_LABEL_VALUE
    });
    let valid: BTreeMap<String, &String> = short.map(|(name, v)| (escape(name), v)).collect();
    let names: Vec<&str> = valid.keys().map(String::as_str).collect();
    let mut env = BTreeMap::from([("MARATHON_APP_LABELS".to_owned(), names.join(" "))]);
    env.extend(valid.iter().map(|(name, v)| (format!("{LABEL_PREFIX}{name}"), (*v).clone())));
    env
}

/// Each run of characters that a variable's name cannot hold becomes one underscore.
fn escape(name: &str) -> String {
    let mut escaped = String::with_capacity(name.len());
    let mut gap = false;
    for c in name.chars() {
        let fine = c.is_ascii_alphanumeric() || c == '_';
        if fine {
            escaped.push(c.to_ascii_uppercase());
        } else if !gap {
            escaped.push('_');
        }
        gap = !fine;
    }
    escaped
}

/// `PORT`, `PORT0`…, `PORTS`, `PORT_<wanted or given number>`, `PORT_<NAME>`.
fn ports(app: &AppDefinition, instance: &Instance) -> BTreeMap<String, String> {
    let mut env = BTreeMap::new();
    let Some(first) = instance.ports.first() else { return env };
    for (index, (given, definition)) in instance.ports.iter().zip(&app.port_definitions).enumerate()
    {
        let wanted = if definition.port == 0 { *given } else { definition.port };
        env.insert(format!("PORT{index}"), given.to_string());
        env.insert(format!("PORT_{wanted}"), given.to_string());
        if let Some(name) = &definition.name {
            env.insert(format!("PORT_{}", name.to_uppercase()), given.to_string());
        }
    }
    let all: Vec<String> = instance.ports.iter().map(u16::to_string).collect();
    env.insert("PORT".to_owned(), first.to_string());
    env.insert("PORTS".to_owned(), all.join(","));
    env
}
