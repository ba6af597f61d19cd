use crate::{CoordinationError, Result};
use http::Uri;
use hyper_util::rt::TokioIo;
use mesoform_identity::{Identity, Role};
use std::io;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::ServerName;
use tonic::transport::{Channel, Endpoint};

/// For TCP and TLS together.
const CONNECT: Duration = Duration::from_secs(1);

/// etcd hangs up on clients that ping more often than every 5 s.
const PING_EVERY: Duration = Duration::from_secs(6);
const PING_PATIENCE: Duration = Duration::from_secs(2);

/// Makes connections to one voter, with this service's certificate.
#[derive(Clone)]
pub(crate) struct Dialler {
    name: String,
    endpoint: Endpoint,
    tls: TlsConnector,
}

impl Dialler {
    /// `name` is `host:port`.
    pub(crate) fn new(name: &str, identity: &Identity) -> Result<Self> {
        let wrong = |cause| CoordinationError::Endpoint { endpoint: name.to_owned(), cause };
        let uri: Uri =
            format!("http://{name}").parse().map_err(|_| wrong("it does not read as host:port"))?;
        let authority = uri.authority().ok_or_else(|| wrong("it names no host"))?;
        if authority.port_u16().is_none() || authority.as_str().contains('@') {
            return Err(wrong("it has no port"));
        }
        ServerName::try_from(host_of(&uri)).map_err(|_| wrong("its host is no name or address"))?;
        let config = identity.client_config_to(&[Role::Quorum], &[b"h2"])?;
        let endpoint = Endpoint::from(uri)
            .http2_keep_alive_interval(PING_EVERY)
            .keep_alive_timeout(PING_PATIENCE);
        Ok(Self { name: name.to_owned(), endpoint, tls: TlsConnector::from(config) })
    }

    /// The endpoint as it was configured.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// A channel that connects when it is first used. TLS is ours, so that tonic sees plain HTTP/2.
    pub(crate) fn channel(&self) -> Channel {
        let tls = self.tls.clone();
        self.endpoint.connect_with_connector_lazy(tower::service_fn(move |uri: Uri| {
            let tls = tls.clone();
            async move { connect(uri, tls).await.map(TokioIo::new) }
        }))
    }
}

async fn connect(uri: Uri, tls: TlsConnector) -> io::Result<TlsStream<TcpStream>> {
    let host = host_of(&uri);
    let port = uri.port_u16().ok_or_else(|| io::Error::other("the endpoint has no port"))?;
    let name = ServerName::try_from(host.clone()).map_err(io::Error::other)?;
    let both = async {
        let stream = TcpStream::connect((host.as_str(), port)).await?;
        stream.set_nodelay(true)?;
        tls.connect(name, stream).await
    };
    timeout(CONNECT, both).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

/// The host without the brackets of an IPv6 address.
fn host_of(uri: &Uri) -> String {
    uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_owned()
}

/// A channel to one voter, for asking just that one how it is (`host:port`).
///
/// # Errors
/// The endpoint is not `host:port`, or the identity is unusable.
pub fn dial(endpoint: &str, identity: &Identity) -> Result<Channel> {
    Ok(Dialler::new(endpoint, identity)?.channel())
}
