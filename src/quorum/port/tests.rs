//! Handshakes here may take as long as the tests do: no time-out ends what is silent.

#[path = "../tests/common/pki.rs"]
mod pki;

use super::incoming::{Entrance, HANDSHAKES, incoming};
use mesoform_identity::{Authority, Clients, Identity, Role};
use mesoform_settings::PkiPaths;
use rustls_pki_types::ServerName;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_rustls::{TlsAcceptor, TlsConnector};
use tokio_stream::StreamExt;

/// Longer than an honest handshake takes on any machine.
const PATIENCE: Duration = Duration::from_secs(60);
const FOR_EVER: Duration = Duration::from_secs(1 << 30);

#[tokio::test]
async fn the_silent_make_way() {
    let keys = Keys::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap();
    let mut admitted = incoming(listener, port, keys.entrance());
    let mut silent = Vec::new();
    for _ in 0..HANDSHAKES + 100 {
        silent.push(connect(port, 1).await);
    }
    for host in [2, 1] {
        let shaken = async {
            let stream = connect(port, host).await;
            let name = ServerName::from(IpAddr::from(Ipv4Addr::LOCALHOST));
            keys.client().connect(name, stream).await.unwrap()
        };
        let both = async { tokio::join!(shaken, admitted.next()) };
        let (_client, came) = timeout(PATIENCE, both).await.expect("silence keeps others out");
        assert_eq!(came.unwrap().unwrap().peer.role, Role::Operator, "from 127.0.0.{host}");
    }
}

/// From 127.0.0.`host`.
async fn connect(port: SocketAddr, host: u8) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((Ipv4Addr::new(127, 0, 0, host), 0).into()).unwrap();
    socket.connect(port).await.unwrap()
}

/// A voter's and an operator's.
struct Keys {
    dir: TempDir,
}

impl Keys {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let authority = Authority::create("test").unwrap();
        for role in [Role::Quorum, Role::Operator] {
            pki::issue(&authority, dir.path(), role, "somewhere");
        }
        Self { dir }
    }

    fn identity(&self, role: Role) -> Identity {
        Identity::load(&PkiPaths::in_dir(self.dir.path(), role.as_str())).unwrap()
    }

    fn entrance(&self) -> Entrance {
        let config = self.identity(Role::Quorum).server_config(Clients::Required, &[b"h2"]);
        Entrance {
            tls: TlsAcceptor::from(config.unwrap()),
            cluster: "test".to_owned(),
            roles: &[Role::Operator],
            within: FOR_EVER,
        }
    }

    fn client(&self) -> TlsConnector {
        let identity = self.identity(Role::Operator);
        TlsConnector::from(identity.client_config_to(&[Role::Quorum], &[b"h2"]).unwrap())
    }
}
