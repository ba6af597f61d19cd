//! The messages against what Mesos' documentation shows (`docs/scheduler-http-api.md`).

use crate::scheduler::{Call, CallBody, Event};
use crate::{FrameworkInfo, TaskState};
use serde_json::{Value, json};

fn call(json: &Value) -> Call {
    let call: Call = serde_json::from_value(json.clone()).unwrap();
    assert_eq!(&serde_json::to_value(&call).unwrap(), json);
    call
}

fn event(json: &Value) -> Event {
    let event: Event = serde_json::from_value(json.clone()).unwrap();
    assert_eq!(&serde_json::to_value(&event).unwrap(), json);
    event
}

#[test]
fn subscribe_keeps_what_it_does_not_know() {
    let call = call(&json!({
        "type": "SUBSCRIBE",
        "subscribe": {
            "framework_info": {
                "user": "foo", "name": "Example HTTP Framework", "roles": ["test"],
                "capabilities": [{"type": "MULTI_ROLE"}, {"type": "FROM_THE_FUTURE", "x": 1}],
                "offer_filters": {"test": {}},
            }
        }
    }));
    let CallBody::Subscribe(body) = call.body else { panic!("{call:?}") };
    assert_eq!(body.framework_info.effective_roles(), ["test"]);
}

#[test]
fn accept_launches_a_task() {
    let call = call(&json!({
        "framework_id": {"value": "12220-3440-12532-2345"},
        "type": "ACCEPT",
        "accept": {
            "offer_ids": [{"value": "12220-3440-12532-O12"}],
            "operations": [{
                "type": "LAUNCH",
                "launch": {"task_infos": [{
                    "name": "My Task", "task_id": {"value": "12220-3440-12532-my-task"},
                    "agent_id": {"value": "12220-3440-12532-S1233"},
                    "resources": [
                        {"name": "cpus", "type": "SCALAR", "scalar": {"value": 1.0}, "role": "*",
                         "allocation_info": {"role": "engineering"}},
                        {"name": "ports", "type": "RANGES",
                         "ranges": {"range": [{"begin": 31000, "end": 31001}]}}
                    ],
                    "command": {"environment": {"variables": [{"name": "ENV", "value": "VALUE"}]},
                                "shell": true, "value": "sleep 100"},
                    "container": {"type": "DOCKER", "docker": {"image": "nginx", "network": "BRIDGE"}},
                    "health_check": {"type": "HTTP", "http": {"port": 80, "path": "/"}},
                    "kill_policy": {"grace_period": {"nanoseconds": 5_000_000_000i64}},
                    "discovery": {"visibility": "FRAMEWORK", "name": "x"},
                    "max_completion_time": {"nanoseconds": 1}
                }]}
            }],
            "filters": {"refuse_seconds": 5.0}
        }
    }));
    assert!(matches!(call.body, CallBody::Accept(_)));
}

#[test]
fn plain_and_optional_calls() {
    let teardown = json!({"framework_id": {"value": "f"}, "type": "TEARDOWN"});
    assert_eq!(call(&teardown).body, CallBody::Teardown);
    let revive: Call =
        serde_json::from_value(json!({"framework_id": {"value": "f"}, "type": "REVIVE"})).unwrap();
    assert!(matches!(revive.body, CallBody::Revive(_)));
}

#[test]
fn a_bad_call_says_what_misses() {
    let error = |json| serde_json::from_value::<Call>(json).unwrap_err().to_string();
    assert_eq!(error(json!({"type": "KILL"})), "Expecting 'kill' to be present");
    assert_eq!(error(json!({"type": "DANCE"})), "Unknown scheduler::Call type 'DANCE'");
}

#[test]
fn events_read_and_write() {
    event(&json!({
        "type": "SUBSCRIBED",
        "subscribed": {"framework_id": {"value": "12220"}, "heartbeat_interval_seconds": 15.0}
    }));
    event(&json!({
        "type": "OFFERS",
        "offers": {"offers": [{
            "id": {"value": "o"}, "framework_id": {"value": "f"}, "agent_id": {"value": "a"},
            "hostname": "agent.host",
            "resources": [{"name": "mem", "type": "SCALAR", "scalar": {"value": 128.0}, "role": "*"}],
            "attributes": [{"name": "os", "type": "TEXT", "text": {"value": "ubuntu16.04"}}]
        }]}
    }));
    let update = event(&json!({
        "type": "UPDATE",
        "update": {"status": {
            "task_id": {"value": "t"}, "state": "TASK_RUNNING", "source": "SOURCE_EXECUTOR",
            "agent_id": {"value": "a"}, "timestamp": 1.5, "uuid": "adfadfadbhgvjayd23r2uahj"
        }}
    }));
    let Event::Update(update) = update else { panic!("{update:?}") };
    assert_eq!(update.status.state, TaskState::Running);
    assert_eq!(update.status.uuid.unwrap().0.len(), 18);
    assert_eq!(event(&json!({"type": "HEARTBEAT"})), Event::Heartbeat);
}

#[test]
fn an_event_from_the_future_is_passed_over() {
    let event: Event = serde_json::from_value(json!({"type": "NEW", "new": {}})).unwrap();
    assert_eq!(event, Event::Unknown);
}

#[test]
fn an_order_from_the_future_is_passed_over() {
    use crate::agent_protocol::{Order, OrderKind, QuorumId};
    let kind = json!({"type": "dance", "x": 1});
    let order: Order =
        serde_json::from_value(json!({"leadership": 7, "quorum": "a1", "kind": kind})).unwrap();
    let quorum = QuorumId(0xa1);
    assert_eq!(order, Order { leadership: 7, quorum, kind: OrderKind::Unknown });
}

#[test]
fn an_order_that_names_no_quorum_is_none() {
    use crate::agent_protocol::Order;
    let order = json!({"leadership": 7, "kind": {"type": "ping"}});
    let error = serde_json::from_value::<Order>(order).unwrap_err().to_string();
    assert!(error.contains("quorum"), "{error}");
}

#[test]
fn roles_without_multi_role_are_one() {
    assert_eq!(FrameworkInfo::new("x", "y").effective_roles(), ["*"]);
}
