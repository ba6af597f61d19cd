use std::process::Command;

use mesoform_transport::{HostKeyChecking, TransportError};

use crate::kit::{Sshd, generate, run, user};
use crate::sshd_or_return;

/// Whether OpenSSH, with strict checking, lets this host key pass.
fn openssh_accepts(sshd: &Sshd) -> bool {
    let known = format!("UserKnownHostsFile={}", sshd.path("known_hosts").display());
    let mut ssh = Command::new("ssh");
    ssh.args(["-F", "none", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes"]);
    ssh.args(["-o", "GlobalKnownHostsFile=none", "-o", "IdentityAgent=none", "-o", &known, "-i"]);
    ssh.arg(sshd.path("user")).args(["-p", &sshd.port.to_string(), "-l", &user()]);
    ssh.args(["127.0.0.1", "true"]).output().unwrap().status.success()
}

/// Every line of the table is put to OpenSSH and to us.
#[tokio::test]
async fn known_hosts_is_judged_as_openssh_judges_it() {
    let sshd = sshd_or_return!(&["ed25519", "ecdsa"], "");
    let other = generate(sshd.dir.path(), "other", "ed25519", "");
    let other = std::fs::read_to_string(other.with_extension("pub")).unwrap();
    let other = other.split_whitespace().take(2).collect::<Vec<_>>().join(" ");
    let (port, key, ecdsa) = (sshd.port, sshd.host_key("ed25519"), sshd.host_key("ecdsa"));
    let name = format!("[127.0.0.1]:{port}");
    let hashed = {
        sshd.write_known(&format!("{name} {key}\n"));
        run(Command::new("ssh-keygen").args(["-q", "-H", "-f"]).arg(sshd.path("known_hosts")));
        sshd.known()
    };
    let table = [
        String::new(),
        format!("{name} {key}\n"),
        format!("{name} {ecdsa}\n"),
        format!("{name} {other}\n"),
        format!("{name} {other}\n{name} {key}\n"),
        hashed.clone(),
        hashed.replace("|1|", "|2|"),
        format!("127.0.0.1 {key}\n"),
        format!("127.0.0.1 {other}\n"),
        format!("127.0.0.1 {key}\n{name} {other}\n"),
        format!("127.0.0.1 {key}\n@revoked {name} {key}\n"),
        format!("{name} {key}\n@revoked 127.0.0.1 {key}\n"),
        format!("127.0.0.1 {ecdsa}\n"),
        format!("[127.0.0.*]:{port} {key}\n"),
        format!("[127.0.0.?]:* {key}\n"),
        format!("* {key}\n"),
        format!("*,!{name} {key}\n"),
        format!("!{name},* {key}\n"),
        format!("web,{name},db {key} a comment here\n"),
        format!("  \t{name}\t{key}\n"),
        format!("# {name} {key}\n"),
        format!("@revoked {name} {key}\n"),
        format!("{name} {key}\n@revoked * {key}\n"),
        format!("{name} {key}\n@revoked other {key}\n"),
        format!("@revoked * {key}\n{name} {ecdsa}\n"),
        format!("@cert-authority {name} {key}\n"),
        format!("@unknown-marker {name} {key}\n"),
        format!("{name} ssh-ed25519 AAAAgarbage\n{name} {key}\n"),
        format!("{name}\n{name} {key}\n"),
        format!("{name} {key}"),
        format!("{name} {key}\r\n"),
    ];
    for text in table {
        sshd.write_known(&text);
        let expected = openssh_accepts(&sshd);
        let ours = sshd.open(&sshd.target()).await;
        assert_eq!(ours.is_ok(), expected, "known_hosts:\n{text}\nours: {ours:?}");
    }
}

#[tokio::test]
async fn a_changed_key_shows_both_and_the_cure() {
    let sshd = sshd_or_return!();
    let other = generate(sshd.dir.path(), "other", "ed25519", "");
    let other = std::fs::read_to_string(other.with_extension("pub")).unwrap();
    sshd.write_known(&format!("# a comment\n{} {other}", sshd.lookup()));
    for checking in [HostKeyChecking::Strict, HostKeyChecking::AcceptNew] {
        let mut target = sshd.target();
        target.host_key_checking = checking;
        let error = sshd.open(&target).await.unwrap_err();
        assert!(matches!(error, TransportError::HostKeyChanged { .. }), "{error}");
        let words = error.to_string();
        let fingerprint =
            run(Command::new("ssh-keygen").arg("-lf").arg(sshd.path("host_ed25519.pub")));
        let fingerprint = fingerprint.split_whitespace().nth(1).unwrap();
        for part in ["known_hosts:2", fingerprint, "ssh-keygen -R", &sshd.lookup()] {
            assert!(words.contains(part), "{part} is not in: {words}");
        }
    }
    let mut target = sshd.target();
    target.host_key_checking = HostKeyChecking::Off;
    assert!(sshd.open(&target).await.is_ok());
}

#[tokio::test]
async fn a_new_key_is_recorded_only_when_asked_for() {
    let sshd = sshd_or_return!();
    let file = sshd.path("new/known_hosts");
    let mut target = sshd.target();
    target.known_hosts = vec![file.clone()];
    let error = sshd.open(&target).await.unwrap_err();
    assert!(matches!(error, TransportError::HostKeyUnknown { .. }), "{error}");
    assert!(error.to_string().contains("accept-new") && !file.exists(), "{error}");

    for hash in [false, true] {
        target.host_key_checking = HostKeyChecking::AcceptNew;
        target.hash_known_hosts = hash;
        let _ = std::fs::remove_file(&file);
        sshd.open(&target).await.unwrap();
        let found = run(Command::new("ssh-keygen").args(["-F", &sshd.lookup(), "-f"]).arg(&file));
        assert!(found.contains(&sshd.host_key("ed25519")), "{found}");
        let mode = std::os::unix::fs::PermissionsExt::mode(&file.metadata().unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
        target.host_key_checking = HostKeyChecking::Strict;
        sshd.open(&target).await.unwrap();
    }
}

#[tokio::test]
async fn a_host_certificate_is_trusted_for_its_name_and_time() {
    let sshd = sshd_or_return!(&["ed25519"], "HostCertificate HOSTCERT");
    let authority = generate(sshd.dir.path(), "authority", "ed25519", "");
    let public = std::fs::read_to_string(sshd.path("authority.pub")).unwrap();
    let config = std::fs::read_to_string(sshd.path("sshd_config")).unwrap();
    let certificate = sshd.path("host_ed25519-cert.pub").display().to_string();
    std::fs::write(sshd.path("sshd_config"), config.replace("HOSTCERT", &certificate)).unwrap();
    let mut last = String::new();
    for (principal, validity, marker) in [
        ("127.0.0.1", "-1h:+1h", "@cert-authority *"),
        ("127.0.0.*", "-1h:+1h", "@cert-authority *"),
        ("", "-1h:+1h", "@cert-authority *"),
        ("127.0.0.1", "-1h:+1h", "@cert-authority 127.0.0.1"),
        ("other,127.0.0.1", "-1h:+1h", "@cert-authority [127.0.0.1]:*"),
        ("other", "-1h:+1h", "@cert-authority *"),
        ("127.0.0.1", "-2h:-1h", "@cert-authority *"),
        ("127.0.0.1", "-1h:+1h", "@cert-authority elsewhere"),
        ("127.0.0.1", "-1h:+1h", "@revoked * KEY\n@cert-authority *"),
    ] {
        let mut sign = Command::new("ssh-keygen");
        sign.args(["-q", "-h", "-I", "host", "-V", validity, "-s"]).arg(&authority);
        if !principal.is_empty() {
            sign.args(["-n", principal]);
        }
        run(sign.arg(sshd.path("host_ed25519.pub")));
        let marker = marker.replace("KEY", public.trim());
        sshd.write_known(&format!("{marker} {public}"));
        let expected = openssh_accepts(&sshd);
        let ours = sshd.open(&sshd.target()).await;
        assert_eq!(ours.is_ok(), expected, "{principal} {validity} {marker}: {ours:?}");
        last += if expected { "+" } else { "-" };
    }
    assert!(last.starts_with('+') && last.contains('-'), "the table has no contrast: {last}");
}
