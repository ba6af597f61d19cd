use crate::Limits;
use crate::guard::Shown;
use crate::speech::Speech;
use axum::Router;
use axum::extract::{ConnectInfo, Request};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use mesoform_identity::{Peer, peer_of};
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use tower::Service;

/// HTTP/2 connections that do not answer pings are dead: pulled cables send no FIN.
const PING_EVERY: Duration = Duration::from_secs(20);
const PING_PATIENCE: Duration = Duration::from_secs(10);

/// One accepted connection, from the handshake to its end.
pub(crate) struct Connection {
    remote: SocketAddr,
    speech: Speech,
    router: Router,
    limits: Limits,
    shutdown: CancellationToken,
}

impl Connection {
    pub(crate) fn new(
        remote: SocketAddr,
        speech: Speech,
        router: Router,
        limits: Limits,
        shutdown: CancellationToken,
    ) -> Self {
        Self { remote, speech, router, limits, shutdown }
    }

    pub(crate) async fn run(self, stream: TcpStream) {
        let greeting = timeout(self.limits.handshake, self.greet(stream));
        let greeted = tokio::select! {
            () = self.shutdown.cancelled() => return,
            greeted = greeting => greeted,
        };
        match greeted {
            Ok(Ok(Greeted::Plain(stream))) => self.speak(stream, None).await,
            Ok(Ok(Greeted::Tls(stream, peer))) => self.speak(stream, peer).await,
            Ok(Err(error)) => tracing::debug!(remote = %self.remote, %error, "no TLS handshake"),
            Err(_) => tracing::debug!(remote = %self.remote, "the TLS handshake took too long"),
        }
    }

    async fn greet(&self, stream: TcpStream) -> io::Result<Greeted> {
        let Some(tls) = self.speech.chosen_by(&stream).await? else {
            return Ok(Greeted::Plain(stream));
        };
        let stream = tls.acceptor.accept(stream).await?;
        let peer = peer_at(&stream, &tls.cluster);
        Ok(Greeted::Tls(Box::new(stream), peer))
    }

    async fn speak<S>(self, stream: S, peer: Option<Peer>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let asked = Arc::new(AtomicBool::new(false));
        let service = service(self.router, self.remote, Shown(peer), asked.clone());
        let builder = builder(&self.limits);
        let mut served = pin!(builder.serve_connection(TokioIo::new(stream), service));
        // hyper bounds the head of HTTP/1 requests only once it knows that they are HTTP/1: until
        // the first request this clock runs, afterwards it measures the drain.
        let mut clock = pin!(sleep(self.limits.head));
        let (mut ticking, mut draining) = (true, false);
        loop {
            tokio::select! {
                ended = served.as_mut() => {
                    if let Err(error) = ended {
                        tracing::debug!(remote = %self.remote, %error, "connection ended");
                    }
                    return;
                }
                () = self.shutdown.cancelled(), if !draining => {
                    (ticking, draining) = (true, true);
                    served.as_mut().graceful_shutdown();
                    clock.as_mut().reset(Instant::now() + self.limits.drain);
                }
                () = clock.as_mut(), if ticking => {
                    if draining || !asked.load(Ordering::Relaxed) {
                        return;
                    }
                    ticking = false;
                }
            }
        }
    }
}

/// A connection on which requests may come.
enum Greeted {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>, Option<Peer>),
}

/// The router, with what is known of the connection added to each request.
fn service(
    router: Router,
    remote: SocketAddr,
    shown: Shown,
    asked: Arc<AtomicBool>,
) -> impl hyper::service::Service<
    Request<Incoming>,
    Response = axum::response::Response,
    Error = std::convert::Infallible,
    Future: Send,
> + Clone {
    hyper::service::service_fn(move |mut request: Request<Incoming>| {
        asked.store(true, Ordering::Relaxed);
        request.extensions_mut().insert(ConnectInfo(remote));
        request.extensions_mut().insert(shown.clone());
        router.clone().call(request)
    })
}

fn builder(limits: &Limits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(limits.head);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(PING_EVERY)
        .keep_alive_timeout(PING_PATIENCE)
        .max_concurrent_streams(256);
    builder
}

/// Who showed a certificate. TLS has verified it; here only its name is read.
fn peer_at(stream: &TlsStream<TcpStream>, cluster: &str) -> Option<Peer> {
    let chain = stream.get_ref().1.peer_certificates()?;
    peer_of(chain.first()?).ok().filter(|peer| peer.cluster == cluster)
}
