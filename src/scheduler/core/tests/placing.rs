use super::world::{World, world};
use serde_json::{Value, json};

/// The hosts of an app with `instances` and one constraint; hosts 1 and 3 are in rack r1.
fn placed(instances: u32, constraint: Value) -> Vec<String> {
    let mut world: World = world(4);
    world
        .create(json!({
            "id": "/web", "cmd": "x", "instances": instances, "constraints": [constraint],
        }))
        .offers();
    world.hosts("/web")
}

#[test]
fn unique_takes_every_host_once() {
    assert_eq!(placed(6, json!(["hostname", "UNIQUE"])), ["h1", "h2", "h3", "h4"]);
}

#[test]
fn cluster_stays_together() {
    assert_eq!(placed(3, json!(["hostname", "CLUSTER", "h3"])), ["h3", "h3", "h3"]);
    let hosts = placed(3, json!(["hostname", "CLUSTER"]));
    assert!(hosts.len() == 3 && hosts.iter().all(|h| *h == hosts[0]), "{hosts:?}");
}

#[test]
fn like_and_unlike_match_whole_values() {
    assert_eq!(placed(2, json!(["rack", "LIKE", "r1"])), ["h1", "h3"]);
    assert_eq!(placed(2, json!(["rack", "UNLIKE", "r1|x"])), ["h2", "h4"]);
    assert!(placed(1, json!(["rack", "LIKE", "r"])).is_empty());
    assert_eq!(placed(1, json!(["missing", "UNLIKE", "x"])).len(), 1);
}

#[test]
fn is_and_max_per_count() {
    assert_eq!(placed(2, json!(["rack", "IS", "r2"])), ["h2", "h4"]);
    assert_eq!(placed(9, json!(["rack", "MAX_PER", "2"])).len(), 4);
}

#[test]
fn group_by_is_even() {
    for value in [json!(["rack", "GROUP_BY"]), json!(["rack", "GROUP_BY", "2"])] {
        let hosts = placed(4, value);
        let first = hosts.iter().filter(|h| *h == "h1" || *h == "h3").count();
        assert_eq!((hosts.len(), first), (4, 2), "{hosts:?}");
    }
}

#[test]
fn required_ports_are_taken_or_waited_for() {
    let mut world = world(2);
    world
        .create(json!({
            "id": "/web", "cmd": "x", "instances": 3, "ports": [31005], "requirePorts": true,
        }))
        .offers()
        .expect_launches(2);
    assert!(world.state().live_instances().iter().all(|i| i.ports == [31005]));
}

#[test]
fn a_port_that_no_offer_has_is_never_given() {
    let mut world = world(1);
    world
        .create(json!({ "id": "/web", "cmd": "x", "ports": [80], "requirePorts": true }))
        .offers()
        .expect_launches(0);
}
