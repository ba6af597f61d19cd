//! What makes a definition acceptable: Marathon's rules, and the features that are carried out.

use super::read::Object;
use super::{AppDefinition, Problems};
use serde_json::Value;
use std::collections::BTreeSet;

/// Larger definitions do not fit a record of the quorum.
pub const MAX_BYTES: usize = 128 * 1024;

/// Refuses features of Marathon that are not carried out, unless they are named at a value that
/// asks for nothing.
pub fn refuse_unsupported(object: &Object<'_>, problems: &mut Problems) {
    for (name, asks_nothing) in UNSUPPORTED {
        if object.get(name).is_some_and(|value| !asks_nothing(value)) {
            let path = object.path(name);
            problems
                .add(&path, format!("'{name}' is not carried out by mesoform yet; leave it out"));
        }
    }
}

type AsksNothing = fn(&Value) -> bool;

const UNSUPPORTED: [(&str, AsksNothing); 19] = [
    ("acceptedResourceRoles", |v| is_list_of(v, "*")),
    ("check", |_| false),
    ("container", |_| false),
    ("dependencies", is_empty),
    ("executor", |v| matches!(v.as_str(), Some("" | "//cmd"))),
    ("executorResources", |_| false),
    ("fetch", is_empty),
    ("gpus", |v| v.as_f64() == Some(0.0)),
    ("healthChecks", is_empty),
    ("ipAddress", |_| false),
    ("networks", is_host_network),
    ("readinessChecks", is_empty),
    ("residency", |_| false),
    ("resourceLimits", |_| false),
    ("role", |v| v.as_str() == Some("*")),
    ("secrets", is_empty),
    ("tty", |v| v.as_bool() == Some(false)),
    ("unreachableStrategy", is_immediate),
    ("uris", is_empty),
];

fn is_empty(value: &Value) -> bool {
    value.as_array().is_some_and(Vec::is_empty)
        || value.as_object().is_some_and(serde_json::Map::is_empty)
}

fn is_list_of(value: &Value, only: &str) -> bool {
    value.as_array().is_some_and(|list| list.iter().all(|v| v.as_str() == Some(only)))
}

fn is_host_network(value: &Value) -> bool {
    value.as_array().is_some_and(|list| list.iter().all(|n| n["mode"].as_str() == Some("host")))
}

/// Unreachable instances are replaced at once: the default of Marathon.
fn is_immediate(value: &Value) -> bool {
    let seconds = |name| value.get(name).map_or(Some(0.0), Value::as_f64);
    value.is_object()
        && seconds("inactiveAfterSeconds") == Some(0.0)
        && seconds("expungeAfterSeconds") == Some(0.0)
}

/// Checks an app that is complete.
pub fn definition(app: &AppDefinition) -> Problems {
    let mut problems = Problems::default();
    command(app, &mut problems);
    resources(app, &mut problems);
    ports(app, &mut problems);
    timing(app, &mut problems);
    size(app, &mut problems);
    problems
}

fn command(app: &AppDefinition, problems: &mut Problems) {
    if app.cmd.as_deref().is_some_and(|cmd| cmd.trim().is_empty()) {
        problems.add("/cmd", "must not be an empty string");
    }
    if app.cmd.is_none() == app.args.is_empty() {
        problems.add(
            "/",
            "AppDefinition must either contain one of 'cmd' or 'args', and/or a 'container'.",
        );
    }
    if app.user.as_deref().is_some_and(|user| user.is_empty() || user.contains(['\0', '/', ':'])) {
        problems.add("/user", "is not a name that a user can have");
    }
    let names = app.env.keys();
    for name in names.filter(|n| n.is_empty() || n.contains(['=', '\0'])) {
        problems.add(&format!("/env/{name}"), "is not a name that a variable can have");
    }
    let texts = app.env.values().chain(&app.args).chain(&app.cmd);
    if texts.into_iter().any(|text| text.contains('\0')) {
        problems.add("/", "a command, an argument or a variable must not hold a zero character");
    }
}

fn resources(app: &AppDefinition, problems: &mut Problems) {
    if app.cpus < 0.001 {
        problems.add("/cpus", "must be at least 0.001");
    }
    for (path, amount) in [("/cpus", app.cpus), ("/mem", app.mem), ("/disk", app.disk)] {
        if !(0.0..=1e9).contains(&amount) {
            problems.add(path, "must be from 0 to 1000000000");
        }
    }
}

fn ports(app: &AppDefinition, problems: &mut Problems) {
    let mut numbers = BTreeSet::new();
    let mut names = BTreeSet::new();
    for definition in &app.port_definitions {
        if definition.port != 0 && !numbers.insert(definition.port) {
            problems.add("/portDefinitions", "Ports must be unique.");
        }
        if definition.name.as_ref().is_some_and(|name| !names.insert(name)) {
            problems.add("/portDefinitions", "Port names must be unique.");
        }
    }
    if app.port_definitions.len() > 1000 {
        problems.add("/portDefinitions", "must not have more than 1000 elements");
    }
}

fn timing(app: &AppDefinition, problems: &mut Problems) {
    if !(1.0..=1e6).contains(&app.backoff_factor) {
        problems.add("/backoffFactor", "must be from 1 to 1000000");
    }
    let strategy = &app.upgrade_strategy;
    for (name, share) in [
        ("minimumHealthCapacity", strategy.minimum_health_capacity),
        ("maximumOverCapacity", strategy.maximum_over_capacity),
    ] {
        if share < 0.0 {
            problems.add(&format!("/upgradeStrategy/{name}"), "is less than 0");
        }
        if share > 1.0 {
            problems.add(&format!("/upgradeStrategy/{name}"), "is greater than 1");
        }
    }
}

fn size(app: &AppDefinition, problems: &mut Problems) {
    let bytes = app.size();
    if bytes > MAX_BYTES {
        problems.add("/", format!("is {bytes} bytes large; the limit is {MAX_BYTES}"));
    }
}
