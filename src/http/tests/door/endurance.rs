use crate::kit::{Cluster, Running, plain, settings};
use mesoform_http::Limits;
use mesoform_identity::Role;
use mesoform_settings::Scheme;
use reqwest::StatusCode;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Far more than any time-out of these tests.
const PATIENCE: Duration = Duration::from_secs(60);

fn hasty() -> Limits {
    // And yet longer than a busy machine needs to send what it means to send.
    let short = Duration::from_secs(2);
    Limits { handshake: short, head: short, drain: short, ..Limits::default() }
}

/// Whether the other side ends the connection on which it was sent `bytes`.
async fn is_cut(running: &Running, bytes: &[u8]) -> bool {
    let mut stream = TcpStream::connect(running.addr).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut rest = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut rest)).await.is_ok()
}

#[tokio::test]
async fn who_says_nothing_is_cut() {
    let plain = Running::start(&settings(Scheme::Http, None), None, hasty()).await;
    let starts = ["", "P", "PRI * HT", "GET / HTTP/1.1\r\nhost: localhost\r\n"];
    let cut = starts.map(|start| is_cut(&plain, start.as_bytes()));
    assert_eq!(futures::future::join_all(cut).await, [true; 4], "{starts:?}");
    let cluster = Cluster::new();
    let identity = cluster.identity(Role::Agent);
    let tls = Running::start(&settings(Scheme::Https, None), Some(&identity), hasty()).await;
    for start in [&b""[..], b"\x16\x03\x01"] {
        assert!(is_cut(&tls, start).await);
    }
    let either = Running::start(&settings(Scheme::Http, None), Some(&identity), hasty()).await;
    for start in [&b""[..], b"\x16\x03\x01", b"G"] {
        assert!(is_cut(&either, start).await);
    }
}

#[tokio::test]
async fn bodies_are_bounded() {
    let limits = Limits { body: 1000, ..Limits::default() };
    let api = Running::start(&settings(Scheme::Http, None), None, limits).await;
    let send = |body: reqwest::Body| plain().post(api.http("/size")).body(body).send();
    assert_eq!(send("x".repeat(1000).into()).await.unwrap().text().await.unwrap(), "1000");
    let announced = send("x".repeat(1001).into()).await.unwrap();
    assert_eq!(announced.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let chunks =
        futures::stream::iter([600, 600].map(|bytes| Ok::<_, std::io::Error>("x".repeat(bytes))));
    let unannounced = send(reqwest::Body::wrap_stream(chunks)).await.unwrap();
    assert_eq!(unannounced.status(), StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn streams_stay_open_and_are_cut_after_the_drain() {
    let api = Running::start(&settings(Scheme::Http, None), None, hasty()).await;
    let mut drip = plain().get(api.http("/drip")).send().await.unwrap();
    let opened = Instant::now();
    while opened.elapsed() < hasty().head * 2 {
        assert!(drip.chunk().await.unwrap().is_some());
    }
    api.tell_to_stop();
    let addr = api.addr;
    timeout(PATIENCE, api.stopped()).await.unwrap();
    while let Ok(Some(_)) = drip.chunk().await {}
    assert!(TcpStream::connect(addr).await.is_err(), "the port is free again");
}

#[tokio::test]
async fn without_open_requests_it_stops_at_once() {
    let limits = Limits { drain: PATIENCE * 2, ..Limits::default() };
    let api = Running::start(&settings(Scheme::Http, None), None, limits).await;
    let client = plain();
    client.get(api.http("/ping")).send().await.unwrap();
    api.tell_to_stop();
    timeout(PATIENCE, api.stopped()).await.unwrap();
}
