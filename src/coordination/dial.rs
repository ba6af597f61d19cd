use crate::{CoordinationError, Result};
use http::Uri;
use hyper_util::rt::TokioIo;
use mesoform_identity::{Identity, Outside, Role};
use mesoform_settings::EtcdSettings;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;
use tonic::transport::{Channel, Endpoint};

/// For TCP and TLS together.
const CONNECT: Duration = Duration::from_secs(1);

/// etcd hangs up on clients that ping more often than every 5 s.
const PING_EVERY: Duration = Duration::from_secs(6);
const PING_PATIENCE: Duration = Duration::from_secs(2);

/// What a connection is made with.
#[derive(Clone)]
pub(crate) enum Dress {
    Tls(Arc<ClientConfig>),
    /// An etcd of others that speaks no TLS.
    Plain,
}

impl Dress {
    /// For the cluster's own voters, and for nobody else.
    pub(crate) fn own(identity: &Identity) -> Result<Self> {
        Ok(Self::Tls(identity.client_config_to(&[Role::Quorum], &[b"h2"])?))
    }

    /// For an etcd of others.
    pub(crate) fn of(etcd: &EtcdSettings) -> Result<Self> {
        match &etcd.tls {
            Some(paths) => Ok(Self::Tls(Outside::load(paths)?.client_config(&[b"h2"])?)),
            None => Ok(Self::Plain),
        }
    }
}

/// Makes connections to one voter.
#[derive(Clone)]
pub(crate) struct Dialler {
    name: String,
    endpoint: Endpoint,
    dress: Dress,
}

impl Dialler {
    /// `name` is `host:port`.
    pub(crate) fn new(name: &str, dress: Dress) -> Result<Self> {
        let wrong = |cause| CoordinationError::Endpoint { endpoint: name.to_owned(), cause };
        let uri: Uri =
            format!("http://{name}").parse().map_err(|_| wrong("it does not read as host:port"))?;
        let authority = uri.authority().ok_or_else(|| wrong("it names no host"))?;
        if authority.port_u16().is_none() || authority.as_str().contains('@') {
            return Err(wrong("it has no port"));
        }
        ServerName::try_from(host_of(&uri)).map_err(|_| wrong("its host is no name or address"))?;
        let endpoint = Endpoint::from(uri)
            .http2_keep_alive_interval(PING_EVERY)
            .keep_alive_timeout(PING_PATIENCE);
        Ok(Self { name: name.to_owned(), endpoint, dress })
    }

    /// The endpoint as it was configured.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// A channel that connects when it is first used. TLS is ours, so that tonic sees plain HTTP/2.
    pub(crate) fn channel(&self) -> Channel {
        let dress = self.dress.clone();
        self.endpoint.connect_with_connector_lazy(tower::service_fn(move |uri: Uri| {
            let dress = dress.clone();
            async move { connect(uri, dress).await.map(TokioIo::new) }
        }))
    }
}

/// A connection, dressed or not.
trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

async fn connect(uri: Uri, dress: Dress) -> io::Result<Box<dyn Wire>> {
    let host = host_of(&uri);
    let port = uri.port_u16().ok_or_else(|| io::Error::other("the endpoint has no port"))?;
    let name = ServerName::try_from(host.clone()).map_err(io::Error::other)?;
    let both = async {
        let stream = TcpStream::connect((host.as_str(), port)).await?;
        stream.set_nodelay(true)?;
        Ok(match dress {
            Dress::Plain => Box::new(stream) as Box<dyn Wire>,
            Dress::Tls(config) => Box::new(TlsConnector::from(config).connect(name, stream).await?),
        })
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
    Ok(Dialler::new(endpoint, Dress::own(identity)?)?.channel())
}

/// The same for a member of an etcd that is not mesoform's.
///
/// # Errors
/// The endpoint is not `host:port`, or the files cannot be used.
pub fn dial_etcd(endpoint: &str, etcd: &EtcdSettings) -> Result<Channel> {
    Ok(Dialler::new(endpoint, Dress::of(etcd)?)?.channel())
}
