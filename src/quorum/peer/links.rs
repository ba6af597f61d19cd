use super::lanes::Lanes;
use crate::wire::PeerClient;
use hyper_util::rt::TokioIo;
use mesoform_identity::{Identity, Role};
use rustls_pki_types::ServerName;
use std::collections::HashMap;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use thiserror::Error;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tonic::Status;
use tonic::transport::{Endpoint, Uri};

/// For TCP and TLS together.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const KEEP_ALIVE: Duration = Duration::from_secs(2);
const STREAM_WINDOW: u32 = 2 * 1024 * 1024;
const CONNECTION_WINDOW: u32 = 8 * 1024 * 1024;
/// Far above what one message carries (see the log's `MESSAGE_BYTES`).
pub(super) const MAX_MESSAGE: usize = 32 * 1024 * 1024;
/// What a client reads in one transaction, or has deleted and told, comes through here whole; the leader answers
/// as much to clients of its own.
const MAX_ANSWER: usize = 512 * 1024 * 1024;

/// What carries calls to a voter.
#[cfg(not(test))]
pub type Wire = tonic::transport::Channel;
/// What carries calls to a voter: in a simulation it is no network.
#[cfg(test)]
pub type Wire = mesoform_checks::Way;

/// The connections to the other voters, by address; made when needed, and anew when lost.
pub struct Links {
    dialler: Dialler,
    wires: Mutex<HashMap<String, Wire>>,
    failures: Failures,
    pub(super) lanes: Lanes,
}

/// When it last failed to reach what has not been reached since, by address.
type Failures = Arc<Mutex<HashMap<String, Instant>>>;

enum Dialler {
    Tls(TlsConnector),
    #[cfg(test)]
    Simulated(crate::simulation::Dialler),
}

impl Links {
    /// # Errors
    /// The identity is unusable.
    pub fn new(identity: &Identity) -> mesoform_identity::Result<Self> {
        let tls = identity.client_config_to(&[Role::Quorum], &[b"h2"])?;
        Ok(Self::over(Dialler::Tls(TlsConnector::from(tls))))
    }

    #[cfg(test)]
    pub fn simulated(dialler: crate::simulation::Dialler) -> Self {
        Self::over(Dialler::Simulated(dialler))
    }

    fn over(dialler: Dialler) -> Self {
        let (wires, failures, lanes) = Default::default();
        Self { dialler, wires, failures, lanes }
    }

    /// A simulated network carries single calls only.
    pub(super) fn has_lanes(&self) -> bool {
        matches!(self.dialler, Dialler::Tls(_))
    }

    /// A client of the voter at `address` (`host:port`). It connects when it is used.
    ///
    /// # Errors
    /// The address is none.
    pub fn to(&self, address: &str) -> Result<PeerClient<Wire>, Status> {
        let mut wires = self.wires.lock().unwrap_or_else(PoisonError::into_inner);
        let wire = match wires.get(address) {
            Some(wire) => wire.clone(),
            None => {
                let wire = self.connect(address)?;
                wires.insert(address.to_owned(), wire.clone());
                wire
            }
        };
        Ok(PeerClient::new(wire)
            .max_decoding_message_size(MAX_ANSWER)
            .max_encoding_message_size(MAX_MESSAGE))
    }

    /// Which of a voter's `addresses` is to be tried now: the first one that is not known to fail, else the
    /// one whose failure is the oldest.
    pub fn choose<'a>(&self, addresses: &'a [String]) -> &'a str {
        if let [only] = addresses {
            return only;
        }
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let best = addresses.iter().min_by_key(|address| failures.get(*address));
        best.map(String::as_str).unwrap_or_default()
    }

    /// Has another address tried next, where there is one.
    pub fn avoid(&self, address: &str) {
        note(&self.failures, address, false);
    }

    fn connect(&self, address: &str) -> Result<Wire, Status> {
        let tls = match &self.dialler {
            Dialler::Tls(tls) => tls.clone(),
            #[cfg(test)]
            Dialler::Simulated(dial) => return Ok(dial.to(address)),
        };
        // TLS is in the connector; the scheme only keeps tonic from adding its own.
        let endpoint = Endpoint::from_shared(format!("http://{address}"))
            .map_err(|e| Status::invalid_argument(format!("`{address}`: {e}")))?
            .http2_keep_alive_interval(KEEP_ALIVE)
            .keep_alive_timeout(KEEP_ALIVE)
            .keep_alive_while_idle(true)
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW);
        let (failures, address) = (self.failures.clone(), address.to_owned());
        let channel = endpoint.connect_with_connector_lazy(tower::service_fn(move |uri: Uri| {
            let (tls, failures, address) = (tls.clone(), failures.clone(), address.clone());
            async move {
                let opened = tokio::time::timeout(CONNECT_TIMEOUT, open(&tls, &uri)).await;
                let opened =
                    opened.unwrap_or_else(|_| Err(NotConnected::new("it does not answer")));
                note(&failures, &address, opened.is_ok());
                opened.map(TokioIo::new)
            }
        }));
        #[cfg(test)]
        let channel = mesoform_checks::way(channel);
        Ok(channel)
    }
}

fn note(failures: &Failures, address: &str, reached: bool) {
    let mut failures = failures.lock().unwrap_or_else(PoisonError::into_inner);
    if reached {
        failures.remove(address);
    } else {
        failures.insert(address.to_owned(), Instant::now());
    }
}

/// A connection could not be made, so nothing was sent on it.
#[derive(Debug, Error)]
#[error("no connection: {cause}")]
pub struct NotConnected {
    cause: String,
}

impl NotConnected {
    pub fn new(cause: impl ToString) -> Self {
        Self { cause: cause.to_string() }
    }
}

async fn open(tls: &TlsConnector, uri: &Uri) -> Result<TlsStream<TcpStream>, NotConnected> {
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    let port = uri.port_u16().unwrap_or(2380);
    let name = ServerName::try_from(host.to_owned()).map_err(NotConnected::new)?;
    let stream = TcpStream::connect((host, port)).await.map_err(NotConnected::new)?;
    stream.set_nodelay(true).map_err(NotConnected::new)?;
    tls.connect(name, stream).await.map_err(NotConnected::new)
}

/// Whether a call failed before anything of it left this host.
pub fn was_never_sent(status: &Status) -> bool {
    let mut cause = status.source();
    while let Some(error) = cause {
        if error.is::<NotConnected>() {
            return true;
        }
        cause = error.source();
    }
    false
}
