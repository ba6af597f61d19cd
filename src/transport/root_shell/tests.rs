use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::{Auth, Connection, Elevate, Secret, Target};

/// This machine, with something in sudo's place.
async fn here(dir: &Path, sudo: &str, password: Option<&str>) -> Connection {
    let exe = dir.join("sudo");
    let calls = dir.join("calls");
    std::fs::write(&exe, format!("#!/bin/sh\necho called >>{}\n{sudo}\n", calls.display()))
        .unwrap();
    std::fs::set_permissions(&exe, PermissionsExt::from_mode(0o755)).unwrap();
    let mut target = Target::local("here");
    let exe = Some(exe.display().to_string());
    target.elevate = Some(Elevate { password: password.map(Secret::new), exe });
    Connection::open(&target, &Auth::default()).await.unwrap()
}

fn calls(dir: &Path) -> usize {
    std::fs::read_to_string(dir.join("calls")).unwrap_or_default().lines().count()
}

const LETS: &str = "while [ \"$1\" != -- ]; do shift; done; shift; exec \"$@\"";

#[tokio::test]
async fn commands_run_one_after_the_other_in_one_shell() {
    let dir = tempfile::tempdir().unwrap();
    let connection = here(dir.path(), LETS, None).await;
    let run = async |command: &str, input: &str| {
        let output = connection.exec_as_root(command, input.as_bytes()).await.unwrap();
        (output.exit, String::from_utf8(output.stdout).unwrap(), output.stderr)
    };
    let exit = Exit::Code;
    let said = |text: &str| text.to_owned();
    assert_eq!(run("echo a; echo b", "").await, (exit(0), said("a\nb\n"), said("")));
    assert_eq!(run("printf a", "").await, (exit(0), said("a"), said("")));
    assert_eq!(run("cat; exit 3", "x\n y\\n\n").await, (exit(3), said("x\n y\\n\n"), said("")));
    assert_eq!(run("true", "nobody reads this").await, (exit(0), said(""), said("")));
    let both = run("echo out; echo 'one\ntwo' >&2; exit 9", "").await;
    assert_eq!(both, (exit(9), said("out\n"), said("one\ntwo\n")));
    assert_eq!(run("kill -9 $$", "").await.0, exit(137));
    assert_eq!(run("sh -s", "x=line\necho $x\n").await.1, "line\n");
    let long = "x".repeat(300_000);
    assert_eq!(run("wc -c", &long).await.1.trim(), "300000");
    assert_eq!(calls(dir.path()), 1);

    // What is no text has a channel of its own; so has what takes the shell's place.
    let raw = connection.exec_as_root("cat", b"a\0b\x1f").await.unwrap();
    assert_eq!(raw.stdout, b"a\0b\x1f");
    assert_eq!(calls(dir.path()), 1, "it took the shell's place");
    assert_eq!(run("echo again", "").await.1, "again\n");
    let mut channel = connection.stream_as_root("echo here\nexec cat").await.unwrap();
    channel.write_all(b"\0 raw").await.unwrap();
    channel.shutdown().await.unwrap();
    let mut answer = Vec::new();
    channel.read_to_end(&mut answer).await.unwrap();
    assert_eq!(answer, b"here\n\0 raw");
    assert_eq!(calls(dir.path()), 2);
}

#[tokio::test]
async fn a_password_goes_before_everything_else() {
    let dir = tempfile::tempdir().unwrap();
    let asks = format!("IFS= read -r password; [ \"$password\" = sesame ] || exit 1; {LETS}");
    for sudo in [asks.as_str(), LETS] {
        let connection = here(dir.path(), sudo, Some("sesame")).await;
        for _ in 0..2 {
            let output = connection.exec_as_root("cat", b"input").await.unwrap();
            assert_eq!(output.stdout, b"input");
        }
    }
    assert_eq!(calls(dir.path()), 2);
}

#[tokio::test]
async fn sudos_refusal_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let thrice = "for i in 1 2 3; do IFS= read -r password || exit 7; done; \
                  echo 'sudo: 3 incorrect password attempts' >&2; exit 1";
    let connection = here(dir.path(), thrice, Some("wrong")).await;
    let error = connection.exec_as_root("true", b"").await.unwrap_err();
    assert!(matches!(error, TransportError::SudoRefused { .. }), "{error}");
    let refuses = "echo 'sudo: a password is required' >&2; exit 1";
    let connection = here(dir.path(), refuses, None).await;
    let error = connection.exec_as_root("true", b"").await.unwrap_err();
    assert!(matches!(error, TransportError::SudoPassword { .. }), "{error}");
    let connection = here(dir.path(), "echo 'no such luck' >&2; exit 7", None).await;
    let error = connection.exec_as_root("true", b"").await.unwrap_err().to_string();
    assert!(error.contains("sudo ended (exit code 7) no such luck"), "{error}");
}

#[tokio::test]
async fn who_waits_for_sudo_is_told_once() {
    let dir = tempfile::tempdir().unwrap();
    let told = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&told);
    let slow = format!("sleep 5.5; {LETS}");
    let connection = here(dir.path(), &slow, None).await.on_slow_sudo(move |waited| {
        assert_eq!(waited, SLOW);
        count.fetch_add(1, Ordering::Relaxed);
    });
    for _ in 0..2 {
        assert_eq!(connection.exec_as_root("echo on", b"").await.unwrap().stdout, b"on\n");
    }
    assert_eq!((told.load(Ordering::Relaxed), calls(dir.path())), (1, 1));
}
