//! One accepted connection, from the handshake to its end.

mod answer;
mod common;
mod farewell;
mod intake;
mod link;
mod patience;
mod stock;
#[cfg(test)]
mod tests;
mod watched;

pub(crate) use common::Common;
pub(crate) use intake::{Fate, Intake, Tale};
pub(crate) use link::Link;
pub(crate) use stock::{Holder, Stock};

use crate::Encrypted;
use crate::guard::Arrived;
use crate::places::{Place, Standing};
use crate::speech::Shown;
use answer::Answer;
use axum::Router;
use axum::extract::{ConnectInfo, Request};
use farewell::farewell;
use http::Version;
use hyper::Response;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use patience::Verdict;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::server::TlsStream;
use tower::Service;
use watched::Watched;

/// HTTP/2 connections that do not answer pings are dead: pulled cables send no FIN.
const PING_EVERY: Duration = Duration::from_secs(20);
const PING_PATIENCE: Duration = Duration::from_secs(10);
/// Requests at a time on one HTTP/2 connection; further ones wait at the caller's.
const STREAMS: u32 = 64;
/// What may be on its way to us on one HTTP/2 connection without anyone reading it, bytes.
const WINDOW: u32 = 256 << 10;
/// What is kept of an HTTP/1 request's head, and of an answer that does not go, bytes.
const BUFFER: usize = 64 << 10;

/// A connection that has a place.
pub(crate) struct Connection {
    common: Common,
    remote: SocketAddr,
    place: Place,
    encrypted: bool,
}

impl Connection {
    pub(crate) fn new(common: Common, remote: SocketAddr, place: Place) -> Self {
        Self { common, remote, place, encrypted: false }
    }

    pub(crate) async fn run(self, stream: TcpStream) {
        let greeting = timeout(self.common.limits.handshake, self.greet(stream));
        let greeted = tokio::select! {
            () = self.common.shutdown.cancelled() => return,
            () = self.place.revoked.cancelled() => {
                tracing::debug!(remote = %self.remote, "it said nothing, and others want its place");
                return;
            }
            greeted = greeting => greeted,
        };
        match greeted {
            Ok(Ok(Greeted::Plain(stream))) => self.settle(stream, None, true).await,
            Ok(Ok(Greeted::Tls(stream, shown))) => {
                let http1 = stream.get_ref().1.alpn_protocol() != Some(b"h2");
                Self { encrypted: true, ..self }.settle(stream, shown, http1).await;
            }
            Ok(Err(error)) => tracing::debug!(remote = %self.remote, %error, "no TLS handshake"),
            Err(_) => tracing::debug!(remote = %self.remote, "the TLS handshake took too long"),
        }
    }

    async fn greet(&self, stream: TcpStream) -> io::Result<Greeted> {
        let Some(tls) = self.common.speech.chosen_by(&stream).await? else {
            return Ok(Greeted::Plain(stream));
        };
        let stream = tls.acceptor.accept(stream).await?;
        let shown = tls.shown_at(&stream);
        Ok(Greeted::Tls(Box::new(stream), shown))
    }

    async fn settle<S>(self, stream: S, shown: Option<Shown>, http1: bool)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let standing = self.common.guard.standing(shown.as_ref().map(|shown| &shown.peer));
        match self.place.settle(standing.clone()) {
            Ok(()) => self.speak(stream, shown, standing != Standing::Stranger).await,
            Err(_) => {
                tokio::select! {
                    () = self.place.revoked.cancelled() => {}
                    () = self.common.shutdown.cancelled() => {}
                    () = farewell(stream, http1) => {}
                }
            }
        }
    }

    async fn speak<S>(self, stream: S, shown: Option<Shown>, known: bool)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Self { common, remote, place, encrypted } = self;
        let Common { limits, shutdown, router, .. } = common;
        let link = Link::new(&limits, place, known);
        let io = TokioIo::new(Watched::new(stream, link.clone()));
        let builder = builder();
        let from = OtherEnd { remote, shown, encrypted };
        let mut served = pin!(builder.serve_connection(io, service(router, from, link.clone())));
        tokio::select! {
            ended = served.as_mut() => return told(remote, ended),
            () = shutdown.cancelled() => {}
            verdict = link.exhausted() => {
                tracing::debug!(%remote, ?verdict, "the connection is closed");
                // What idles is told to go; what does not listen is cut.
                if verdict != Verdict::Idle {
                    return;
                }
            }
        }
        served.as_mut().graceful_shutdown();
        if let Ok(ended) = timeout(limits.drain, served).await {
            told(remote, ended);
        }
    }
}

fn told(remote: SocketAddr, ended: Result<(), Box<dyn std::error::Error + Send + Sync>>) {
    if let Err(error) = ended {
        tracing::debug!(%remote, %error, "connection ended");
    }
}

/// A connection on which requests may come.
enum Greeted {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>, Option<Shown>),
}

/// What is known of the other end of a connection.
#[derive(Clone)]
struct OtherEnd {
    remote: SocketAddr,
    shown: Option<Shown>,
    encrypted: bool,
}

/// The router, with what is known of the connection added to each request.
fn service(
    router: Router,
    from: OtherEnd,
    link: Arc<Link>,
) -> impl hyper::service::Service<
    Request<Incoming>,
    Response = Response<Answer>,
    Error = Infallible,
    Future: Send,
> + Clone {
    hyper::service::service_fn(move |mut request: Request<Incoming>| {
        let open = link.asked(request.version() == Version::HTTP_2);
        let OtherEnd { remote, shown, encrypted } = &from;
        let peer = shown.as_ref().map(|shown| shown.peer.clone());
        let arrived = Arrived { peer, link: link.clone() };
        request.extensions_mut().insert(ConnectInfo(*remote));
        if let Some(shown) = shown {
            request.extensions_mut().insert(shown.certificate.clone());
        }
        if *encrypted {
            request.extensions_mut().insert(Encrypted);
        }
        request.extensions_mut().insert(arrived);
        let answering = router.clone().call(request);
        async move { Ok(answering.await?.map(|body| Answer::new(body, open))) }
    })
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    // Times are watched over by `Patience`: hyper's own would end a connection that only idles.
    builder.http1().timer(TokioTimer::new()).header_read_timeout(None).max_buf_size(BUFFER);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(PING_EVERY)
        .keep_alive_timeout(PING_PATIENCE)
        .max_concurrent_streams(STREAMS)
        .initial_connection_window_size(WINDOW)
        .initial_stream_window_size(WINDOW)
        .max_send_buf_size(BUFFER);
    builder
}
