//! A newcomer's first command: the whole cluster on his machine, without any rights.

use std::net::TcpListener;
use std::time::Duration;

use mesoform_tests::{Alone, Request, Rig, User, eventually};

const LIMIT: Duration = Duration::from_secs(180);
const APPS: &str = "http://127.0.0.1:8080/v2/apps";

#[test]
fn alone() {
    let Some(rig) = Rig::new("alone") else { return };
    let user = User::new(&rig);
    let mut up = user.starts_alone("--data-dir data");
    up.expect_up();
    rig.tell("it is up");
    for place in ["http://127.0.0.1:8080", "http://127.0.0.1:5050", "http://127.0.0.1:5051"] {
        assert!(up.says().contains(place), "{}", up.says());
    }
    // The printed request works as it is printed.
    user.runs(&example(&up)).expect_success().expect_says("/hello");
    eventually("the app of the example runs", LIMIT, || runs(&rig, "hello"));
    let log = user.runs("find data -name stdout | xargs cat").expect_success();
    log.expect_says("hello");
    strangers_are_refused(&rig);
    rig.tell("the example runs");
    a_second_one_is_refused(&user);

    // A task that wants to be nobody's child.
    let detached = r#"{"id": "/detached", "cpus": 0.1, "mem": 32,
        "cmd": "setsid sh -c 'setsid sleep 98765 & exec sleep 98766' & exec sleep 98767"}"#;
    rig.http(&Request::new("POST", APPS).body(detached)).expect_status(201);
    let all_sleep = || {
        let processes = user.processes().join("\n");
        ["sleep 98765", "sleep 98766", "sleep 98767"].iter().all(|line| processes.contains(line))
    };
    eventually("the detached processes run", LIMIT, all_sleep);

    up.process.interrupt();
    let end = up.process.wait(LIMIT).expect_success();
    rig.tell(&format!("Ctrl-C ended it after {:.1} s in all", end.took.as_secs_f32()));
    assert_eq!(user.processes(), [""; 0], "something is left");

    let mut up = user.starts_alone("--data-dir data");
    up.expect_up();
    eventually("the apps come back by themselves", LIMIT, || runs(&rig, "hello") && all_sleep());
    rig.tell("the apps are back");

    up.process.kill_alone();
    user.expect_no_processes();
    rig.tell("after a SIGKILL nothing is left");
    let mut up = user.starts_alone("--data-dir data");
    up.expect_up();
    eventually("the apps come back again", LIMIT, || runs(&rig, "hello") && all_sleep());
    up.process.interrupt();
    up.process.wait(LIMIT).expect_success();
    assert_eq!(user.processes(), [""; 0], "something is left");
    rig.tell("all over");

    a_port_in_use_is_told(&rig, &user);
}

/// The first of the requests that it prints.
fn example(up: &Alone) -> String {
    let said = up.says();
    let lines = said.lines().skip_while(|line| !line.trim().starts_with("curl -X POST"));
    let lines: Vec<&str> = lines.take_while(|line| !line.is_empty()).collect();
    assert!(!lines.is_empty(), "{said}");
    lines.join("\n")
}

fn runs(rig: &Rig, app: &str) -> bool {
    let answer = rig.http(&Request::get(&format!("{APPS}/{app}/tasks")));
    answer.ok() && answer.body.contains("TASK_RUNNING")
}

/// A page in the user's browser must not reach the cluster, under whatever name.
fn strangers_are_refused(rig: &Rig) {
    for place in [APPS, "http://127.0.0.1:5050/state", "http://127.0.0.1:5051/state"] {
        for header in ["Host: evil.example", "Origin: https://evil.example", "Origin: null"] {
            let answer = rig.http(&Request::get(place).header(header));
            assert_eq!(answer.status, 403, "{place} with {header}: {answer:?}");
        }
        rig.http(&Request::get(place)).expect_status(200);
    }
    let create = r#"{"id": "/evil", "cmd": "sleep 1000"}"#;
    let create = Request::new("POST", APPS).body(create).header("Origin: https://evil.example");
    rig.http(&create).expect_status(403);
}

fn a_second_one_is_refused(user: &User<'_>) {
    let before = user.processes();
    let same = user.runs("./mesoform up --data-dir data");
    same.expect_code(1).expect_says("already in use").expect_says("data");
    let other = user.runs("./mesoform up --data-dir other");
    other.expect_code(1).expect_says("port 8080").expect_says("mesoform_scheduler_port");
    assert_eq!(user.processes(), before);
}

fn a_port_in_use_is_told(rig: &Rig, user: &User<'_>) {
    let taken = rig.inside(|| TcpListener::bind("127.0.0.1:5051").unwrap());
    let refused = user.runs("./mesoform up --data-dir third").expect_code(1);
    refused.expect_says("port 5051 of the agent is in use").expect_silent_about("port 8080");
    assert_eq!(user.processes(), [""; 0]);
    drop(taken);
}
