use std::time::Duration;

use mesoform_transport::{Connection, Exit, TransportError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::sshd_or_return;

const LONG: Duration = Duration::from_secs(120);

#[tokio::test]
async fn a_commands_output_and_end_come_back() {
    let sshd = sshd_or_return!();
    both(&sshd.connect().await).await;
    both(
        &Connection::open(&mesoform_transport::Target::local("here"), &Default::default())
            .await
            .unwrap(),
    )
    .await;
}

async fn both(connection: &Connection) {
    let output = connection.exec("cat; echo oops >&2; exit 7", b"some input").await.unwrap();
    assert_eq!(output.exit, Exit::Code(7));
    assert_eq!((output.text().as_str(), output.stderr.as_str()), ("some input", "oops\n"));
    let unread = connection.exec("exit 3", &vec![b'x'; 10_000_000]).await.unwrap();
    assert_eq!(unread.exit, Exit::Code(3));
    let killed = connection.exec("kill -9 $$", b"").await.unwrap();
    assert!(matches!(killed.exit, Exit::Signal(_)), "{killed:?}");
}

/// 64 MiB through a `cat` and back: neither side may wait for the other for ever.
#[tokio::test]
async fn much_goes_both_ways_at_once() {
    let sshd = sshd_or_return!();
    let connection = sshd.connect().await;
    let mut channel = connection.stream("cat").await.unwrap();
    let total: usize = 64 << 20;
    let mut stdin = channel.stdin;
    let feeder = tokio::spawn(async move {
        let piece: Vec<u8> = (0..1 << 20).map(|i| (i % 251) as u8).collect();
        for _ in 0..total / piece.len() {
            stdin.write_all(&piece).await.unwrap();
        }
        stdin.shutdown().await.unwrap();
    });
    let mut seen = 0;
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = timeout(LONG, channel.stdout.read(&mut buffer)).await.unwrap().unwrap();
        if read == 0 {
            break;
        }
        let right = buffer[..read]
            .iter()
            .enumerate()
            .all(|(i, byte)| *byte == (((seen + i) % (1 << 20)) % 251) as u8);
        assert!(right, "wrong bytes after {seen}");
        seen += read;
    }
    assert_eq!(seen, total);
    feeder.await.unwrap();
    assert_eq!(channel.end.wait().await.unwrap(), Exit::Code(0));
}

/// A command that does not read makes the writer wait: what is held in between is bounded.
#[tokio::test]
async fn a_slow_reader_slows_the_writer() {
    let sshd = sshd_or_return!();
    let connection = sshd.connect().await;
    // The command ends by itself when the server's folder goes: nothing stays behind the test.
    let busy = format!("while [ -d {} ]; do sleep 0.1; done", sshd.path("").display());
    let mut channel = connection.stream(&busy).await.unwrap();
    let piece = vec![b'x'; 1 << 20];
    let mut taken: usize = 0;
    while timeout(Duration::from_millis(500), channel.stdin.write_all(&piece)).await.is_ok() {
        taken += piece.len();
        assert!(taken < 64 << 20, "64 MiB were taken by nobody");
    }
    channel.end.stderr();
    drop(channel);
    // The connection is of use still.
    assert_eq!(timeout(LONG, connection.exec("echo on", b"")).await.unwrap().unwrap().text(), "on");
}

#[tokio::test]
async fn a_cut_connection_is_an_error_and_not_an_end() {
    let sshd = sshd_or_return!();
    let connection = sshd.connect().await;
    let mut channel = connection.stream("echo first; cat").await.unwrap();
    let mut first = [0; 6];
    channel.read_exact(&mut first).await.unwrap();
    sshd.cut();
    let mut rest = Vec::new();
    let read = timeout(LONG, channel.read_to_end(&mut rest)).await.unwrap();
    assert!(read.is_err(), "{read:?}");
    let end = timeout(LONG, channel.end.wait()).await.unwrap();
    assert!(
        matches!(&end, Err(error @ TransportError::Lost { .. }) if error.exit_code() == 4),
        "{end:?}"
    );
    let next = timeout(LONG, connection.exec("true", b"")).await.unwrap();
    assert!(matches!(next, Err(TransportError::Lost { .. })), "{next:?}");
}

#[tokio::test]
async fn a_dropped_channel_ends_its_command() {
    let sshd = sshd_or_return!();
    let connection = sshd.connect().await;
    let mark = sshd.path("mark");
    let mut channel = connection
        .stream(&format!("echo $$; cat >/dev/null; echo gone >{}", mark.display()))
        .await
        .unwrap();
    channel.read_u8().await.unwrap();
    drop(channel);
    let gone = async {
        while !mark.exists() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(LONG, gone).await.unwrap();
}

#[tokio::test]
async fn many_channels_share_a_connection() {
    let sshd = sshd_or_return!(&["ed25519"], "MaxSessions 64");
    let connection = sshd.connect().await;
    let all = (0..20).map(|i| {
        let connection = &connection;
        async move { connection.exec(&format!("echo {i}"), b"").await.unwrap().text() }
    });
    let texts = futures::future::join_all(all).await;
    assert_eq!(texts, (0..20).map(|i| i.to_string()).collect::<Vec<_>>());
}

#[tokio::test]
async fn too_much_output_is_refused() {
    let sshd = sshd_or_return!();
    let connection = sshd.connect().await;
    let flood = timeout(LONG, connection.exec("yes", b"")).await.unwrap();
    assert!(matches!(flood, Err(TransportError::OutputTooLong { .. })), "{flood:?}");
    assert_eq!(connection.exec("echo on", b"").await.unwrap().text(), "on");
}
