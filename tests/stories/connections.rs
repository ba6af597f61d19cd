//! The operator's connections, on real hosts: becoming root, bringing a binary, noticing that a host
//! is gone.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use mesoform_tests::{Host, Rig};
use mesoform_transport::{
    Artifact, Auth, Carry, Connection, Elevate, Secret, Target, TransportError,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[test]
fn operators_become_root_with_sudo() {
    let Some(rig) = Rig::new("operators_become_root_with_sudo") else { return };
    let host = rig.host("h1");
    let elevated = |user: &str, password: Option<&str>| {
        let mut target = target(&rig, &host, user);
        target.elevate = Some(Elevate { password: password.map(Secret::new), exe: None });
        at_the_operators(&rig, move || async move {
            let connection = Connection::open(&target, &Auth::default()).await?;
            let output = connection.exec_as_root("id -u; cat", b"the \0 input").await?;
            Ok((output.exit.success(), String::from_utf8(output.stdout).unwrap()))
        })
    };
    let good = (true, "0\nthe \0 input".to_owned());
    assert_eq!(elevated("admin", None).unwrap(), good);
    // A password that sudo does not ask for must not end up in the command's input.
    assert_eq!(elevated("admin", Some("never asked for")).unwrap(), good);
    assert_eq!(elevated("guarded", Some("correct horse")).unwrap(), good);
    let asked = elevated("guarded", None).unwrap_err();
    assert!(matches!(asked, TransportError::SudoPassword { .. }), "{asked}");
    let wrong = elevated("guarded", Some("wrong")).unwrap_err();
    assert!(matches!(wrong, TransportError::SudoRefused { .. }), "{wrong}");
    host.run("usermod -p '*' admin; sed -i /admin/d /etc/sudoers.d/rig").expect_success();
    let stranger = elevated("admin", Some("x")).unwrap_err();
    assert!(matches!(stranger, TransportError::SudoRefused { .. }), "{stranger}");
    host.run("mv /usr/bin/sudo /usr/bin/not-sudo").expect_success();
    let missing = elevated("guarded", None).unwrap_err();
    assert!(matches!(missing, TransportError::SudoMissing { .. }), "{missing}");
}

#[test]
fn a_password_lets_in_where_the_host_takes_it() {
    let Some(rig) = Rig::new("a_password_lets_in") else { return };
    let host = rig.host("h1");
    for method in [
        "PasswordAuthentication yes",
        "PasswordAuthentication no\nKbdInteractiveAuthentication yes",
    ] {
        host.run(&format!(
            "printf '{method}\\n' >/etc/ssh/sshd_config.d/rig.conf; systemctl reload ssh"
        ))
        .expect_success();
        for (password, fits) in [("correct horse", true), ("wrong", false)] {
            let mut target = target(&rig, &host, "guarded");
            (target.keys, target.password) = (Vec::new(), Some(Secret::new(password)));
            let opened = at_the_operators(&rig, move || async move {
                Connection::open(&target, &Auth::default()).await?.exec("id -un", b"").await
            });
            assert_eq!(opened.is_ok(), fits, "{method}: {opened:?}");
        }
    }
}

#[test]
fn a_large_binary_is_carried_quickly_and_once() {
    let Some(rig) = Rig::new("a_large_binary_is_carried") else { return };
    let host = rig.host("h1");
    let file = large_binary(&rig);
    for user in ["root", "guarded"] {
        host.run("rm -rf /opt/mesoform").expect_success();
        let mut target = target(&rig, &host, user);
        target.elevate = (user != "root")
            .then(|| Elevate { password: Some(Secret::new("correct horse")), exe: None });
        let file = file.clone();
        let times = at_the_operators(&rig, move || async move {
            let artifact = Artifact::load(&file).await?;
            let connection = Connection::open(&target, &Auth::default()).await?;
            let mut times = Vec::new();
            for carry in [Carry::Now, Carry::IfMissing, Carry::Never, Carry::Now] {
                let started = Instant::now();
                let mut channel = connection.session(&artifact, carry, &|_, _| {}).await?;
                times.push((carry, started.elapsed()));
                channel.write_all(b"ping").await.unwrap();
                channel.shutdown().await.unwrap();
                let mut answer = String::new();
                channel.read_to_string(&mut answer).await.unwrap();
                assert_eq!(answer, "called apply --session as 0\nping");
            }
            Ok::<_, TransportError>(times)
        });
        println!("{user}: {:?}", times.unwrap());
    }
    host.run("stat -c '%U %a' /opt/mesoform/versions/*/mesoform").expect_says("root 755");
}

#[test]
fn a_host_that_is_gone_is_noticed() {
    let Some(rig) = Rig::new("a_host_that_is_gone_is_noticed") else { return };
    let host = rig.host("h1");
    let target = target(&rig, &host, "root");
    let pause = host.clone();
    let lost = at_the_operators(&rig, move || async move {
        let connection = Connection::open(&target, &Auth::default()).await?;
        let mut channel = connection.stream("echo on; sleep 1000").await?;
        channel.read_u8().await.unwrap();
        pause.pause();
        let started = Instant::now();
        let ended = channel.end.wait().await;
        println!("a silent host was given up after {:?}", started.elapsed());
        ended
    });
    assert!(matches!(lost, Err(TransportError::Lost { .. })), "{lost:?}");
}

/// On a host that takes its time for each call.
#[test]
fn sudo_is_called_once_and_who_waits_is_told() {
    let Some(rig) = Rig::new("sudo_is_called_once") else { return };
    let host = rig.host("h1");
    let slow = "#!/bin/sh\necho called >>/root/calls\n[ ! -e /root/slow ] || sleep 6\nexec /usr/bin/real \"$@\"\n";
    std::fs::write(host.root().join("root/wrapper"), slow).unwrap();
    host.run("chmod 711 /root; touch /root/calls /root/slow; chmod 666 /root/calls; mv /usr/bin/sudo /usr/bin/real; \
              install -m 755 /root/wrapper /usr/bin/sudo")
        .expect_success();
    let inventory = "[masters]\nh1\n\n[agents]\nh1\n\n[all:vars]\nansible_user=admin\n";
    let cluster = rig.cluster(inventory);
    let told = "note: h1: sudo has not answered for 5 s, and is waited for; the host may be unable to \
                resolve its own name: add it to its /etc/hosts";
    cluster.up().expect_success().expect_says(told);
    host.run("rm /root/slow").expect_success();
    let quick = cluster.up().expect_success().expect_says("0 changes");
    // What takes 5 s on a busy machine is told of, too.
    if quick.took < Duration::from_secs(5) {
        quick.expect_silent_about(told);
    }
    // What is installed is all that these need.
    let binary = std::env::var("MESOFORM_BIN").unwrap();
    for words in [&["status"][..], &["restart", "agent"], &["down", "--yes"]] {
        let call = ["MESOFORM_DIST=/nowhere", &binary].into_iter().chain(words.iter().copied());
        let call: Vec<&str> = call.chain(["-i", "cluster.ini"]).collect();
        rig.run("env", &call).expect_success();
    }
    assert_eq!(host.run("wc -l </root/calls").text(), "5", "five commands, five connections");
}

fn target(rig: &Rig, host: &Host, user: &str) -> Target {
    let mut target = Target::ssh(host.name(), &host.address().to_string(), 22, user);
    target.keys = vec![rig.key()];
    target.known_hosts = vec![rig.known_hosts()];
    target
}

/// 24 MiB that compress about as a program does, behind a shell script that stands in for it.
fn large_binary(rig: &Rig) -> PathBuf {
    let mut content = b"#!/bin/sh\necho \"called $* as $(id -u)\"\nexec cat\n".to_vec();
    let mut state: u64 = 1;
    while content.len() < 24 << 20 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let word = state.to_be_bytes();
        content.extend_from_slice(&word[..3]);
        content.extend_from_slice(b"\x00\x48\x89\xe5\x00");
    }
    let path = rig.dir().join("binary");
    std::fs::write(&path, content).unwrap();
    path
}

/// Runs a future where the operator sits.
fn at_the_operators<T: Send + 'static, F: Future<Output = T>>(
    rig: &Rig,
    work: impl FnOnce() -> F + Send + 'static,
) -> T {
    rig.inside(move || {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().build().unwrap();
        let limited = async { tokio::time::timeout(Duration::from_secs(240), work()).await };
        runtime.block_on(limited).unwrap()
    })
}
