//! One connection over a pipe in memory, with a clock that only the test moves.

use super::{Common, Connection};
use crate::guard::Guard;
use crate::places::{Place, Places, Standing};
use crate::speech::Speech;
use crate::{Credentials, Limits, credential_line};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::routing::{get, post};
use base64::Engine;
use futures::StreamExt;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

const GET: &str = "GET /who HTTP/1.1\r\nhost: h\r\n\r\n";
/// What the pipe holds, as a socket's buffers do.
const PIPE: usize = 4 << 10;

struct Rig {
    caller: DuplexStream,
    stop: CancellationToken,
    /// When the connection was over.
    served: JoinHandle<Instant>,
    begun: Instant,
}

impl Rig {
    async fn new(credentials: Option<Credentials>, standing: Standing) -> Self {
        let guard = Guard::Api { credentials, loopback_only: false, host: None };
        let (caller, ours) = duplex(PIPE);
        let stop = CancellationToken::new();
        let limits = Limits { body: 10_000, ..Limits::default() };
        let common = Common::new(Speech::Plain, guard, routes(), limits, stop.clone());
        let connection = Connection::new(common, "10.0.0.1:1".parse().unwrap(), place().await);
        connection.place.settle(standing.clone()).unwrap();
        let known = standing != Standing::Stranger;
        let served = tokio::spawn(async move {
            connection.speak(ours, None, known).await;
            Instant::now()
        });
        Self { caller, stop, served, begun: Instant::now() }
    }

    async fn stranger() -> Self {
        Self::new(None, Standing::Stranger).await
    }

    async fn say(&mut self, words: impl AsRef<[u8]>) {
        self.caller.write_all(words.as_ref()).await.unwrap();
    }

    /// One answer: its head, and a body with a length.
    async fn hear(&mut self) -> (u16, String) {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.caller.read_u8().await.unwrap());
        }
        let head = String::from_utf8(head).unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
        self.caller.read_exact(&mut body).await.unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), String::from_utf8(body).unwrap())
    }

    /// Seconds since the beginning at which the other side ended it.
    async fn over(self) -> u64 {
        let Self { mut caller, served, begun, .. } = self;
        let mut rest = Vec::new();
        let _ = caller.read_to_end(&mut rest).await;
        (served.await.unwrap() - begun).as_secs()
    }
}

async fn place() -> Place {
    Places::new(8, "10.0.0.2:80".parse().unwrap()).arrive([10, 0, 0, 1].into()).await
}

fn routes() -> Router {
    let drips = || async {
        let ticks = futures::stream::repeat(()).then(|()| sleep(Duration::from_secs(100)));
        Body::from_stream(ticks.map(|()| Ok::<_, std::io::Error>("drop")))
    };
    let flood = || async {
        let all = futures::stream::repeat(Bytes::from_static(&[b'x'; 1000]));
        Body::from_stream(all.map(Ok::<_, std::io::Error>))
    };
    Router::new()
        .route("/who", get(|| async { "you" }))
        .route("/large", get(|| async { "x".repeat(1_000_000) }))
        .route("/slow", get(|| async { sleep(Duration::from_secs(1000)).await }))
        .route("/size", post(|body: String| async move { body.len().to_string() }))
        .route("/drips", get(drips))
        .route("/flood", get(flood))
}

