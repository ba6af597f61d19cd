use super::*;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// What a handshake between the two came to: whom the server saw, and the protocol agreed on.
type Met = (Option<Peer>, Option<Vec<u8>>);

async fn meet(
    server: std::sync::Arc<rustls::ServerConfig>,
    client: std::sync::Arc<rustls::ClientConfig>,
    name: &'static str,
) -> std::io::Result<Met> {
    let (near, far) = tokio::io::duplex(16 * 1024);
    let serve = async move {
        let mut stream = TlsAcceptor::from(server).accept(far).await?;
        let state = stream.get_ref().1;
        let peer = state.peer_certificates().map(|chain| peer_of(&chain[0]).unwrap());
        let met = (peer, state.alpn_protocol().map(<[u8]>::to_vec));
        stream.write_all(b"hello").await?;
        stream.shutdown().await?;
        Ok::<Met, std::io::Error>(met)
    };
    let call = async move {
        let name = ServerName::try_from(name).unwrap();
        let mut stream = TlsConnector::from(client).connect(name, near).await?;
        let mut hello = [0; 5];
        stream.read_exact(&mut hello).await
    };
    let (served, called) = tokio::join!(serve, call);
    called?;
    served
}

fn identity(authority: &Authority, role: Role) -> Identity {
    let dir = tempfile::tempdir().unwrap();
    Identity::load(&install(authority, dir.path(), role)).unwrap()
}

#[tokio::test]
async fn both_sides_know_each_other() {
    let authority = Authority::create("demo").unwrap();
    let server = identity(&authority, Role::Master).server_config(Clients::Required, &[b"h2"]);
    let agent = identity(&authority, Role::Agent);
    for name in ["localhost", "127.0.0.1", "::1", "h1.example"] {
        let client = agent.client_config_to(&[Role::Master], &[b"h2"]).unwrap();
        let (peer, protocol) = meet(server.as_ref().unwrap().clone(), client, name).await.unwrap();
        assert_eq!(peer.unwrap().to_string(), "mesoform://demo/agent/h1");
        assert_eq!(protocol.unwrap(), b"h2");
    }
}

#[tokio::test]
async fn a_server_with_the_wrong_name_or_role_is_refused() {
    let authority = Authority::create("demo").unwrap();
    let server = identity(&authority, Role::Agent).server_config(Clients::Required, &[]).unwrap();
    let scheduler = identity(&authority, Role::Scheduler);
    let any = scheduler.client_config(&[]).unwrap();
    assert!(meet(server.clone(), any.clone(), "localhost").await.is_ok());
    assert!(meet(server.clone(), any, "other.example").await.is_err());
    let masters = scheduler.client_config_to(&[Role::Master], &[]).unwrap();
    assert!(meet(server, masters, "localhost").await.is_err());
}

#[tokio::test]
async fn strangers_stay_outside() {
    let (ours, theirs) = (Authority::create("demo").unwrap(), Authority::create("demo").unwrap());
    let server = identity(&ours, Role::Master);
    let stranger = identity(&theirs, Role::Operator).client_config(&[]).unwrap();
    for clients in [Clients::Required, Clients::Optional] {
        let server = server.server_config(clients, &[]).unwrap();
        assert!(meet(server, stranger.clone(), "localhost").await.is_err());
    }
}

#[tokio::test]
async fn a_client_without_a_certificate_comes_in_only_where_it_may() {
    let authority = Authority::create("demo").unwrap();
    let server = identity(&authority, Role::Master);
    let roots = x509::certificates(authority.certificate_pem(), "ca").unwrap();
    let bare = rustls::ClientConfig::builder_with_provider(tls::provider())
        .with_protocol_versions(&[&rustls::version::TLS12, &rustls::version::TLS13])
        .unwrap()
        .with_root_certificates(tls::root_store(roots).unwrap())
        .with_no_client_auth();
    let bare = std::sync::Arc::new(bare);
    let optional = server.server_config(Clients::Optional, &[]).unwrap();
    assert_eq!(meet(optional, bare.clone(), "localhost").await.unwrap().0, None);
    let required = server.server_config(Clients::Required, &[]).unwrap();
    assert!(meet(required, bare, "localhost").await.is_err());
}

#[tokio::test]
async fn an_operator_serves_nobody() {
    let authority = Authority::create("demo").unwrap();
    let server = identity(&authority, Role::Operator).server_config(Clients::Optional, &[]);
    let client = identity(&authority, Role::Agent).client_config(&[]).unwrap();
    assert!(meet(server.unwrap(), client, "localhost").await.is_err());
}

#[test]
fn only_whole_names_are_identities() {
    let good: Peer = "mesoform://demo/quorum/fd00::1".parse().unwrap();
    assert_eq!((good.role, good.host.as_str()), (Role::Quorum, "fd00::1"));
    for bad in [
        "mesoform://demo/quorum",
        "mesoform://demo/quorum/h1/x",
        "mesoform:///quorum/h1",
        "mesoform://demo/root/h1",
        "mesoform://demo/Quorum/h1",
        "https://demo/quorum/h1",
        "mesoform://demo/quorum/",
    ] {
        assert!(bad.parse::<Peer>().is_err(), "{bad}");
    }
}
