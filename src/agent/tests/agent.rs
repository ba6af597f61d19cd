//! An agent of its own process, real executors, and masters that only do as they are told.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may")]

mod support;

use http::StatusCode;
use mesoform_agent::executor::LIFELINE;
use mesoform_identity::Role;
use mesoform_mesos::agent_protocol::OrderKind;
use mesoform_mesos::{CommandInfo, CommandUri, Environment, FrameworkId, TaskState};
use std::os::fd::AsRawFd as _;
use std::os::unix::process::CommandExt as _;
use std::time::Duration;
use support::cluster::{AgentProcess, Cluster, Heard, Master, content, framework};
use support::{eventually, is_alive};

async fn one() -> (Cluster, Master, AgentProcess) {
    let cluster = Cluster::new();
    let mut master = cluster.master("m1", 5).await;
    let agent = cluster.agent(&[&master]);
    let subscribe = master.registered().await;
    assert_eq!((subscribe.agent_id, subscribe.seen_leadership), (None, 0));
    (cluster, master, agent)
}

fn pid(agent: &AgentProcess, name: &str) -> i32 {
    let path = agent.sandboxes().remove(0).join(name);
    eventually(name, || content(&path)).trim().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_runs_and_every_step_is_told() {
    let (_cluster, mut master, agent) = one().await;
    let mut command = CommandInfo::shell("echo port $PORT0 of $MESOS_TASK_ID; env >&2; exit 3");
    command.environment = Some(Environment::from_iter([("PORT0", "31000")]));
    master.launch_command("t1", command);
    let starting = master.expect("t1", TaskState::Starting).await;
    assert_eq!(starting.agent_id.unwrap().value, "agent-1");
    let running = master.expect("t1", TaskState::Running).await;
    let network = running.container_status.unwrap().network_infos.remove(0);
    assert_eq!(network.ip_addresses[0].ip_address.as_deref(), Some("127.0.0.1"));
    let failed = master.expect("t1", TaskState::Failed).await;
    assert_eq!(failed.message.as_deref(), Some("exited with status 3"));
    let sandbox = agent.sandboxes().remove(0);
    assert_eq!(content(&sandbox.join("stdout")).unwrap(), "port 31000 of t1\n");
    let env = content(&sandbox.join("stderr")).unwrap();
    assert!(!env.contains("LEAKED") && !env.contains("RUST"), "{env}");
    master.launch("t2", "true");
    master.expect("t2", TaskState::Starting).await;
    master.expect("t2", TaskState::Running).await;
    master.expect("t2", TaskState::Finished).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_host_has_is_offered() {
    let cluster = Cluster::new();
    let mut master = cluster.master("m1", 5).await;
    let _agent = cluster.agent(&[&master]);
    let info = master.registered().await.info;
    assert_eq!((info.hostname.as_str(), info.address.as_deref()), ("h1", Some("127.0.0.1")));
    let names: Vec<&str> = info.resources.iter().map(|r| r.name.as_str()).collect();
    assert_eq!(names, ["cpus", "mem", "disk", "ports"]);
    assert_eq!(info.resources[0].scalar.unwrap().value, 2.0);
    let attributes: Vec<String> =
        info.attributes.iter().map(|a| format!("{}:{}", a.name, a.value_text())).collect();
    assert_eq!(attributes.join(" "), format!("rack:r1 arch:{} os:linux", std::env::consts::ARCH));
    master.order(OrderKind::Ping);
    let Heard::Pong(pong) = master.hear().await else { panic!() };
    assert_eq!((pong.agent_id.value.as_str(), pong.leadership), ("agent-1", 5));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_outlives_a_killed_agent_and_is_taken_up_again() {
    let (cluster, mut master, agent) = one().await;
    master.run("t1", "echo $$ > pid; while [ ! -e go ]; do sleep 0.01; done; exit 7").await;
    let task = pid(&agent, "pid");
    let sandbox = agent.sandboxes().remove(0);
    agent.kill();
    assert!(is_alive(task));
    let _agent = cluster.agent(&[&master]);
    let subscribe = master.registered().await;
    assert_eq!(subscribe.agent_id.unwrap().value, "agent-1");
    assert_eq!(subscribe.seen_leadership, 5);
    assert_eq!(subscribe.tasks.len(), 1);
    assert_eq!(subscribe.tasks[0].state, TaskState::Running);
    assert!(is_alive(task));
    std::fs::write(sandbox.join("go"), "").unwrap();
    let failed = master.expect("t1", TaskState::Failed).await;
    assert_eq!(failed.message.as_deref(), Some("exited with status 7"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ended_without_an_agent_is_told_by_the_next() {
    let (cluster, mut master, agent) = one().await;
    master.run("t1", "echo $$ > pid; while [ ! -e go ]; do sleep 0.01; done; exit 7").await;
    let task = pid(&agent, "pid");
    let dir = agent.sandboxes().remove(0);
    agent.kill();
    std::fs::write(dir.join("go"), "").unwrap();
    eventually("its end is kept", || {
        dir.parent().unwrap().join("exit.json").exists().then_some(())
    });
    assert!(!is_alive(task));
    let _agent = cluster.agent(&[&master]);
    let subscribe = master.registered().await;
    assert_eq!(subscribe.tasks[0].state, TaskState::Failed);
    let last = subscribe.tasks[0].pending.last().unwrap();
    assert_eq!(last.status.state, TaskState::Failed);
    let failed = master.expect("t1", TaskState::Failed).await;
    assert_eq!(failed.message.as_deref(), Some("exited with status 7"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_executor_is_noticed_and_its_task_ended() {
    let (_cluster, mut master, agent) = one().await;
    master.run("t1", "setsid sleep 1000 & echo $! > child; echo $$ > pid; wait").await;
    let (task, child) = (pid(&agent, "pid"), pid(&agent, "child"));
    kill_executor_of(task);
    let failed = master.expect("t1", TaskState::Failed).await;
    assert_eq!(failed.reason.as_deref(), Some("REASON_EXECUTOR_TERMINATED"));
    assert_eq!(failed.message.as_deref(), Some("its executor died"));
    eventually("no process is left", || (!is_alive(task) && !is_alive(child)).then_some(()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_executor_that_died_without_an_agent_is_noticed_by_the_next() {
    let (cluster, mut master, agent) = one().await;
    master.run("t1", "echo $$ > pid; exec sleep 1000").await;
    let task = pid(&agent, "pid");
    agent.kill();
    kill_executor_of(task);
    let _agent = cluster.agent(&[&master]);
    let subscribe = master.registered().await;
    assert_eq!(subscribe.tasks[0].state, TaskState::Failed);
}

/// Returns when it is dead: it may take a moment.
fn kill_executor_of(task: i32) {
    let stat = std::fs::read_to_string(format!("/proc/{task}/stat")).unwrap();
    let parent = stat.rsplit_once(')').unwrap().1.split_whitespace().nth(1).unwrap();
    let parent = parent.parse().unwrap();
    let executor = nix::unistd::Pid::from_raw(parent);
    nix::sys::signal::kill(executor, nix::sys::signal::Signal::SIGKILL).unwrap();
    eventually("the executor is dead", || (!is_alive(parent)).then_some(()));
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_are_carried_out_and_unknown_ones_answered() {
    let (_cluster, mut master, agent) = one().await;
    master.run("t1", "trap '' TERM; echo $$ > pid; while :; do sleep 1000; done").await;
    let task = pid(&agent, "pid");
    master.kill("t1", 50);
    let killed = master.expect("t1", TaskState::Killed).await;
    assert_eq!(killed.message.as_deref(), Some("killed by signal 9"));
    assert!(!is_alive(task));
    master.kill("t9", 50);
    let lost = master.expect("t9", TaskState::Lost).await;
    assert_eq!(lost.message.as_deref(), Some("unknown task"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_run_fails_in_clear_words() {
    let (_cluster, mut master, _agent) = one().await;
    let argv = |name: &str| CommandInfo {
        shell: Some(false),
        arguments: vec![name.into()],
        ..CommandInfo::default()
    };
    master.launch_command("t1", argv("no-such-command"));
    master.expect("t1", TaskState::Starting).await;
    let failed = master.expect("t1", TaskState::Failed).await;
    assert_eq!(failed.message.as_deref(), Some("command not found: no-such-command"));
    let mut fetched = CommandInfo::shell("true");
    fetched.uris = vec![CommandUri { value: "http://x/a.tgz".into(), ..Default::default() }];
    master.launch_command("t2", fetched);
    let failed = master.expect("t2", TaskState::Failed).await;
    assert!(failed.message.unwrap().contains("http://x/a.tgz"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deposed_master_is_refused_for_ever() {
    let (cluster, mut master, agent) = one().await;
    master.run("t1", "exec sleep 1000").await;
    master.order_of(9, OrderKind::Ping);
    while !matches!(master.hear().await, Heard::Pong(_)) {}
    // The agent hangs up on the old leadership, and comes again.
    master.kill("t1", 0);
    assert_eq!(master.registered().await.seen_leadership, 9);
    // Also after a restart: what was seen is on disk.
    agent.kill();
    let agent = cluster.agent(&[&master]);
    let subscribe = master.registered().await;
    assert_eq!((subscribe.seen_leadership, subscribe.tasks[0].state), (9, TaskState::Running));
    assert!(!agent.json("/mesoform/status").await["registered"].as_bool().unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_of_another_quorum_waits_for_its_operator() {
    let (cluster, mut master, agent) = one().await;
    master.run("t1", "echo $$ > pid; exec sleep 1000").await;
    let task = pid(&agent, "pid");
    master.is_of(8);
    let status = loop {
        let status = agent.json("/mesoform/status").await;
        if status["fenced"] == true {
            break status;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert!(status["trouble"].as_str().unwrap().contains("accept this one"), "{status}");
    assert_eq!((&status["seen_quorum"], &status["seen_leadership"]), (&"7".into(), &5.into()));
    assert!(is_alive(task));
    let settings = cluster.settings(&[&master]);
    std::fs::write(settings.work_dir.join("accept-quorum.yml"), "format: 1\nquorum: \"8\"\n")
        .unwrap();
    agent.kill();
    let _agent = cluster.agent(&[&master]);
    let subscribe = master.registered().await;
    assert_eq!(subscribe.seen().unwrap().to_string(), "quorum 8, revision 0");
    assert_eq!(subscribe.tasks[0].state, TaskState::Running);
    assert!(is_alive(task));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_was_renamed_joins_anew_with_its_tasks() {
    let (cluster, mut master, agent) = one().await;
    master.run("t1", "exec sleep 1000").await;
    agent.kill();
    let settings = cluster.settings_of("h1.example.org", &[&master]);
    let agent = cluster.agent_with(&settings, |_| {});
    let subscribe = master.registered().await;
    assert_eq!(subscribe.info.hostname, "h1.example.org");
    assert_eq!(subscribe.agent_id, None, "the masters know the old id as another host's");
    assert_eq!(subscribe.tasks[0].state, TaskState::Running);
    // From then on it is this host's.
    master.order(OrderKind::Ping);
    while !matches!(master.hear().await, Heard::Pong(_)) {}
    agent.kill();
    let _agent = cluster.agent_with(&settings, |_| {});
    assert_eq!(master.registered().await.agent_id, Some("agent-1".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_leading_master_is_found_by_way_of_the_others() {
    let cluster = Cluster::new();
    let mut leader = cluster.master("m1", 5).await;
    let location = format!("//{}/agent/v1/subscribe", leader.address());
    let other = cluster.master_as("m2", 5, Role::Master, Some(location)).await;
    let agent = cluster.agent(&[&other]);
    leader.registered().await;
    leader.run("t1", "exec sleep 1000").await;
    assert_eq!(agent.json("/mesoform/status").await["master"], leader.address());
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_master_is_obeyed() {
    let cluster = Cluster::new();
    let mut impostor = cluster.master_as("s1", 5, Role::Scheduler, None).await;
    let agent = cluster.agent(&[&impostor]);
    eventually("its log says so", || {
        let log = std::fs::read_to_string(cluster.log()).unwrap_or_default();
        log.contains("cannot be reached").then_some(())
    });
    impostor.hear_nothing(Duration::from_millis(50)).await;
    while !agent.json("/mesoform/status").await["trouble"].is_string() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_leader_gets_what_the_old_one_did_not_acknowledge() {
    let cluster = Cluster::new();
    let mut old = cluster.master("m1", 5).await;
    let mut new = cluster.master("m2", 6).await;
    let _agent = cluster.agent_with(&cluster.settings(&[&old, &new]), |_| {});
    // Whichever it found first: the old one must go away for this story.
    let first = tokio::select! {
        heard = old.hear() => { assert!(matches!(heard, Heard::Subscribe(_))); true }
        heard = new.hear() => { assert!(matches!(heard, Heard::Subscribe(_))); false }
    };
    let (mut first, mut second) = if first { (old, new) } else { (new, old) };
    let leadership = 7;
    first.order_of(leadership, OrderKind::Registered { agent_id: "agent-1".into() });
    let task = mesoform_mesos::TaskInfo::command(
        "t1",
        "agent-1".into(),
        CommandInfo::shell("exec sleep 1000"),
        vec![],
    );
    let launch = OrderKind::Launch { framework: Box::new(framework()), tasks: vec![task] };
    first.order_of(leadership, launch);
    let starting = first.update("t1", TaskState::Starting).await;
    first.stop();
    let Heard::Subscribe(subscribe) = second.hear().await else { panic!() };
    assert_eq!(subscribe.seen_leadership, 7);
    assert_eq!(subscribe.tasks[0].pending[0], starting);
    second.order_of(8, OrderKind::Registered { agent_id: "agent-1".into() });
    assert_eq!(second.update("t1", TaskState::Starting).await, starting);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_the_master_does_not_know_registers_again() {
    let (_cluster, mut master, _agent) = one().await;
    master.answer_reports(StatusCode::FORBIDDEN);
    master.launch("t1", "exec sleep 1000");
    master.update("t1", TaskState::Starting).await;
    master.answer_reports(StatusCode::ACCEPTED);
    assert_eq!(master.registered().await.tasks.len(), 1);
    master.expect("t1", TaskState::Starting).await;
    master.expect("t1", TaskState::Running).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_on_the_stream_only_ends_the_stream() {
    let (_cluster, mut master, agent) = one().await;
    master.run("t1", "exec sleep 1000").await;
    master.order(OrderKind::Unknown);
    master.order(OrderKind::Ping);
    loop {
        // `Unknown` cannot be written as JSON of a known kind: either passed over or a new stream.
        match master.hear().await {
            Heard::Pong(_) => break,
            Heard::Subscribe(_) => {
                master.order(OrderKind::Registered { agent_id: "agent-1".into() });
                master.order(OrderKind::Ping);
            }
            Heard::Report(_) => {}
        }
    }
    assert_eq!(agent.get("/health").await.0, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_framework_that_is_gone_and_an_agent_that_must_go() {
    let (cluster, mut master, mut agent) = one().await;
    master.run("t1", "echo $$ > pid; exec sleep 1000").await;
    let task = pid(&agent, "pid");
    master.order(OrderKind::ShutdownFramework { framework_id: FrameworkId::new("f") });
    eventually("its task is gone", || (!is_alive(task)).then_some(()));
    master.order(OrderKind::Shutdown { reason: "marked gone".into() });
    let status = eventually("the agent ends", || agent.child.try_wait().unwrap());
    assert!(!status.success());
    let _agent = cluster.agent(&[&master]);
    assert_eq!(master.registered().await.agent_id, None, "it joins as a new one");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_shows_tasks_and_their_files_and_nothing_else() {
    let (cluster, mut master, agent) = one().await;
    master
        .run("web.1", "echo hello; ln -s /etc/passwd passwd; echo up > up; exec sleep 1000")
        .await;
    pid_file(&agent, "up");
    let state = agent.json("/slave(1)/state").await;
    assert_eq!((&state["id"], &state["hostname"]), (&"agent-1".into(), &"h1".into()));
    assert_eq!(state["resources"]["ports"], "[31000-32000]");
    let executor = &state["frameworks"][0]["executors"][0];
    assert_eq!(executor["tasks"][0]["state"], "TASK_RUNNING");
    let directory = executor["directory"].as_str().unwrap();
    let read = agent.json(&format!("/files/read?path={directory}/stdout&offset=1&length=3")).await;
    assert_eq!(read, serde_json::json!({"data": "ell", "offset": 1}));
    let size = agent.json(&format!("/files/read.json?path={directory}/stdout&offset=-1")).await;
    assert_eq!(size, serde_json::json!({"data": "", "offset": 6}));
    let listed = agent.json(&format!("/files/browse?path={directory}")).await;
    let names: Vec<&str> =
        listed.as_array().unwrap().iter().map(|e| e["path"].as_str().unwrap()).collect();
    assert!(names.contains(&format!("{directory}/stdout").as_str()), "{names:?}");
    let whole = agent.get(&format!("/files/download?path={directory}/stdout")).await;
    assert_eq!(whole, (StatusCode::OK, "hello\n".into()));
    let told = agent.length(&format!("/files/download?path={directory}/stdout")).await;
    assert_eq!(told, Some(6), "half a file must not look like a whole one");
    for outside in [
        "/etc/passwd".to_owned(),
        format!("{directory}/../launch.json"),
        format!("{directory}/passwd"),
    ] {
        for way in ["read", "download", "browse"] {
            let (status, text) = agent.get(&format!("/files/{way}?path={outside}")).await;
            assert_eq!(status, StatusCode::FORBIDDEN, "{way} {outside}: {text}");
        }
    }
    let missing = agent.get(&format!("/files/read?path={directory}/no")).await;
    assert_eq!(missing.0, StatusCode::NOT_FOUND);
    let status = agent.json("/mesoform/status").await;
    assert_eq!(status["tasks"]["TASK_RUNNING"], 1);
    assert_eq!(status["registered"], true);
    drop(cluster);
}

fn pid_file(agent: &AgentProcess, name: &str) {
    let path = agent.sandboxes().remove(0).join(name);
    eventually(name, || content(&path));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_the_supervisor_ends_the_tasks_too() {
    let cluster = Cluster::new();
    let mut master = cluster.master("m1", 5).await;
    let (ours, theirs) = nix::unistd::pipe().unwrap();
    let (fd, write_end) = (ours.as_raw_fd(), theirs.as_raw_fd());
    let agent = cluster.agent_with(&cluster.settings(&[&master]), |command| {
        command.env(LIFELINE, fd.to_string());
        // SAFETY: a system call on a descriptor that lives until after the start.
        unsafe {
            command.pre_exec(move || {
                nix::unistd::close(write_end)?;
                Ok(())
            });
        }
    });
    master.registered().await;
    master.run("t1", "echo $$ > pid; exec sleep 1000").await;
    let task = pid(&agent, "pid");
    drop(theirs);
    eventually("the task is gone", || (!is_alive(task)).then_some(()));
    let failed = master.expect("t1", TaskState::Failed).await;
    assert_eq!(failed.message.as_deref(), Some("its supervisor ended: killed by signal 15"));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_tasks_at_once() {
    let (_cluster, mut master, agent) = one().await;
    for n in 0..40 {
        master.launch(&format!("t{n}"), "true");
    }
    let mut finished = 0;
    while finished < 40 {
        let Heard::Report(report) = master.hear().await else { continue };
        for update in report.updates {
            master.acknowledge(&update);
            finished += usize::from(update.status.state == TaskState::Finished);
        }
    }
    eventually("all is acknowledged", || {
        let status = futures::executor::block_on(agent.json("/mesoform/status"));
        (status["pending_updates"] == 0).then_some(())
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_manager_hears_when_it_is_ready_and_with_whom_it_is_registered() {
    let cluster = Cluster::new();
    let mut master = cluster.master("m1", 5).await;
    let path = cluster.dir.path().join("notify");
    let notify = std::os::unix::net::UnixDatagram::bind(&path).unwrap();
    notify.set_read_timeout(Some(support::PATIENCE)).unwrap();
    let _agent = cluster.agent_with(&cluster.settings(&[&master]), |command| {
        command.env("NOTIFY_SOCKET", &path);
    });
    master.registered().await;
    let mut told = String::new();
    while !(told.contains("READY=1") && told.contains("STATUS=registered with")) {
        let mut word = [0; 1024];
        let length = notify.recv(&mut word).unwrap();
        told += std::str::from_utf8(&word[..length]).unwrap();
        told += "\n";
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_reboot_what_ran_is_lost_and_the_agent_keeps_its_id() {
    let (cluster, mut master, agent) = one().await;
    master.run("t1", "echo $$ > pid; exec sleep 1000").await;
    let task = pid(&agent, "pid");
    let launch = agent.sandboxes().remove(0).parent().unwrap().join("launch.json");
    agent.kill();
    kill_executor_of(task);
    // The boot in which it was ordered is another one now.
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    let text = std::fs::read_to_string(&launch).unwrap();
    std::fs::write(&launch, text.replace(boot.trim(), "an earlier boot")).unwrap();
    let _agent = cluster.agent(&[&master]);
    let subscribe = master.registered().await;
    assert_eq!(subscribe.agent_id.unwrap().value, "agent-1");
    let lost = master.expect("t1", TaskState::Lost).await;
    assert_eq!(lost.message.as_deref(), Some("the host restarted while the task ran"));
}

#[test]
fn two_agents_do_not_work_in_one_folder() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let (cluster, master, _agent) = one().await;
        let mut second = cluster.agent(&[&master]);
        let status = eventually("the second ends", || second.child.try_wait().unwrap());
        assert!(!status.success());
    });
}
