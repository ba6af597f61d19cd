use super::incoming::{Entrance, incoming};
use crate::error::{QuorumError, Result};
use mesoform_identity::Role;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tonic::transport::Server;

const HANDSHAKE: Duration = Duration::from_secs(10);
/// Lost clients are noticed after twice this.
const KEEP_ALIVE: Duration = Duration::from_secs(10);
const STREAM_WINDOW: u32 = 2 << 20;
const CONNECTION_WINDOW: u32 = 8 << 20;
/// Calls at once on one connection: each watch and each keep-alive is one for long.
const STREAMS: u32 = 16_384;

/// A port that is bound, and who may come in.
pub struct Port {
    pub listener: TcpListener,
    pub tls: TlsAcceptor,
    pub cluster: String,
    pub roles: &'static [Role],
    /// Whether HTTP/1.1 is spoken beside gRPC's HTTP/2.
    pub http1: bool,
}

impl Port {
    /// Serves until `shutdown`.
    ///
    /// # Errors
    /// The port cannot be served any more.
    pub async fn serve(self, routes: Routes, shutdown: CancellationToken) -> Result<()> {
        let address = self
            .listener
            .local_addr()
            .map_err(|e| QuorumError::Settings { what: "a port", cause: e.to_string() })?;
        let Self { listener, tls, cluster, roles, http1 } = self;
        let entrance = Entrance { tls, cluster, roles, within: HANDSHAKE };
        let incoming = incoming(listener, address, entrance);
        Server::builder()
            .accept_http1(http1)
            .http2_keepalive_interval(Some(KEEP_ALIVE))
            .http2_keepalive_timeout(Some(KEEP_ALIVE))
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_concurrent_streams(STREAMS)
            .add_routes(routes)
            .serve_with_incoming_shutdown(incoming, shutdown.cancelled())
            .await
            .map_err(|e| QuorumError::Serve { address, cause: e.to_string() })
    }
}
