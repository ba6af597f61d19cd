//! More connections than a door has places for.

use crate::kit::{Cluster, Running, plain, settings};
use mesoform_http::{Door, Limits};
use mesoform_identity::Role;
use mesoform_settings::Scheme;
use reqwest::StatusCode;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

const GET: &[u8] = b"GET /ping HTTP/1.1\r\nhost: localhost\r\n\r\n";
/// Far more than any time-out of these tests.
const PATIENCE: Duration = Duration::from_secs(90);

/// A connection from one of the addresses of this machine.
async fn connect(from: u8, to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((Ipv4Addr::new(127, 0, 7, from), 0).into()).unwrap();
    socket.connect(to).await.unwrap()
}

/// The code of one answer on a connection that then stays open.
async fn ask(stream: &mut TcpStream) -> u16 {
    stream.write_all(GET).await.unwrap();
    let mut start = [0; 12];
    timeout(PATIENCE, stream.read_exact(&mut start)).await.unwrap().unwrap();
    String::from_utf8_lossy(&start)[9..].parse().unwrap()
}

/// On a plain port of a cluster: 12 places for newcomers, 63 for guests, 32 of them for one address.
async fn small(cluster: &Cluster) -> Running {
    let limits = Limits { connections: 100, ..Limits::default() };
    let identity = cluster.identity(Role::Master);
    Running::start(&settings(Scheme::Http, None), Some(&identity), limits).await
}

#[tokio::test]
async fn one_address_has_its_share_and_no_more() {
    let cluster = Cluster::new();
    let api = small(&cluster).await;
    let mut greedy = Vec::new();
    for _ in 0..32 {
        let mut stream = connect(1, api.addr).await;
        assert_eq!(ask(&mut stream).await, 200);
        greedy.push(stream);
    }
    let mut refused = connect(1, api.addr).await;
    refused.write_all(GET).await.unwrap();
    let mut words = String::new();
    timeout(PATIENCE, refused.read_to_string(&mut words)).await.unwrap().unwrap();
    assert!(words.starts_with("HTTP/1.1 503 ") && words.contains("retry-after"), "{words}");
    assert_eq!(ask(&mut connect(2, api.addr).await).await, 200, "others are not concerned");
    drop(greedy);
    let again = async { while ask(&mut connect(1, api.addr).await).await != 200 {} };
    timeout(PATIENCE, again).await.unwrap();
}

#[tokio::test]
async fn the_cluster_s_own_parts_always_come_in() {
    let cluster = Cluster::new();
    let api = small(&cluster).await;
    let mut guests = Vec::new();
    for from in 1..=3 {
        for _ in 0..21 {
            let mut stream = connect(from, api.addr).await;
            assert_eq!(ask(&mut stream).await, 200);
            guests.push(stream);
        }
    }
    assert_eq!(ask(&mut connect(9, api.addr).await).await, 503, "no guest has a place now");
    for _ in 0..5 {
        let member = cluster.member(Role::Scheduler).get(api.https("/who")).send().await.unwrap();
        assert_eq!(member.text().await.unwrap(), "scheduler@h1");
    }
    drop(guests);
}

#[tokio::test]
async fn the_silent_make_way() {
    let cluster = Cluster::new();
    let identity = cluster.identity(Role::Master);
    let door = Door::mutual(([127, 0, 0, 1], 0).into(), &identity, &[Role::Agent]).await.unwrap();
    let limits = Limits { connections: 40, handshake: PATIENCE * 10, ..Limits::default() };
    let port = Running::door(door.with_limits(limits));
    let mut silent = Vec::new();
    for _ in 0..20 {
        silent.push(connect(1, port.addr).await);
    }
    let agent = cluster.member(Role::Agent).get(port.https("/who")).send();
    assert_eq!(timeout(PATIENCE, agent).await.unwrap().unwrap().status(), StatusCode::OK);
    let mut first = silent.swap_remove(0);
    let end = timeout(PATIENCE, first.read(&mut [0])).await.unwrap();
    assert!(matches!(end, Ok(0) | Err(_)), "the oldest had to go");
}

/// As many as the limits of this process allow: each has two ends here.
#[tokio::test]
async fn thousands_of_idle_connections_are_borne_and_then_closed() {
    let (soft, _) =
        nix::sys::resource::getrlimit(nix::sys::resource::Resource::RLIMIT_NOFILE).unwrap();
    let files = usize::try_from(soft.min(24_000)).unwrap();
    let limits = Limits { connections: files, ..Limits::default() };
    let limits = Limits { idle_stranger: Duration::from_secs(3), ..limits };
    let cluster = Cluster::new();
    let identity = cluster.identity(Role::Master);
    let api = Running::start(&settings(Scheme::Http, None), Some(&identity), limits).await;
    let mut crowd = Vec::new();
    for number in 0..files / 4 {
        let mut stream = connect((number % 20) as u8, api.addr).await;
        stream.write_all(GET).await.unwrap();
        crowd.push(stream);
    }
    println!("{} connections", crowd.len());
    let member = cluster.member(Role::Scheduler).get(api.https("/who")).send();
    assert_eq!(member.await.unwrap().status(), StatusCode::OK);
    for mut stream in crowd {
        let mut all = Vec::new();
        timeout(PATIENCE, stream.read_to_end(&mut all)).await.unwrap().unwrap();
        let all = String::from_utf8(all).unwrap();
        assert!(all.starts_with("HTTP/1.1 200 ") && all.ends_with("pong"), "{all}");
    }
    assert_eq!(plain().get(api.http("/ping")).send().await.unwrap().status(), StatusCode::OK);
}
