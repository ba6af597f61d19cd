mod link;

use super::environment::environment;
use super::offers::offer;
use super::task::task_info;
use crate::core::Launch;
use crate::model::{AppDefinition, AppId, AppUpdate, Goal, Instance, InstanceId, Moment};
use mesoform_mesos::TaskState;
use serde_json::{Value, json};
use std::sync::Arc;
use uuid::Uuid;

fn launch(fields: Value, ports: &[u16]) -> Launch {
    let id = AppId::parse("/shop/web").unwrap();
    let base = AppDefinition::with_defaults(id.clone());
    let app = AppUpdate::read(&fields).unwrap().onto(base).unwrap();
    let version = Moment::from_millis(1_443_542_391_164);
    let app = AppDefinition { version, ..app };
    let instance = Instance {
        id: InstanceId::new(&id, Uuid::nil()),
        app: id,
        version,
        config: version,
        agent_id: "S1".to_owned(),
        host: "h1".to_owned(),
        attributes: Default::default(),
        ports: ports.to_vec(),
        goal: Goal::Running,
        state: TaskState::Staging,
        staged_at: version,
        started_at: None,
    };
    Launch { instance: Arc::new(instance), app: Arc::new(app) }
}

#[test]
fn the_environment_is_that_of_marathon() {
    let fields = json!({
        "cmd": "x", "cpus": 0.1, "mem": 16,
        "env": { "MINE": "1", "HOST": "my own" },
        "labels": { "team": "blue", "a.b--c": "d", "long": "x".repeat(600) },
        "portDefinitions": [{ "port": 10000, "name": "http" }, { "port": 0 }],
    });
    let launch = launch(fields, &[31005, 31001]);
    let env = environment(&launch.app, &launch.instance);
    let lines: Vec<String> = env.iter().map(|(name, value)| format!("{name}={value}")).collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn an_app_without_ports_has_no_port_variables() {
    let launch = launch(json!({ "cmd": "x", "ports": [] }), &[]);
    assert!(environment(&launch.app, &launch.instance).keys().all(|name| !name.contains("PORT")));
}

#[test]
fn a_command_is_run_by_a_shell() {
    let fields = json!({
        "cmd": "echo $PORT0", "disk": 10, "taskKillGracePeriodSeconds": 7, "user": "bob",
        "portDefinitions": [{ "port": 10000, "name": "http", "labels": { "VIP": "1.2.3.4:80" } }],
    });
    let mut task = task_info(&launch(fields, &[31005]));
    task.command.as_mut().unwrap().environment = None;
    insta::assert_json_snapshot!(task);
}

#[test]
fn arguments_are_run_without_a_shell() {
    let task = task_info(&launch(json!({ "args": ["/bin/sleep", "5"], "ports": [] }), &[]));
    let command = task.command.unwrap();
    assert_eq!(command.shell, Some(false));
    assert_eq!(command.value.as_deref(), Some("/bin/sleep"));
    assert_eq!(command.arguments, ["/bin/sleep", "5"]);
}

#[test]
fn only_what_is_free_for_all_counts_in_an_offer() {
    let scalar = |name: &str, value: f64| json!({ "name": name, "type": "SCALAR", "scalar": { "value": value } });
    let mut reserved = scalar("cpus", 8.0);
    reserved["role"] = "db".into();
    let mut mounted = scalar("disk", 500.0);
    mounted["disk"] = json!({ "source": {} });
    let given = json!({
        "id": { "value": "o1" }, "framework_id": { "value": "F" }, "agent_id": { "value": "S1" },
        "hostname": "h1",
        "resources": [
            scalar("cpus", 1.5), scalar("cpus", 0.5), reserved, scalar("mem", 1024.0), mounted,
            { "name": "ports", "type": "RANGES", "ranges": { "range": [
                { "begin": 31000, "end": 32000 }, { "begin": 9, "end": 5 }, { "begin": 1, "end": 99999 },
            ] } },
        ],
        "attributes": [
            { "name": "rack", "type": "TEXT", "text": { "value": "r1" } },
            { "name": "gen", "type": "SCALAR", "scalar": { "value": 2.50 } },
            { "name": "set", "type": "SET", "set": { "item": ["b", "a"] } },
            { "name": "range", "type": "RANGES", "ranges": { "range": [{ "begin": 1, "end": 2 }] } },
        ],
        "domain": { "fault_domain": { "region": { "name": "eu" }, "zone": { "name": "eu-1" } } },
    });
    let offer = offer(serde_json::from_value(given).unwrap());
    assert_eq!((offer.cpus, offer.mem, offer.disk), (2000, 1_024_000, 0));
    assert_eq!(offer.ports, [(31000, 32000)]);
    let attributes: Vec<String> =
        offer.attributes.iter().map(|(name, value)| format!("{name}:{value}")).collect();
    assert_eq!(
        attributes,
        ["@region:eu", "@zone:eu-1", "gen:2.5", "rack:r1", "range:[1-2]", "set:{a,b}"]
    );
}
