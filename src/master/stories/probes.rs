//! Requests that no framework sends on purpose, byte by byte.

use super::line::event;
use super::{MemoryQuorum, Pki, TestMaster};
use mesoform_mesos::FrameworkInfo;
use mesoform_mesos::scheduler::Event;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Code, head and body of the one answer to a request, the connection having ended.
async fn probe(address: &str, line: &str, headers: &str, body: &str) -> (u16, String, String) {
    let length = body.len();
    let request = format!(
        "{line} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\ncontent-length: \
         {length}\r\n{headers}\r\n{body}"
    );
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut all = Vec::new();
    let read = timeout(Duration::from_secs(90), stream.read_to_end(&mut all)).await;
    assert!(read.is_ok(), "a hang after {line}");
    let text = String::from_utf8(all).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    (head[9..12].parse().unwrap(), head.to_owned(), body.to_owned())
}

#[tokio::test]
async fn whatever_comes_gets_an_answer() {
    let (quorum, pki) = (MemoryQuorum::new(), Pki::new());
    let master = TestMaster::start("m1", &quorum, &pki).await;
    master.leads().await;
    let json = "content-type: application/json\r\n";
    let deep = "[".repeat(100_000);
    let call = "POST /api/v1/scheduler";
    for (line, headers, body, expected) in [
        ("GET /state", "accept: text/plain\r\n", "", 200),
        ("HEAD /state", "", "", 200),
        ("GET http://127.0.0.1/master/state.json?jsonp=x", "", "", 200),
        ("GET /state/", "", "", 404),
        ("GET /%73tate", "", "", 404),
        ("GET /master/%ff", "", "", 404),
        ("GET /master%2fstate", "", "", 404),
        ("POST /state", "", "", 405),
        ("OPTIONS /state", "", "", 405),
        ("OPTIONS *", "", "", 204),
        ("CONNECT 127.0.0.1:5050", "", "", 405),
        ("TRACE /state", "", "", 405),
        ("GET /api/v1/scheduler", "", "", 405),
        (call, "", "{}", 400),
        (call, "content-type: application/x-protobuf\r\n", "\x0a\x00", 415),
        (call, "content-type: application/json, text/plain\r\n", "{}", 415),
        (call, "content-type: \r\n", "{}", 415),
        (call, "content-type: Application/JSON; charset=utf-8\r\n", "{}", 400),
        (call, json, "", 400),
        (call, json, "null", 400),
        (call, json, "[]", 400),
        (call, json, &deep, 400),
        (call, json, "{\"type\":\"BREW\"}", 400),
        (call, json, "{\"type\":\"SUBSCRIBE\"}", 400),
        (call, json, "{\"type\":\"SUBSCRIBE\",\"subscribe\":{\"framework_info\":{}}}", 400),
        (call, json, "{\"type\":\"TEARDOWN\"}", 400),
        ("POST /teardown", "", "frameworkId=%ff&&=", 400),
    ] {
        let (code, head, body) = probe(&master.http, line, headers, body).await;
        assert_eq!(code, expected, "{line} {headers}: {head} {body}");
        let is_text = head.contains("text/plain") || head.contains("application/json");
        assert!(body.is_empty() || is_text, "{line}: {head}");
    }
}

#[tokio::test]
async fn a_framework_that_hangs_up_is_noticed_at_once() {
    let (quorum, pki) = (MemoryQuorum::new(), Pki::new());
    let master = TestMaster::start("m1", &quorum, &pki).await;
    master.leads().await;
    let mut web = master.client().subscribe(FrameworkInfo::new("web", "root")).await.unwrap();
    let Event::Subscribed(_) = event(&mut web).await else { panic!() };
    assert_eq!(master.get("/frameworks").await["frameworks"].as_array().unwrap().len(), 1);
    drop(web);
    let gone = async {
        while !master.get("/frameworks").await["frameworks"].as_array().unwrap().is_empty() {}
    };
    timeout(Duration::from_secs(90), gone).await.unwrap();
}
