use super::*;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// What a handshake between the two came to: whom the server saw, and the protocol agreed on.
pub(super) type Met = (Option<Peer>, Option<Vec<u8>>);

pub(super) async fn meet(
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

/// Two that meet again and again.
struct Pair {
    server: std::sync::Arc<rustls::ServerConfig>,
    client: std::sync::Arc<rustls::ClientConfig>,
}

impl Pair {
    fn of(server: &PkiPaths, client: &PkiPaths) -> Self {
        let (server, client) = (Identity::load(server).unwrap(), Identity::load(client).unwrap());
        Self {
            server: server.server_config(Clients::Required, &[]).unwrap(),
            client: client.client_config(&[]).unwrap(),
        }
    }

    async fn meets(&self) -> bool {
        meet(self.server.clone(), self.client.clone(), "localhost").await.is_ok()
    }
}

#[tokio::test]
async fn peers_go_on_when_the_old_certificates_end() {
    let authority = Authority::create("demo").unwrap();
    let dirs = [(); 4].map(|()| tempfile::tempdir().unwrap());
    let short = |role| Grant { lifetime: Duration::from_secs(6), ..grant(role) };
    let [master, agent, old_master, old_agent] =
        [(0, Role::Master), (1, Role::Agent), (2, Role::Master), (3, Role::Agent)]
            .map(|(at, role)| install_granted(&authority, dirs[at].path(), &short(role)));
    let renewed = Pair::of(&master, &agent);
    let forgotten = Pair::of(&old_master, &old_agent);
    assert!(renewed.meets().await && forgotten.meets().await);

    // What stands when the certificates are renewed goes on after the old ones have ended.
    let (near, far) = tokio::io::duplex(16 * 1024);
    let name = ServerName::try_from("localhost").unwrap();
    let (served, called) = tokio::join!(
        TlsAcceptor::from(renewed.server.clone()).accept(far),
        TlsConnector::from(renewed.client.clone()).connect(name, near)
    );
    let (mut served, mut called) = (served.unwrap(), called.unwrap());
    install(&authority, dirs[0].path(), Role::Master);
    install(&authority, dirs[1].path(), Role::Agent);
    while forgotten.meets().await {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(renewed.meets().await, "the renewed certificates are shown");
    served.write_all(b"hello").await.unwrap();
    served.flush().await.unwrap();
    called.read_exact(&mut [0; 5]).await.unwrap();
}

#[test]
fn a_certificate_in_the_wrong_place_is_told() {
    let authority = Authority::create("demo").unwrap();
    let agent = identity(&authority, Role::Agent);
    assert!(agent.clone().expect(Role::Agent, "demo").is_ok());
    let wrong = agent.clone().expect(Role::Master, "demo").unwrap_err().to_string();
    assert!(wrong.contains("agent.crt: this is the certificate of the agent of h1"), "{wrong}");
    assert!(wrong.contains("the master of `demo` must show its own; run `mesoform up`"), "{wrong}");
    assert!(agent.expect(Role::Agent, "other").is_err());
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
    for clients in [Clients::Required, Clients::Optional, Clients::Asked] {
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

/// The same certificates, as a master would renew them ten days before their end.
fn renew(authority: &Authority, dir: &Path, role: Role) -> PkiPaths {
    let issuer = install_granted(authority, dir, &Grant::new(Role::Issuer, "m1"));
    let issuer = RenewalAuthority::load(&issuer).unwrap();
    let paths = install(authority, dir, role);
    let info = inspect_file(&paths.cert, &paths.ca).unwrap();
    let request = KeyRequest::generate().unwrap();
    let soon = info.not_after - jiff::ToSpan::hours(240_i64);
    let leaf = decide(&info, &request.csr_pem, &issuer, soon).unwrap();
    let chain = issuer.sign(&leaf, jiff::Timestamp::now()).unwrap();
    write_public(&paths.cert, chain.as_bytes()).unwrap();
    write_secret(&paths.key, request.key_pem.expose().as_bytes()).unwrap();
    paths
}

#[tokio::test]
async fn what_a_master_has_renewed_is_believed_as_what_the_root_has_signed() {
    let authority = Authority::create("demo").unwrap();
    let dirs = [(); 4].map(|()| tempfile::tempdir().unwrap());
    let pairs = [
        renew(&authority, dirs[0].path(), Role::Master),
        install(&authority, dirs[1].path(), Role::Master),
        renew(&authority, dirs[2].path(), Role::Agent),
        install(&authority, dirs[3].path(), Role::Agent),
    ];
    for (server, client) in [(0, 2), (0, 3), (1, 2)] {
        assert!(Pair::of(&pairs[server], &pairs[client]).meets().await, "{server} {client}");
    }
    let other = Authority::create("demo").unwrap();
    let foreign = tempfile::tempdir().unwrap();
    let foreign = renew(&other, foreign.path(), Role::Agent);
    assert!(!Pair::of(&pairs[0], &foreign).meets().await);
}

#[tokio::test]
async fn a_masters_ca_is_nobody_to_meet() {
    let authority = Authority::create("demo").unwrap();
    let dirs = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let master = install(&authority, dirs[0].path(), Role::Master);
    let ca = install_granted(&authority, dirs[1].path(), &grant(Role::Issuer));
    assert!(!Pair::of(&master, &ca).meets().await);
    assert!(!Pair::of(&ca, &master).meets().await);
}
