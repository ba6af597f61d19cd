//! What no well-meaning client sends, byte by byte: each gets an answer or a clean end.

use crate::kit::{Running, settings};
use mesoform_http::Limits;
use mesoform_settings::Scheme;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Far more than any time-out of these tests.
const PATIENCE: Duration = Duration::from_secs(90);

async fn door() -> Running {
    // And yet longer than a busy machine needs to send what it means to send.
    let short = Duration::from_secs(5);
    let limits =
        Limits { head: short, idle_stranger: short, stall: short, body: 1000, ..Limits::default() };
    Running::start(&settings(Scheme::Http, None), None, limits).await
}

/// Sends `bytes` and reads to the end.
async fn say(door: &Running, bytes: &[u8], half_close: bool) -> Vec<u8> {
    let mut stream = TcpStream::connect(door.addr).await.unwrap();
    // The door may have seen enough before the end.
    let _ = stream.write_all(bytes).await;
    if half_close {
        let _ = stream.shutdown().await;
    }
    let mut all = Vec::new();
    let read = timeout(PATIENCE, stream.read_to_end(&mut all)).await;
    assert!(read.is_ok(), "a hang after {:?}", String::from_utf8_lossy(bytes));
    all
}

/// The codes of all answers to `request`, whose line ends are written as `|`.
async fn codes(door: &Running, request: &str) -> Vec<u16> {
    let bytes = request.replace('|', "\r\n").into_bytes();
    in_answer(&say(door, &bytes, false).await)
}

/// All at once: each may take as long as an idle connection is borne.
async fn all_get(door: &Running, cases: Vec<(String, Vec<u16>)>) {
    let asked = cases.iter().map(|(request, _)| codes(door, request));
    let answers = futures::future::join_all(asked).await;
    for ((request, expected), codes) in cases.iter().zip(answers) {
        let start: String = request.chars().take(200).collect();
        assert_eq!(codes, *expected, "{start}");
    }
}

fn in_answer(answer: &[u8]) -> Vec<u16> {
    let text = String::from_utf8_lossy(answer).into_owned();
    let starts = text.match_indices("HTTP/1.").map(|(at, _)| &text[at + 9..at + 12]);
    starts.map(|code| code.parse().unwrap()).collect()
}

#[tokio::test]
async fn lengths_mean_one_thing_only() {
    let door = door().await;
    let post = "POST /size HTTP/1.1|host: localhost|";
    let smuggled = "GET /ping HTTP/1.1|host: localhost||";
    let mut cases = Vec::new();
    for (headers, body, expected) in [
        // Whoever goes by the other length would find a second request: there is none.
        ("content-length: 4|transfer-encoding: chunked", "0||", vec![200]),
        ("transfer-encoding: chunked|content-length: 4", "0||", vec![200]),
        ("transfer-encoding: chunked", "0||", vec![200]),
        ("transfer-encoding: chunked|transfer-encoding: identity", "0||", vec![400]),
        ("transfer-encoding: chunked, identity", "0||", vec![400]),
        ("transfer-encoding: gzip", "0||", vec![400]),
        ("transfer-encoding : chunked", "0||", vec![400]),
        ("content-length: 1|content-length: 2", "x", vec![400]),
        ("content-length: 1|content-length: 1", "x", vec![200, 200]),
        ("content-length: 1", "x", vec![200, 200]),
        ("content-length: 1, 1", "x", vec![400]),
        ("content-length: +1", "x", vec![400]),
        ("content-length: -1", "x", vec![400]),
        ("content-length: 0x1", "x", vec![400]),
        ("content-length: 99999999999999999999", "x", vec![400]),
        ("content-length: 1001", "x", vec![413]),
        ("transfer-encoding: chunked", "fffffffffffffffff|x|0||", vec![400]),
        ("transfer-encoding: chunked", "zz|x|0||", vec![400]),
        ("transfer-encoding: chunked", "-1|x|0||", vec![400]),
    ] {
        cases.push((format!("{post}{headers}||{body}{smuggled}"), expected));
    }
    all_get(&door, cases).await;
}

