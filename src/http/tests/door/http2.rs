//! HTTP/2 frame by frame, as no library would send them.

use crate::kit::{Running, settings};
use mesoform_http::Limits;
use mesoform_settings::Scheme;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Far more than any time-out of these tests.
const PATIENCE: Duration = Duration::from_secs(90);
/// And yet longer than a busy machine needs to send what it means to send.
const SHORT: Duration = Duration::from_secs(2);

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RESET: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;

const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

struct Frame {
    kind: u8,
    stream: u32,
    payload: Vec<u8>,
}

async fn door(limits: Limits) -> Running {
    Running::start(&settings(Scheme::Http, None), None, limits).await
}

async fn connect(door: &Running, settings: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(door.addr).await.unwrap();
    stream.write_all(PREFACE).await.unwrap();
    stream.write_all(&frame(SETTINGS, 0, 0, settings)).await.unwrap();
    stream
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// `GET path`, with the names of HPACK's static table.
fn get(path: &str) -> Vec<u8> {
    let mut block = vec![0x82, 0x86, 0x04, path.len() as u8];
    block.extend(path.bytes());
    block.extend([0x01, 9]);
    block.extend(b"localhost");
    block
}

async fn next(stream: &mut TcpStream) -> Option<Frame> {
    let mut head = [0; 9];
    timeout(PATIENCE, stream.read_exact(&mut head)).await.unwrap().ok()?;
    let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
    let mut payload = vec![0; length];
    stream.read_exact(&mut payload).await.ok()?;
    let number = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
    Some(Frame { kind: head[3], stream: number, payload })
}

/// Reads until the other side ends the connection; whether it said why.
async fn is_sent_away(stream: &mut TcpStream) -> bool {
    let mut said = false;
    while let Some(frame) = next(stream).await {
        said |= frame.kind == GOAWAY;
    }
    said
}

#[tokio::test]
async fn a_request_is_answered() {
    let door = door(Limits::default()).await;
    let mut stream = connect(&door, &[]).await;
    stream.write_all(&frame(HEADERS, END_HEADERS | END_STREAM, 1, &get("/ping"))).await.unwrap();
    loop {
        let frame = next(&mut stream).await.unwrap();
        if frame.kind == DATA && !frame.payload.is_empty() {
            assert_eq!((frame.stream, &frame.payload[..]), (1, &b"pong"[..]));
            return;
        }
    }
}

#[tokio::test]
async fn rapid_resets_end_the_connection() {
    let door = door(Limits::default()).await;
    let mut stream = connect(&door, &[]).await;
    let (mut reader, mut writer) = stream.split();
    let mut bytes = Vec::new();
    for number in 0..20_000_u32 {
        let stream = number * 2 + 1;
        bytes.extend(frame(HEADERS, END_HEADERS | END_STREAM, stream, &get("/drip")));
        bytes.extend(frame(RESET, 0, stream, &8_u32.to_be_bytes()));
    }
    let mut answer = Vec::new();
    let both = async { tokio::join!(writer.write_all(&bytes), reader.read_to_end(&mut answer)).0 };
    let sent = timeout(PATIENCE, both).await.unwrap();
    assert!(sent.is_err() || !answer.is_empty());
    let other = crate::kit::plain().get(door.http("/ping")).send().await.unwrap();
    assert_eq!(other.status(), 200);
}

#[tokio::test]
async fn endless_heads_end_the_connection() {
    let door = door(Limits { head: SHORT, ..Limits::default() }).await;
    let mut stream = connect(&door, &[]).await;
    // Never finished, and nothing more comes.
    stream.write_all(&frame(HEADERS, END_STREAM, 1, &get("/ping"))).await.unwrap();
    is_sent_away(&mut stream).await;
    // Never finished, and more and more comes.
    let mut flood = connect(&door, &[]).await;
    let (mut reader, mut writer) = flood.split();
    let mut bytes = frame(HEADERS, END_STREAM, 1, &get("/ping"));
    let filler = [0x40, 1, b'x', 1, b'y'].repeat(1000);
    (0..500).for_each(|_| bytes.extend(frame(CONTINUATION, 0, 1, &filler)));
    let mut answer = Vec::new();
    let both = async { tokio::join!(writer.write_all(&bytes), reader.read_to_end(&mut answer)) };
    drop(timeout(PATIENCE, both).await.unwrap());
}

#[tokio::test]
async fn idle_connections_are_told_to_go_however_they_ping() {
    let door = door(Limits { idle_stranger: SHORT, drain: SHORT, ..Limits::default() }).await;
    let mut stream = connect(&door, &[]).await;
    stream.write_all(&frame(HEADERS, END_HEADERS | END_STREAM, 1, &get("/ping"))).await.unwrap();
    let (mut reader, mut writer) = stream.into_split();
    let pinging = tokio::spawn(async move {
        while writer.write_all(&frame(6, 0, 0, &[0; 8])).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    let mut answer = Vec::new();
    let _ = timeout(PATIENCE, reader.read_to_end(&mut answer)).await.unwrap();
    pinging.abort();
}

/// With a window of a few bytes, the answer never gets anywhere.
#[tokio::test]
async fn who_opens_no_window_is_cut() {
    let door =
        door(Limits { stall: SHORT, idle_stranger: SHORT, drain: SHORT, ..Limits::default() })
            .await;
    let tiny_window = [0, 4, 0, 0, 0, 2];
    for path in ["/ping", "/drip"] {
        let mut stream = connect(&door, &tiny_window).await;
        stream.write_all(&frame(HEADERS, END_HEADERS | END_STREAM, 1, &get(path))).await.unwrap();
        is_sent_away(&mut stream).await;
    }
}
