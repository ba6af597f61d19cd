//! What arrives at the service manager's socket.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use mesoform_notify::Notifier;
use std::os::unix::net::UnixDatagram;

#[test]
fn news_are_told_once() {
    let nobody = Notifier::default();
    nobody.say("nobody listens");

    let dir = tempfile::tempdir().unwrap();
    let manager = UnixDatagram::bind(dir.path().join("notify")).unwrap();
    manager.set_nonblocking(true).unwrap();
    // SAFETY: this is the only test of this program, and no other thread uses the environment.
    unsafe { std::env::set_var("NOTIFY_SOCKET", dir.path().join("notify")) };
    let notifier = Notifier::default();
    for text in ["waiting", "waiting", "leading", "waiting"] {
        notifier.clone().say(text);
    }
    notifier.ready();
    notifier.stopping();

    let mut told = Vec::new();
    let mut buffer = [0; 256];
    while let Ok(read) = manager.recv(&mut buffer) {
        told.push(String::from_utf8_lossy(&buffer[..read]).trim_end().to_owned());
    }
    let states = ["STATUS=waiting", "STATUS=leading", "STATUS=waiting", "READY=1", "STOPPING=1"];
    assert_eq!(told, states);
}
