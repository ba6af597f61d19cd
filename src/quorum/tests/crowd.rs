//! Connections that say nothing, without any certificate, in as great a number as one address likes: they
//! keep nobody out.

// Helpers of tests, though not themselves marked as such.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[allow(dead_code)]
mod common;

use common::Cluster;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;

/// More than twice what a port shakes hands with at once.
const SILENT: usize = 600;
/// Whoever was closed comes again after this.
const PAUSE: Duration = Duration::from_secs(3);
/// Where clients and voters come from.
const HONEST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const ELSEWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 9));

#[tokio::test]
async fn silence_from_elsewhere_keeps_no_client_out() {
    a_client_is_answered(ELSEWHERE).await;
}

#[tokio::test]
async fn silence_from_his_own_address_keeps_no_client_out() {
    a_client_is_answered(HONEST).await;
}

#[tokio::test]
async fn silence_keeps_no_voter_out() {
    let mut cluster = Cluster::up(3).await;
    cluster.client(1).ready().await;
    let ports = cluster.slots().into_iter().map(|slot| cluster.settings(slot).listen_peer);
    let _crowds = crowds(ports, ELSEWHERE).await;
    cluster.kill(3);
    cluster.start(3).await;
    // The third comes in at the others' ports, and they at its.
    let mut client = cluster.client(3);
    client.ready().await;
    client.insist("a", "1").await;
    cluster.kill(2);
    client.insist("a", "2").await;
}

/// While both ports of a voter are crowded from this address.
async fn a_client_is_answered(from: IpAddr) {
    let cluster = Cluster::up(1).await;
    cluster.client(1).ready().await;
    let settings = cluster.settings(1);
    let _crowds = crowds([settings.listen_client, settings.listen_peer], from).await;
    cluster.client(1).insist("a", "1").await;
}

async fn crowds(ports: impl IntoIterator<Item = SocketAddr>, from: IpAddr) -> Vec<Crowd> {
    // Each connection has both of its ends here.
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, most, most).unwrap();
    let mut crowds = Vec::new();
    for port in ports {
        crowds.push(Crowd::at(port, from).await);
    }
    crowds
}

/// Connections to one port, all silent; gone when this is dropped.
struct Crowd {
    _silent: JoinSet<()>,
}

impl Crowd {
    /// A crowd whose every connection stands, or waits in the kernel's queue.
    async fn at(port: SocketAddr, from: IpAddr) -> Self {
        let mut silent = JoinSet::new();
        for _ in 0..SILENT {
            let first = connect(port, from).await.expect("the machine has no room for the crowd");
            silent.spawn(be_silent(first, port, from));
        }
        Self { _silent: silent }
    }
}

async fn be_silent(first: TcpStream, port: SocketAddr, from: IpAddr) {
    let mut stream = Some(first);
    loop {
        if let Some(mut stream) = stream {
            // Nothing is ever said to those who say nothing: this waits for the end.
            let _ = stream.read(&mut [0]).await;
        }
        tokio::time::sleep(PAUSE).await;
        stream = connect(port, from).await.ok();
    }
}

async fn connect(port: SocketAddr, from: IpAddr) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::new(from, 0))?;
    socket.connect(port).await
}
