use crate::connection::{Common, Connection};
use crate::places::{Place, Places};
use crate::seldom::Seldom;
use socket2::{SockRef, TcpKeepalive};
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::Instant;

/// How long to leave the system alone when it is out of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// A peer that is silent for so long is asked whether it is there, and how often it is.
const PROBE_AFTER: Duration = Duration::from_secs(30);
const PROBES: u32 = 3;
/// What we send must have arrived within this time, or the peer is gone: pulled cables send no FIN.
const ARRIVES_WITHIN: Duration = Duration::from_secs(60);

/// Accepts and serves connections until the shutdown, then waits for them to drain; nobody can connect
/// meanwhile. Dropping the future cuts them all.
pub(crate) async fn serve(listener: TcpListener, door: SocketAddr, common: Common) {
    let places = Places::new(common.limits.connections, door);
    let mut open = JoinSet::new();
    let mut troubles = Seldom::default();
    loop {
        let accepted = tokio::select! {
            () = common.shutdown.cancelled() => break,
            accepted = accept(&listener, &places) => accepted,
        };
        while open.try_join_next().is_some() {}
        match accepted {
            Ok((stream, remote, place)) => {
                open.spawn(Connection::new(common.clone(), remote, place).run(stream));
            }
            Err(error) => {
                if let Some(unsaid) = troubles.say(Instant::now()) {
                    tracing::warn!(%error, unsaid, "a connection could not be accepted");
                }
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    while open.join_next().await.is_some() {}
}

/// The next connection, once there is a place for it.
async fn accept(
    listener: &TcpListener,
    places: &Places,
) -> io::Result<(TcpStream, SocketAddr, Place)> {
    let (stream, remote) = listener.accept().await?;
    // Where this fails the connection works all the same, if not as well.
    let _ = tune(&stream);
    let place = places.arrive(remote.ip()).await;
    Ok((stream, remote, place))
}

fn tune(stream: &TcpStream) -> io::Result<()> {
    // Answers are small: waiting to fill a packet only costs time.
    stream.set_nodelay(true)?;
    let socket = SockRef::from(stream);
    let probes = TcpKeepalive::new().with_time(PROBE_AFTER).with_interval(PROBE_AFTER / 3);
    socket.set_tcp_keepalive(&probes.with_retries(PROBES))?;
    socket.set_tcp_user_timeout(Some(ARRIVES_WITHIN))
}