#[tokio::test(start_paused = true)]
async fn the_first_request_is_waited_for_and_then_the_next_one() {
    assert_eq!(Rig::stranger().await.over().await, 10);
    let mut dripping = Rig::stranger().await;
    for letter in GET[..9].chars() {
        dripping.say(letter.to_string()).await;
        sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(dripping.over().await, 10);
    let mut idle = Rig::stranger().await;
    for _ in 0..3 {
        idle.say(GET).await;
        assert_eq!(idle.hear().await, (200, "you".to_owned()));
        sleep(Duration::from_secs(14)).await;
    }
    assert_eq!(idle.over().await, 14 + 14 + 15);
}

#[tokio::test(start_paused = true)]
async fn half_a_head_is_waited_for_no_longer_later() {
    let mut member = Rig::new(None, Standing::Member { agent_of: None }).await;
    member.say(GET).await;
    member.hear().await;
    sleep(Duration::from_secs(100)).await;
    member.say(&GET[..9]).await;
    assert_eq!(member.over().await, 110);
}

#[tokio::test(start_paused = true)]
async fn members_and_those_with_a_password_may_idle_for_longer() {
    let mut member = Rig::new(None, Standing::Member { agent_of: None }).await;
    member.say(GET).await;
    member.hear().await;
    assert_eq!(member.over().await, 120);

    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("credentials");
    std::fs::write(&path, credential_line("admin", "secret", b"salt")).unwrap();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
    let guarded = || Rig::new(Some(Credentials::load(&path).unwrap()), Standing::Stranger);
    let mut stranger = guarded().await;
    stranger.say(GET).await;
    assert_eq!(stranger.hear().await.0, 401);
    assert_eq!(stranger.over().await, 15);
    let mut user = guarded().await;
    let pair = base64::prelude::BASE64_STANDARD.encode("admin:secret");
    user.say(format!("GET /who HTTP/1.1\r\nhost: h\r\nauthorization: Basic {pair}\r\n\r\n")).await;
    assert_eq!(user.hear().await.0, 200);
    assert_eq!(user.over().await, 120);
}

#[tokio::test(start_paused = true)]
async fn long_answers_and_quiet_streams_stay() {
    let mut slow = Rig::stranger().await;
    slow.say("GET /slow HTTP/1.1\r\nhost: h\r\n\r\n").await;
    assert_eq!(slow.hear().await.0, 200);
    assert_eq!(slow.begun.elapsed().as_secs(), 1000);
    let mut stream = Rig::stranger().await;
    stream.say("GET /drips HTTP/1.1\r\nhost: h\r\n\r\n").await;
    stream.hear().await;
    for _ in 0..10 {
        let mut drop = [0; 9];
        stream.caller.read_exact(&mut drop).await.unwrap();
        assert_eq!(&drop, b"4\r\ndrop\r\n");
    }
}

#[tokio::test(start_paused = true)]
async fn who_takes_nothing_of_an_answer_is_cut() {
    for path in ["/large", "/flood"] {
        let mut reader = Rig::stranger().await;
        reader.say(format!("GET {path} HTTP/1.1\r\nhost: h\r\n\r\n")).await;
        for _ in 0..5 {
            sleep(Duration::from_secs(19)).await;
            reader.caller.read_exact(&mut [0; 8 * PIPE]).await.unwrap();
        }
        let Rig { served, begun, .. } = reader;
        let ended = served.await.unwrap() - begun;
        assert_eq!(ended.as_secs(), 5 * 19 + 20, "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn slow_bodies_come_to_an_end() {
    let head = "POST /size HTTP/1.1\r\nhost: h\r\ncontent-length: 5000\r\n\r\n";
    let mut silent = Rig::stranger().await;
    silent.say(head).await;
    assert_eq!(silent.hear().await.0, 408);
    assert_eq!(silent.begun.elapsed().as_secs(), 20);
    assert_eq!(silent.over().await, 20, "and the connection with it");
    let mut dripping = Rig::stranger().await;
    dripping.say(head).await;
    for _ in 0..10 {
        sleep(Duration::from_millis(1900)).await;
        dripping.say("x").await;
    }
    assert_eq!(dripping.hear().await.0, 408);
    assert_eq!(dripping.begun.elapsed().as_secs(), 20, "ten bytes earn nothing");
    let mut steady = Rig::stranger().await;
    steady.say(head).await;
    for _ in 0..5 {
        sleep(Duration::from_secs(4)).await;
        steady.say([b'x'; 1000]).await;
    }
    assert_eq!(steady.hear().await, (200, "5000".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn large_bodies_are_heard_out_and_refused() {
    for head in ["content-length: 20000", "transfer-encoding: chunked"] {
        let mut caller = Rig::stranger().await;
        caller.say(format!("POST /size HTTP/1.1\r\nhost: h\r\n{head}\r\n\r\n")).await;
        for _ in 0..2 {
            if head.contains("chunked") {
                caller.say(b"2710\r\n").await;
            }
            caller.say([b'x'; 10_000]).await;
            if head.contains("chunked") {
                caller.say(b"\r\n").await;
            }
        }
        if head.contains("chunked") {
            caller.say(b"0\r\n\r\n").await;
        }
        assert_eq!(caller.hear().await.0, 413, "{head}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_shutdown_lets_answers_end_and_cuts_the_rest() {
    let idle = Rig::stranger().await;
    idle.stop.cancel();
    assert_eq!(idle.over().await, 0);
    let mut stream = Rig::stranger().await;
    stream.say("GET /drips HTTP/1.1\r\nhost: h\r\n\r\n").await;
    stream.hear().await;
    stream.stop.cancel();
    assert_eq!(stream.over().await, 5);
    let mut asking = Rig::stranger().await;
    asking.say("POST /size HTTP/1.1\r\nhost: h\r\ncontent-length: 2\r\n\r\nx").await;
    sleep(Duration::from_secs(1)).await;
    asking.stop.cancel();
    sleep(Duration::from_secs(1)).await;
    asking.say("x").await;
    assert_eq!(asking.hear().await, (200, "2".to_owned()));
    assert_eq!(asking.over().await, 2);
}
