use super::{AppDefinition, AppId, AppUpdate, InstanceId, Moment, UpgradeStrategy};
use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

fn app(value: Value) -> Result<AppDefinition, String> {
    let base = AppDefinition::with_defaults(AppId::parse("/web").unwrap());
    let update = AppUpdate::read(&value).map_err(|p| p.to_json().to_string())?;
    update.onto(base).map_err(|p| p.to_json().to_string())
}

fn refused(value: Value, path: &str) {
    let error = app(value.clone()).expect_err(&value.to_string());
    assert!(error.contains(&format!("\"{path}\"")), "{value}: {error}");
}

#[test]
fn paths_are_read_as_marathon_reads_them() {
    for (text, id) in [
        ("web", "/web"),
        ("/web/", "/web"),
        ("//shop///web", "/shop/web"),
        ("/a/../b", "/b"),
        ("/v1.2/web-1", "/v1.2/web-1"),
    ] {
        assert_eq!(AppId::parse(text).unwrap().as_str(), id);
    }
    for text in ["", "/", "/Web", "/we b", "/-web", "/web-", "/a//tasks", "/a/_b", "/a/restart"] {
        assert!(AppId::parse(text).is_err(), "{text}");
    }
    assert!(AppId::parse(&"x".repeat(300)).is_err());
}

#[test]
fn a_task_id_says_whose_it_is() {
    let app = AppId::parse("/shop/web-1.x").unwrap();
    let id = InstanceId::new(&app, Uuid::nil());
    let task = "shop_web-1.x.instance-00000000-0000-0000-0000-000000000000._app.1";
    assert_eq!(id.task_id(), task);
    assert_eq!(InstanceId::of_task(task), Some((id, app)));
    for foreign in ["", "x", "x.instance-1._app.1", "other-framework.task"] {
        assert_eq!(InstanceId::of_task(foreign), None);
    }
}

#[test]
fn apps_from_the_field_are_read() {
    let echo = json!({
        "id": "basic-0", "cmd": "while [ true ] ; do echo 'Hello Folks!' ; sleep 5 ; done",
        "cpus": 0.1, "mem": 16.0, "instances": 1,
    });
    assert_eq!(app(echo).unwrap().cpus, 0.1);
    let old = json!({ "cmd": "x", "cpus": ".25", "mem": "64", "ports": [0], "uris": [] });
    let old = app(old).unwrap();
    assert_eq!((old.cpus, old.mem), (0.25, 64.0));
    assert_eq!(old.port_definitions.len(), 1);
}

#[test]
fn what_the_api_shows_can_be_sent_back() {
    let mut shown = app(json!({ "cmd": "x", "constraints": [["hostname", "UNIQUE"]] })).unwrap();
    shown.version = Moment::from_millis(5);
    let mut body = shown.to_json();
    body.as_object_mut().unwrap().remove("version");
    assert_eq!(app(body).unwrap(), AppDefinition { version: Moment::default(), ..shown });
}

#[test]
fn features_that_are_not_carried_out_are_refused() {
    for (name, value) in [
        ("container", json!({ "type": "DOCKER", "docker": { "image": "nginx" } })),
        ("healthChecks", json!([{ "protocol": "HTTP" }])),
        ("readinessChecks", json!([{}])),
        ("fetch", json!([{ "uri": "http://x" }])),
        ("uris", json!(["http://x"])),
        ("secrets", json!({ "a": { "source": "b" } })),
        ("dependencies", json!(["/db"])),
        ("networks", json!([{ "mode": "container", "name": "x" }])),
        ("gpus", json!(1)),
        ("acceptedResourceRoles", json!(["slave_public"])),
        ("unreachableStrategy", json!("disabled")),
        ("unreachableStrategy", json!({ "inactiveAfterSeconds": 60 })),
        ("executor", json!("/bin/mine")),
        ("role", json!("dev")),
        ("residency", json!({})),
        ("tty", json!(true)),
    ] {
        refused(json!({ "cmd": "x", name: value }), &format!("/{name}"));
    }
    refused(json!({ "cmd": "x", "env": { "PASSWORD": { "secret": "s" } } }), "/env/PASSWORD");
}

