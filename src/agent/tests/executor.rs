//! Executors with real processes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may")]

mod support;

use mesoform_agent::executor::protocol::{Asked, Told};
use mesoform_agent::executor::{Cause, Exit, LIFELINE, Outcome};
use std::io::Read as _;
use std::os::fd::AsRawFd as _;
use std::os::unix::process::CommandExt as _;
use support::{Task, eventually, is_alive};

#[test]
fn the_exit_status_is_kept() {
    let exit = Task::shell("exit 3").start().exit();
    assert_eq!((exit.outcome, exit.cause), (Outcome::Code(3), None));
    assert_eq!(exit.message, "exited with status 3");
    assert_eq!(Task::argv(&["true"]).start().outcome(), Outcome::Code(0));
}

#[test]
fn a_signal_is_told_by_its_number() {
    let exit = Task::shell("kill -9 $$").start().exit();
    assert_eq!(exit.outcome, Outcome::Signal(9));
    assert_eq!(exit.message, "killed by signal 9");
    assert_eq!(Task::shell("kill -40 $$").start().outcome(), Outcome::Signal(40));
}

#[test]
fn the_output_is_kept_in_the_sandbox() {
    let mut task = Task::shell("echo out; echo err >&2; pwd > where").start();
    assert_eq!(task.outcome(), Outcome::Code(0));
    assert_eq!((task.read("stdout"), task.read("stderr")), ("out\n".into(), "err\n".into()));
    assert_eq!(task.read("where").trim(), task.file.sandbox.to_str().unwrap());
}

#[test]
fn long_output_is_turned_over_and_its_end_is_whole() {
    let mut task = Task::shell("seq 1 100000; echo last; seq 1 3 >&2; echo up > up").start();
    assert_eq!(task.outcome(), Outcome::Code(0));
    let names = ["stdout.5", "stdout.4", "stdout.3", "stdout.2", "stdout.1", "stdout"];
    let files = names.map(|name| task.read(name));
    assert!(files.iter().all(|file| !file.is_empty() && file.len() <= 100_000));
    let all = files.concat();
    assert!(all.ends_with("99999\n100000\nlast\n"), "nothing of the end is missing");
    let numbers: Vec<u32> = all.lines().filter_map(|line| line.parse().ok()).collect();
    assert!(numbers.windows(2).all(|pair| pair[0] + 1 == pair[1]), "nor of what is kept");
    assert_eq!(task.read("stderr"), "1\n2\n3\n");
    assert!(!task.file.sandbox.join("stderr.1").exists());
}

#[test]
fn what_is_left_of_a_killed_task_is_kept() {
    let mut task = Task::shell("echo begun; echo up > up; exec cat /dev/zero").start();
    task.line("up");
    let mut agent = task.connect();
    agent.running();
    agent.ask(Asked::Kill { grace_ms: 0 });
    assert!(
        matches!(agent.told(), Told::Exited(_)),
        "a task that never stops writing can be ended"
    );
    drop(agent);
    task.exit();
    let sizes = ["stdout", "stdout.1"].map(|name| task.read(name).len());
    assert!(sizes.iter().all(|size| *size <= 100_000), "{sizes:?}");
}

#[test]
fn the_environment_is_clean_and_no_file_is_passed_on() {
    let secret = std::fs::File::open("/etc/passwd").unwrap();
    let fd = secret.as_raw_fd();
    let mut task = Task::shell(
        "env > env; ls -l /proc/$$/fd > fds; umask > umask; grep SigBlk /proc/self/status > signals",
    );
    task.file.environment.insert("PORT0".into(), "31000".into());
    let mut task = task.start_with(|command| {
        command.env("LEAKED", "yes");
        // SAFETY: one system call on a descriptor that lives until after the start.
        unsafe { command.pre_exec(move || pass_on(fd)) };
    });
    assert_eq!(task.outcome(), Outcome::Code(0));
    let env = task.read("env");
    assert!(env.contains("PORT0=31000\n") && env.contains("MESOS_SANDBOX="), "{env}");
    assert!(!env.contains("LEAKED"), "{env}");
    assert!(!task.read("fds").contains("passwd"), "{}", task.read("fds"));
    assert_eq!(task.read("umask").trim(), "0022");
    assert!(task.read("signals").contains("SigBlk:\t0000000000000000"), "{}", task.read("signals"));
}

fn pass_on(fd: i32) -> std::io::Result<()> {
    // SAFETY: the descriptor is only borrowed for this call.
    let fd = unsafe { std::os::fd::BorrowedFd::borrow_raw(fd) };
    nix::fcntl::fcntl(fd, nix::fcntl::FcntlArg::F_SETFD(nix::fcntl::FdFlag::empty()))?;
    Ok(())
}

