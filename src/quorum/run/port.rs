use crate::error::{QuorumError, Result};
use crate::serve::incoming;
use mesoform_identity::Role;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tonic::transport::Server;

/// Lost clients are noticed after twice this.
const KEEP_ALIVE: Duration = Duration::from_secs(10);
const STREAM_WINDOW: u32 = 2 << 20;
const CONNECTION_WINDOW: u32 = 8 << 20;
/// Calls at once on one connection: each watch and each keep-alive is one for long.
const STREAMS: u32 = 16_384;

/// Serves one port until `shutdown`.
pub async fn serve_port(
    port: TcpListener,
    tls: TlsAcceptor,
    cluster: String,
    roles: &'static [Role],
    routes: Routes,
    shutdown: CancellationToken,
) -> Result<()> {
    let address = port
        .local_addr()
        .map_err(|e| QuorumError::Settings { what: "a port", cause: e.to_string() })?;
    Server::builder()
        .http2_keepalive_interval(Some(KEEP_ALIVE))
        .http2_keepalive_timeout(Some(KEEP_ALIVE))
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_concurrent_streams(STREAMS)
        .add_routes(routes)
        .serve_with_incoming_shutdown(incoming(port, tls, cluster, roles), shutdown.cancelled())
        .await
        .map_err(|e| QuorumError::Serve { address, cause: e.to_string() })
}