#[tokio::test]
async fn odd_requests_get_a_plain_no() {
    let door = door().await;
    let long = |n: usize| "a".repeat(n);
    let many = "x: y|".repeat(200);
    let cases = [
        ("GET /ping HTTP/1.1||".to_owned(), vec![400]),
        ("GET /ping HTTP/1.1|host: localhost|host: localhost||".to_owned(), vec![400]),
        ("GET /ping HTTP/1.1|host: evil.example||".to_owned(), vec![403]),
        ("GET http://evil.example/ping HTTP/1.1|host: localhost||".to_owned(), vec![403]),
        ("GET http://localhost/ping HTTP/1.1|host: localhost||".to_owned(), vec![200]),
        ("GET ping HTTP/1.1|host: localhost||".to_owned(), vec![400]),
        ("GET /ping HTTP/3.7|host: localhost||".to_owned(), vec![400]),
        ("GET /ping||".to_owned(), vec![400]),
        ("GET /ping HTTP/1.1|no colon||".to_owned(), vec![400]),
        ("GET /ping HTTP/1.1|host: localhost|a: b| folded||".to_owned(), vec![400]),
        ("GET /ping HTTP/1.1|host: local\0host||".to_owned(), vec![400]),
        ("get /ping HTTP/1.1|host: localhost||".to_owned(), vec![405]),
        ("CONNECT localhost:80 HTTP/1.1|host: localhost||".to_owned(), vec![405]),
        ("TRACE /ping HTTP/1.1|host: localhost||".to_owned(), vec![405]),
        ("OPTIONS * HTTP/1.1|host: localhost||".to_owned(), vec![204]),
        ("OPTIONS /ping HTTP/1.1|host: localhost||".to_owned(), vec![405]),
        ("HEAD /ping HTTP/1.1|host: localhost||".to_owned(), vec![200]),
        ("GET /%ff/%2f HTTP/1.1|host: localhost||".to_owned(), vec![404]),
        (format!("GET /{} HTTP/1.1|host: localhost||", long(20_000)), vec![414]),
        (format!("GET /{} HTTP/1.1|host: localhost||", long(100_000)), vec![431]),
        (format!("GET / HTTP/1.1|host: localhost|x: {}||", long(100_000)), vec![431]),
        (format!("GET / HTTP/1.1|host: localhost|{many}|"), vec![431]),
        (
            "GET /ping HTTP/1.1|host: localhost|upgrade: h2c|connection: upgrade||".to_owned(),
            vec![200],
        ),
        ("\x01\x02\x03||".to_owned(), vec![400]),
        ("|||||".to_owned(), vec![]),
    ];
    all_get(&door, cases.to_vec()).await;
    let raw = say(&door, b"GET /\xff\xfe HTTP/1.1\r\nhost: localhost\r\n\r\n", false).await;
    assert!(matches!(in_answer(&raw)[..], [400 | 404]), "{raw:?}");
}

#[tokio::test]
async fn old_and_hasty_clients_are_served() {
    let door = door().await;
    let get = "GET /ping HTTP/1.1|host: localhost||";
    let simple = "GET /ping HTTP/1.0||";
    let alive = "GET /ping HTTP/1.0|connection: keep-alive||";
    let expecting = "POST /size HTTP/1.1|host: localhost|expect: 100-continue|content-length: ";
    let cases = [
        (get.repeat(3), vec![200, 200, 200]),
        // Health checks of load balancers say no more.
        (simple.to_owned(), vec![200]),
        (alive.repeat(2), vec![200, 200]),
        ("POST /size HTTP/1.0|transfer-encoding: chunked||0||".to_owned(), vec![400]),
        ("GET /ping HTTP/1.0|host: evil.example||".to_owned(), vec![403]),
        // Told to go on; and told no at once where there is no point.
        (format!("{expecting}1||x"), vec![100, 200]),
        (format!("{expecting}1001||"), vec![413]),
    ];
    all_get(&door, cases.to_vec()).await;
    let body = say(&door, b"HEAD /ping HTTP/1.1\r\nhost: localhost\r\n\r\n", false).await;
    assert!(body.ends_with(b"\r\n\r\n"), "HEAD has no body");
}

#[tokio::test]
async fn half_closed_sockets_are_no_trouble() {
    let door = door().await;
    for (request, whole) in [
        ("GET /ping HTTP/1.1\r\nhost: localhost\r\n\r\n", true),
        ("GET /ping HT", false),
        ("POST /size HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\n\r\nab", false),
        (
            "POST /size HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab",
            false,
        ),
        ("", false),
    ] {
        let codes = in_answer(&say(&door, request.as_bytes(), true).await);
        let fits =
            if whole { codes.iter().all(|code| *code == 200) } else { !codes.contains(&200) };
        assert!(fits && !codes.contains(&500), "{request}: {codes:?}");
    }
}

/// Whoever sends a large body in one go sees why it is refused, and not a broken connection.
#[tokio::test]
async fn refusals_are_seen_by_those_who_send_much() {
    let door = door().await;
    for _ in 0..3 {
        let mut request =
            b"POST /size HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\ncontent-length: 3000000\r\n\r\n"
                .to_vec();
        request.resize(request.len() + 3_000_000, b'x');
        assert_eq!(in_answer(&say(&door, &request, false).await), [403]);
        let start = request.windows(12).position(|part| part == b"evil.example").unwrap();
        request.splice(start..start + 12, *b"localhost");
        assert_eq!(in_answer(&say(&door, &request, false).await), [413]);
    }
}

/// The bodies of all requests together are bounded, whoever sends them; what is answered makes room.
#[tokio::test]
async fn bodies_share_their_room() {
    let limits = Limits { bodies: 2500, body: 1000, ..Limits::default() };
    let door = Running::start(&settings(Scheme::Http, None), None, limits).await;
    let head = "POST /size HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000\r\nconnection: close\r\n\r\n";
    let mut first = TcpStream::connect(door.addr).await.unwrap();
    first.write_all(format!("{head}{}", "x".repeat(999)).as_bytes()).await.unwrap();
    let whole = format!("{head}{}", "x".repeat(1000));
    let refused = async { while in_answer(&say(&door, whole.as_bytes(), false).await) != [503] {} };
    timeout(PATIENCE, refused).await.unwrap();
    first.write_all(b"x").await.unwrap();
    let mut answer = Vec::new();
    timeout(PATIENCE, first.read_to_end(&mut answer)).await.unwrap().unwrap();
    assert_eq!(in_answer(&answer), [200]);
    assert_eq!(in_answer(&say(&door, whole.as_bytes(), false).await), [200]);
}