#[test]
fn what_cannot_be_started_says_why() {
    let exit = Task::argv(&["no-such-command-here"]).start().exit();
    assert_eq!(exit.outcome, Outcome::NotStarted);
    assert_eq!(exit.message, "command not found: no-such-command-here");

    let mut task = Task::argv(&["./plain"]);
    let plain = task.file.sandbox.join("plain");
    std::fs::write(&plain, "x").unwrap();
    assert_eq!(task.start().exit().message, "permission denied: ./plain");

    task = Task::shell("true");
    task.file.user = Some("no-such-user".into());
    assert_eq!(task.start().exit().message, "there is no user 'no-such-user' on this host");
    let exit = Task::shell("no-such-command-here").start().exit();
    assert_eq!(exit.message, "exited with status 127 (command not found?)");
}

#[test]
fn a_task_gets_the_rights_of_its_user() {
    if !nix::unistd::geteuid().is_root() {
        return; // Only root can give rights away.
    }
    let mut task = Task::shell(
        "id -un > who; id -G > groups; echo again > /dev/stdout; grep NoNewPrivs /proc/self/status",
    );
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(task.dir.path(), std::fs::Permissions::from_mode(0o711)).unwrap();
    task.file.user = Some("nobody".into());
    let mut task = task.start();
    assert_eq!(task.outcome(), Outcome::Code(0), "{}", task.read("stderr"));
    assert_eq!(task.read("who").trim(), "nobody");
    assert!(!task.read("groups").split_whitespace().any(|g| g == "0"));
    assert_eq!(task.read("stdout"), "again\nNoNewPrivs:\t1\n");
    let owners = [&task.file.sandbox, &task.file.sandbox.join("stdout")].map(|path| {
        use std::os::unix::fs::MetadataExt as _;
        path.metadata().unwrap().uid()
    });
    let nobody = nix::unistd::User::from_name("nobody").unwrap().unwrap().uid.as_raw();
    assert_eq!(owners, [nobody; 2]);
}