#[test]
fn mistakes_are_named() {
    refused(json!({}), "/");
    refused(json!({ "cmd": "x", "args": ["y"] }), "/");
    refused(json!({ "cmd": "" }), "/cmd");
    refused(json!({ "cmd": 5 }), "/cmd");
    refused(json!({ "cmd": "x", "cpus": 0 }), "/cpus");
    refused(json!({ "cmd": "x", "cpus": "many" }), "/cpus");
    refused(json!({ "cmd": "x", "mem": -1 }), "/mem");
    refused(json!({ "cmd": "x", "instances": -1 }), "/instances");
    refused(json!({ "cmd": "x", "instances": 1.5 }), "/instances");
    refused(json!({ "cmd": "x", "ports": [80, 80] }), "/portDefinitions");
    refused(json!({ "cmd": "x", "ports": [70000] }), "/ports");
    refused(json!({ "cmd": "x", "backoffFactor": 0.5 }), "/backoffFactor");
    refused(
        json!({ "cmd": "x", "upgradeStrategy": { "minimumHealthCapacity": 2 } }),
        "/upgradeStrategy/minimumHealthCapacity",
    );
    refused(json!({ "cmd": "x", "constraints": [["hostname", "NEAR"]] }), "/constraints(0)");
    refused(json!({ "cmd": "x", "constraints": [["a", "LIKE", "("]] }), "/constraints(0)");
    refused(json!({ "cmd": "x", "constraints": [["a"]] }), "/constraints(0)");
    refused(json!({ "cmd": "x".repeat(200_000) }), "/");
    refused(json!([]), "/");
}

#[test]
fn all_mistakes_are_told_together() {
    let error = app(json!({ "cmd": 1, "cpus": "x", "healthChecks": [{}] })).unwrap_err();
    for path in ["/cmd", "/cpus", "/healthChecks"] {
        assert!(error.contains(path), "{error}");
    }
}

#[test]
fn moments_are_written_with_milliseconds() {
    let moment: Moment = "2015-09-29T15:59:51.164Z".parse().unwrap();
    assert_eq!(moment.to_string(), "2015-09-29T15:59:51.164Z");
    assert_eq!(Moment::from_millis(1_000).to_string(), "1970-01-01T00:00:01.000Z");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_restart_can_always_begin(
        instances in 0..1000usize, health in 0.0..=1.0f64, over in 0.0..=1.0f64,
    ) {
        let strategy =
            UpgradeStrategy { minimum_health_capacity: health, maximum_over_capacity: over };
        prop_assert!(strategy.max_capacity(instances) > strategy.min_healthy(instances) || instances == 0);
        prop_assert!(strategy.min_healthy(instances) <= instances);
    }

    #[test]
    fn safe_paths_lead_back(parts in prop::collection::vec("[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", 1..5)) {
        prop_assume!(!["tasks", "restart", "versions"].contains(&parts[parts.len() - 1].as_str()));
        let id = AppId::parse(&parts.join("/")).unwrap();
        prop_assert_eq!(AppId::from_safe_path(&id.safe_path()), Some(id));
    }

    #[test]
    fn no_json_brings_the_reader_down(text in "\\PC*", number in any::<f64>()) {
        for name in ["id", "cmd", "args", "env", "ports", "constraints", "cpus", "instances", "version"] {
            let _ = app(json!({ name: text }));
            let _ = app(json!({ name: [text] }));
            let _ = app(json!({ name: number }));
            let _ = app(json!({ name: { "x": number } }));
        }
        let _ = app(json!({ "cmd": "x", "constraints": [["a", "LIKE", text]] }));
    }
}
