use std::process::{Command, Stdio};
use std::sync::Arc;

use mesoform_transport::{Auth, Connection, Secret, TransportError};

use crate::kit::{authorize, generate, run};
use crate::sshd_or_return;

#[tokio::test]
async fn every_kind_of_key_logs_in() {
    let sshd = sshd_or_return!();
    for kind in ["ed25519", "ecdsa", "rsa"] {
        let key = generate(sshd.dir.path(), &format!("my_{kind}"), kind, "");
        authorize(sshd.dir.path(), &key);
        let mut target = sshd.target();
        target.keys = vec![key];
        let connection = sshd.open(&target).await.unwrap_or_else(|error| panic!("{kind}: {error}"));
        assert_eq!(connection.exec("echo hello", b"").await.unwrap().text(), "hello");
    }
}

#[tokio::test]
async fn an_encrypted_key_needs_its_passphrase_or_an_agent() {
    let sshd = sshd_or_return!();
    let key = generate(sshd.dir.path(), "locked", "ed25519", "open sesame");
    authorize(sshd.dir.path(), &key);
    let mut target = sshd.target();
    target.keys = vec![key.clone()];
    let error = sshd.open(&target).await.unwrap_err();
    assert!(matches!(error, TransportError::KeyEncrypted { .. }), "{error}");
    assert!(error.to_string().contains("ssh-add"), "{error}");
    for (passphrase, fits) in [("open sesame", true), ("wrong", false)] {
        let ask = Arc::new(move |_: &std::path::Path| Some(Secret::new(passphrase)));
        let auth = Auth { passphrase: Some(ask), ..Auth::default() };
        let opened = Connection::open(&target, &auth).await;
        assert_eq!(opened.is_ok(), fits, "{passphrase}: {opened:?}");
    }
}

#[tokio::test]
async fn an_agents_key_logs_in() {
    let sshd = sshd_or_return!();
    let socket = sshd.path("agent.sock");
    let mut agent = Command::new("ssh-agent")
        .args(["-D", "-a"])
        .arg(&socket)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let added =
        || Command::new("ssh-add").env("SSH_AUTH_SOCK", &socket).arg(sshd.path("user")).output();
    while !added().unwrap().status.success() {
        std::thread::yield_now();
    }
    let mut target = sshd.target();
    target.keys.clear();
    let auth = Auth { agent: Some(socket), passphrase: None };
    let opened = Connection::open(&target, &auth).await;
    target.identities_only = true;
    let restrained = Connection::open(&target, &auth).await;
    target.default_keys = vec![sshd.path("user")];
    let ours = Connection::open(&target, &auth).await;
    agent.kill().unwrap();
    agent.wait().unwrap();
    assert!(opened.is_ok(), "{opened:?}");
    assert!(matches!(restrained, Err(TransportError::Authentication { .. })), "{restrained:?}");
    assert!(ours.is_ok(), "{ours:?}");
}

#[tokio::test]
async fn a_user_certificate_logs_in() {
    let sshd = sshd_or_return!();
    let authority = generate(sshd.dir.path(), "authority", "ed25519", "");
    let key = generate(sshd.dir.path(), "certified", "ed25519", "");
    let user = crate::kit::user();
    run(Command::new("ssh-keygen")
        .args(["-q", "-I", "me", "-n", &user, "-s"])
        .arg(&authority)
        .arg(&key));
    let public = std::fs::read_to_string(sshd.path("authority.pub")).unwrap();
    std::fs::write(sshd.path("authorized_keys"), format!("cert-authority {public}")).unwrap();
    let mut target = sshd.target();
    target.keys = vec![key];
    let opened = sshd.open(&target).await;
    assert!(opened.is_ok(), "{opened:?}");
}

#[tokio::test]
async fn what_is_wrong_with_a_key_is_told() {
    let sshd = sshd_or_return!();
    let mut target = sshd.target();
    target.keys = vec![sshd.path("not-there")];
    let missing = sshd.open(&target).await.unwrap_err();
    assert_eq!(missing.exit_code(), 1);
    assert!(
        missing.to_string().contains("not-there cannot be used: there is no such file"),
        "{missing}"
    );

    std::fs::write(sshd.path("garbage"), "no key at all").unwrap();
    target.keys = vec![sshd.path("garbage")];
    let garbage = sshd.open(&target).await.unwrap_err();
    assert!(matches!(garbage, TransportError::KeyUnusable { .. }), "{garbage}");

    target.keys = vec![generate(sshd.dir.path(), "stranger", "ed25519", "")];
    let stranger = sshd.open(&target).await.unwrap_err();
    assert_eq!(stranger.exit_code(), 4);
    let words = stranger.to_string();
    assert!(words.contains("stranger") && words.contains("publickey"), "{words}");
}

#[tokio::test]
async fn a_host_that_does_not_answer_is_unreachable() {
    let sshd = sshd_or_return!();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut target = sshd.target();
    target.port = free;
    let refused = sshd.open(&target).await.unwrap_err();
    assert!(refused.is_unreachable() && refused.exit_code() == 4, "{refused}");
    assert!(refused.to_string().contains("refused"), "{refused}");

    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    target.port = silent.local_addr().unwrap().port();
    target.timeout = std::time::Duration::from_secs(1);
    let silent = sshd.open(&target).await.unwrap_err();
    assert!(silent.is_unreachable(), "{silent}");

    target.address = "no-such-host.invalid".to_owned();
    // Whoever knows names may take his time, too.
    target.timeout = std::time::Duration::from_secs(120);
    let nameless = sshd.open(&target).await.unwrap_err();
    assert!(nameless.to_string().contains("ansible_host"), "{nameless}");
}