#[test]
fn an_agent_comes_and_goes_and_the_task_runs_on() {
    let mut task = Task::shell("echo $$ > pid; read x < fifo; exit 7");
    nix::unistd::mkfifo(&task.file.sandbox.join("fifo"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    task = task.start();
    let pid = task.connect().running(); // and is dropped: the agent is gone
    assert_eq!(pid, task.pid("pid"));
    let mut second = task.connect();
    assert_eq!(second.running(), pid);
    std::fs::write(task.file.sandbox.join("fifo"), "go\n").unwrap();
    let Told::Exited(exit) = second.told() else { panic!() };
    assert_eq!(exit.outcome, Outcome::Code(7));
    let kept: Exit =
        serde_json::from_slice(&std::fs::read(Exit::path(task.dir.path())).unwrap()).unwrap();
    assert_eq!(kept, exit, "on disk before it was told");
    assert!(is_alive(task.executor_pid()), "it waits for the acknowledgement");
    second.ask(Asked::Acknowledge);
    assert_eq!(task.outcome(), Outcome::Code(7));
    assert!(!task.file.socket.exists());
}

#[test]
fn a_task_that_ends_at_the_word_is_not_killed() {
    let mut task =
        Task::shell("trap 'echo bye; exit 5' TERM; echo up > up; while :; do sleep 0.01; done")
            .start();
    task.line("up");
    let mut agent = task.connect();
    agent.running();
    agent.ask(Asked::Kill { grace_ms: 60_000 });
    let Told::Exited(exit) = agent.told() else { panic!() };
    drop(agent);
    assert_eq!((exit.outcome, exit.cause), (Outcome::Code(5), Some(Cause::Order)));
    assert_eq!(task.outcome(), Outcome::Code(5));
    assert_eq!(task.read("stdout"), "bye\n");
}

/// A task that hears nothing, with a child that hears nothing, and a grandchild that fled into a
/// session of its own and lost its parent.
const STUBBORN: &str = r#"
trap "" TERM
(trap "" TERM; sh -c 'echo $$ > child; exec sleep 1000') &
setsid sh -c '(trap "" TERM; sh -c "echo \$\$ > grandchild; exec sleep 1000") & exit 0'
while [ ! -s child ] || [ ! -s grandchild ]; do sleep 0.01; done
echo up > up
while :; do sleep 1000; done
"#;

#[test]
fn after_the_grace_the_whole_tree_is_killed() {
    let mut task = Task::shell(STUBBORN).start();
    task.line("up");
    let family = [task.pid("child"), task.pid("grandchild")];
    let mut agent = task.connect();
    agent.running();
    agent.ask(Asked::Kill { grace_ms: 50 });
    let Told::Exited(exit) = agent.told() else { panic!() };
    assert_eq!((exit.outcome, exit.cause), (Outcome::Signal(9), Some(Cause::Order)));
    assert!(!family.into_iter().any(is_alive), "all are gone before the exit is told");
    drop(agent);
    task.exit();
}

#[test]
fn what_a_task_leaves_behind_ends_with_it() {
    let mut task = Task::shell("setsid sleep 1000 & echo $! > child; exit 0").start();
    let child = task.pid("child");
    assert_eq!(task.outcome(), Outcome::Code(0));
    assert!(!is_alive(child));
}

#[test]
fn the_end_of_the_lifeline_ends_the_tree() {
    let (mut ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
    let fd = theirs.as_raw_fd();
    let mut task = Task::shell(STUBBORN).start_with(|command| {
        command.env(LIFELINE, fd.to_string());
        // SAFETY: a system call on a descriptor that lives until after the start.
        unsafe { command.pre_exec(move || pass_on(fd)) };
    });
    drop(theirs);
    task.line("up");
    let family = [task.pid("child"), task.pid("grandchild")];
    assert!(family.into_iter().all(is_alive));
    ours.shutdown(std::net::Shutdown::Write).unwrap();
    // It holds its end for as long as something of the task is left.
    ours.read_to_end(&mut Vec::new()).unwrap();
    assert!(!family.into_iter().any(is_alive));
    let exit = task.exit();
    assert_eq!((exit.outcome, exit.cause), (Outcome::Signal(9), Some(Cause::Lifeline)));
}

#[test]
fn a_host_that_ends_the_executor_gives_the_task_its_grace() {
    let mut task =
        Task::shell("trap 'exit 0' TERM; echo up > up; while :; do sleep 0.01; done").start();
    task.line("up");
    let executor = nix::unistd::Pid::from_raw(task.executor_pid());
    nix::sys::signal::kill(executor, nix::sys::signal::Signal::SIGTERM).unwrap();
    let exit = task.exit();
    assert_eq!((exit.outcome, exit.cause), (Outcome::Code(0), Some(Cause::Terminated)));
}

#[test]
fn a_task_dies_with_its_executor() {
    let mut task = Task::shell("exec sleep 1000").start();
    let pid = task.connect().running();
    let executor = nix::unistd::Pid::from_raw(task.executor_pid());
    nix::sys::signal::kill(executor, nix::sys::signal::Signal::SIGKILL).unwrap();
    eventually("the task is gone", || (!is_alive(pid)).then_some(()));
    task.file.task.clear();
}

#[test]
fn an_executor_that_comes_too_late_starts_nothing() {
    let mut task = Task::shell("touch ran");
    let lost = Exit::now(Outcome::Lost, None, "given up".into());
    std::fs::write(Exit::path(task.dir.path()), serde_json::to_vec(&lost).unwrap()).unwrap();
    task = task.start();
    assert_eq!(task.outcome(), Outcome::Lost);
    assert!(!task.file.sandbox.join("ran").exists());
}

#[test]
fn nonsense_on_the_socket_harms_nobody() {
    use std::io::Write as _;
    let mut task = Task::shell("read x < fifo");
    nix::unistd::mkfifo(&task.file.sandbox.join("fifo"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    task = task.start();
    task.connect().running();
    let mut stream = std::os::unix::net::UnixStream::connect(&task.file.socket).unwrap();
    let _ = stream.write_all(&[b'{'; 200_000]);
    let mut agent = task.connect();
    agent.running();
    agent.ask(Asked::Unknown);
    std::fs::write(task.file.sandbox.join("fifo"), "go\n").unwrap();
    assert!(matches!(agent.told(), Told::Exited(_)));
    drop(agent);
    assert_eq!(task.outcome(), Outcome::Code(0));
}

#[test]
fn an_executor_whose_folder_is_gone_ends() {
    let mut task = Task::shell("echo $$ > pid; exec sleep 1000").start();
    task.pid("pid");
    let mut agent = task.connect();
    let pid = agent.running();
    std::fs::remove_dir_all(task.dir.path()).unwrap();
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGKILL)
        .unwrap();
    assert!(matches!(agent.told(), Told::Exited(_)));
    drop(agent);
    assert!(task.ended().success());
}
