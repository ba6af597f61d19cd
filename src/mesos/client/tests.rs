//! The client against masters that misbehave.

use super::*;
use crate::recordio::encode;
use crate::scheduler::{CallBody, Event};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const HEAD: &str = "HTTP/1.1 200 OK\r\nMesos-Stream-Id: s1\r\nContent-Type: application/json\r\n\
                    Connection: close\r\n\r\n";

/// A master that gives this answer to everyone, and then does what `after` says with the connection.
async fn master(answer: String, after: After) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        let mut open = Vec::new();
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            read_request(&mut stream).await;
            stream.write_all(answer.as_bytes()).await.unwrap();
            if after == After::KeepOpen {
                open.push(stream);
            }
        }
    });
    address
}

#[derive(PartialEq)]
enum After {
    Close,
    KeepOpen,
}

/// Reads a whole request: its length is in its head.
async fn read_request(stream: &mut TcpStream) -> String {
    let mut seen = Vec::new();
    loop {
        let mut buffer = [0; 4096];
        let read = stream.read(&mut buffer).await.unwrap();
        seen.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&seen).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.to_ascii_lowercase();
            let length = length.lines().find_map(|l| l.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |l| l.parse().unwrap()) {
                return text;
            }
        }
        assert!(read > 0, "{text}");
    }
}

fn subscribed(interval: f64) -> String {
    let event = json!({"type": "SUBSCRIBED", "subscribed": {
        "framework_id": {"value": "f1"}, "heartbeat_interval_seconds": interval,
    }});
    String::from_utf8(encode(event.to_string().as_bytes()).to_vec()).unwrap()
}

fn client(masters: &[String]) -> SchedulerClient {
    let masters = masters.to_vec();
    SchedulerClient::new(ClientOptions { masters, ..ClientOptions::default() }).unwrap()
}

async fn subscribe(masters: &[String]) -> Result<Subscription, ClientError> {
    client(masters).subscribe(FrameworkInfo::new("web", "root")).await
}

/// All events, and how it ended.
async fn drain(mut subscription: Subscription) -> (Vec<Event>, ClientError) {
    let mut events = Vec::new();
    loop {
        match subscription.next().await.unwrap() {
            ClientEvent::Event(event) => events.push(event),
            ClientEvent::Disconnected(cause) => {
                assert!(subscription.next().await.is_none());
                return (events, cause);
            }
        }
    }
}

/// Where nobody listens.
async fn nowhere() -> String {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().to_string()
}

#[tokio::test]
async fn dead_masters_and_standbys_are_passed_over() {
    let leader = master(format!("{HEAD}{}", subscribed(15.0)), After::Close).await;
    let standby = format!(
        "HTTP/1.1 307 Temporary Redirect\r\nLocation: //{leader}/api/v1/scheduler\r\n\
         Content-Length: 0\r\nConnection: close\r\n\r\n"
    );
    let standby = master(standby, After::Close).await;
    let none = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let none = master(none.to_owned(), After::Close).await;
    let subscription = subscribe(&[nowhere().await, none, standby]).await.unwrap();
    assert_eq!(subscription.caller().master().port(), leader[10..].parse().ok());
    let (events, cause) = drain(subscription).await;
    assert!(matches!(events[..], [Event::Subscribed(_)]));
    assert!(matches!(cause, ClientError::Ended { .. }), "{cause}");
}

#[tokio::test]
async fn a_master_without_heartbeats_is_gone() {
    let silent = master(format!("{HEAD}{}", subscribed(0.02)), After::KeepOpen).await;
    let (_, cause) = drain(subscribe(&[silent]).await.unwrap()).await;
    assert!(matches!(cause, ClientError::Heartbeats { .. }), "{cause}");
}

#[tokio::test]
async fn what_is_no_stream_of_events_ends_the_subscription() {
    for (body, expected) in [("5\nhello", "no stream of events"), ("hello\n", "no RecordIO")] {
        let odd = master(format!("{HEAD}{body}"), After::KeepOpen).await;
        let (_, cause) = drain(subscribe(&[odd]).await.unwrap()).await;
        assert!(cause.to_string().contains(expected), "{cause}");
    }
}

#[tokio::test]
async fn refusals_and_circles_are_told() {
    let refusal = "HTTP/1.1 400 Bad Request\r\nContent-Length: 3\r\nConnection: close\r\n\r\nno!";
    let refusing = master(refusal.to_owned(), After::Close).await;
    let other = nowhere().await;
    let error = subscribe(&[refusing, other.clone()]).await.err().unwrap();
    assert!(error.is_refusal() && error.to_string().ends_with("answered 400: no!"), "{error}");

    let redirect = |to: &str| {
        format!(
            "HTTP/1.1 307 Temporary Redirect\r\nLocation: {to}\r\nContent-Length: 0\r\n\
             Connection: close\r\n\r\n"
        )
    };
    for to in ["https://127.0.0.1:1/", "", "/api/v1/scheduler"] {
        let circle = master(redirect(to), After::Close).await;
        let error = subscribe(&[circle]).await.err().unwrap();
        assert!(matches!(error, ClientError::Redirect { .. }), "{error}");
    }
    let error = subscribe(&[other]).await.err().unwrap();
    assert!(matches!(error, ClientError::Unreachable { .. }), "{error}");
}

#[tokio::test]
async fn calls_carry_the_stream_and_the_framework() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let server = tokio::spawn(async move {
        let (mut events, _) = listener.accept().await.unwrap();
        read_request(&mut events).await;
        events.write_all(format!("{HEAD}{}", subscribed(15.0)).as_bytes()).await.unwrap();
        let (mut call, _) = listener.accept().await.unwrap();
        let request = read_request(&mut call).await;
        call.write_all(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n").await.unwrap();
        request
    });
    let mut subscription = subscribe(&[address]).await.unwrap();
    let caller = subscription.caller().clone();
    let early = caller.call(CallBody::Teardown).await;
    assert!(matches!(early, Err(ClientError::NotSubscribed)));
    assert!(matches!(subscription.next().await, Some(ClientEvent::Event(Event::Subscribed(_)))));
    caller.call(CallBody::Teardown).await.unwrap();
    let request = server.await.unwrap();
    assert!(request.contains("mesos-stream-id: s1"), "{request}");
    assert!(request.ends_with(r#"{"framework_id":{"value":"f1"},"type":"TEARDOWN"}"#), "{request}");
}

#[test]
fn addresses_that_are_none_are_told() {
    for text in ["ftp://x", "https://x:1", "http://", "a b"] {
        let masters = vec![text.to_owned()];
        let options = ClientOptions { masters, ..ClientOptions::default() };
        assert!(
            matches!(SchedulerClient::new(options), Err(ClientError::Address { .. })),
            "{text}"
        );
    }
    assert!(matches!(SchedulerClient::new(ClientOptions::default()), Err(ClientError::NoMasters)));
}
