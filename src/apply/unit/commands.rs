use crate::run::must;
use crate::{ApplyError, Call, Commands, Run};
use std::time::{Duration, Instant};

#[test]
fn a_command_tells_how_it_ended() {
    let done = Commands.run(&Call::new("sh", &["-c", "echo out; echo err >&2; exit 3"])).unwrap();
    assert_eq!(
        (done.code, done.stdout.as_str(), done.stderr.as_str()),
        (Some(3), "out\n", "err\n")
    );
    let error =
        must(&Commands, &Call::new("sh", &["-c", "echo no space >&2; exit 1"])).unwrap_err();
    assert!(error.to_string().contains("ended with code 1: no space"), "{error}");
    let error = Commands.run(&Call::new("no-such-program", &[])).unwrap_err();
    assert!(matches!(error, ApplyError::NoCommand { .. }));
}

#[test]
fn a_command_that_hangs_is_ended_with_its_children() {
    let since = Instant::now();
    let call = Call::new("sh", &["-c", "sleep 600 & sleep 600"]).within(Duration::from_millis(100));
    let error = Commands.run(&call).unwrap_err();
    assert!(error.to_string().contains("did not end within"), "{error}");
    assert!(since.elapsed() < Duration::from_secs(300));
}

#[test]
fn endless_output_is_cut() {
    let call = Call::new("head", &["-c", "3000000", "/dev/zero"]);
    assert_eq!(Commands.run(&call).unwrap().stdout.len(), 1024 * 1024);
}
