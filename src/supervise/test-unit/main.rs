//! A unit for the tests: does what its arguments say, one after the other, then waits to be ended.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a program of the tests")]

use mesoform_supervise::{Claim, LIFELINE, Supervisor, Unit};
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::FromRawFd;
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

fn main() {
    // Streams that must stay open until the process ends.
    let mut open = Vec::new();
    for argument in std::env::args().skip(1) {
        let (verb, object) = argument.split_once('=').unwrap_or((&argument, ""));
        match verb {
            "ready" => notify("READY=1\n"),
            "status" => notify(&format!("STATUS={object}\n")),
            "say" => println!("{object}"),
            "exit" => std::process::exit(object.parse().unwrap()),
            "ignore-term" => ignore_term(),
            "lifeline" => watch_lifeline(),
            "connect" => open.push(connect(object)),
            "orphan" => orphan(object),
            "expect-file" => assert!(Path::new(object).exists(), "{object} is missing"),
            "touch" => drop(File::create(object).unwrap()),
            "supervise" => supervise(Path::new(object)),
            other => {
                // It stands in the unit's log, where the test's failure shows it.
                println!("{other:?} is no verb of this program");
                std::process::exit(64);
            }
        }
    }
    loop {
        std::thread::park();
    }
}

fn notify(message: &str) {
    let path = std::env::var_os("NOTIFY_SOCKET").unwrap();
    UnixDatagram::unbound().unwrap().send_to(message.as_bytes(), path).unwrap();
}

fn ignore_term() {
    use nix::sys::signal::{SigHandler, Signal, signal};
    // SAFETY: no handler runs.
    unsafe { signal(Signal::SIGTERM, SigHandler::SigIgn) }.unwrap();
}

/// As a service does it: a thread that ends the process.
fn watch_lifeline() {
    let fd = std::env::var(LIFELINE).unwrap().parse().unwrap();
    // SAFETY: the supervisor handed it to us.
    let mut lifeline = unsafe { File::from_raw_fd(fd) };
    std::thread::spawn(move || {
        while lifeline.read(&mut [0; 16]).is_ok_and(|read| read > 0) {}
        std::process::exit(0);
    });
}

/// Says its name and keeps the connection: whoever listens sees the process end.
fn connect(object: &str) -> UnixStream {
    let (path, name) = object.split_once(',').unwrap();
    let mut stream = UnixStream::connect(path).unwrap();
    writeln!(stream, "{name} {}", std::process::id()).unwrap();
    stream
}

/// A process in a group of its own, which only the lifeline can end.
fn orphan(object: &str) {
    let me = std::env::current_exe().unwrap();
    let mut command = Command::new(me);
    command.args(["ignore-term", "lifeline", &format!("connect={object}")]);
    drop(command.process_group(0).spawn().unwrap());
}

/// A supervisor with two units, of which one leaves an orphan.
fn supervise(directory: &Path) {
    let me = std::env::current_exe().unwrap().into_os_string();
    let listener = directory.join("listener").display().to_string();
    let unit = |name: &str, args: &[&str]| {
        let mut command = vec![me.clone()];
        command.extend(args.iter().map(Into::into));
        Unit::new(name, command, directory.join(format!("{name}.log")))
    };
    let connect = |name: &str| format!("connect={listener},{name}");
    let orphan = format!("orphan={listener},orphan");
    let first = unit("first", &["lifeline", &connect("first"), "ready"]);
    let mut second = unit("second", &["lifeline", &connect("second"), &orphan, "ready"]);
    second.needs = vec!["first".to_owned()];
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let (events, _receiver) = tokio::sync::mpsc::channel(64);
        let claim = Claim::take(directory).unwrap();
        let handle = Supervisor::start(claim, vec![first, second], events).unwrap();
        handle.ready().await.unwrap();
        println!("ready");
        tokio::time::sleep(Duration::from_secs(600)).await;
    });
}
