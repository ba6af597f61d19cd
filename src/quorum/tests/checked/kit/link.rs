use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::AbortHandle;

/// What a link lets through. What it does not is held, as by a network that loses packets and a TCP that
/// sends them again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gate {
    /// From the one who connects to the one who listens.
    pub there: bool,
    pub back: bool,
    /// With each new number all connections break.
    pub breaks: u64,
}

/// The way of one voter to another: a TCP proxy under the test's control.
pub struct Link {
    address: SocketAddr,
    gate: watch::Sender<Gate>,
    task: AbortHandle,
}

impl Link {
    pub async fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (gate, state) = watch::channel(Gate { there: true, back: true, breaks: 0 });
        let task = tokio::spawn(async move {
            loop {
                let Ok((near, _)) = listener.accept().await else { continue };
                tokio::spawn(carry(near, target, state.clone()));
            }
        });
        Self { address, gate, task: task.abort_handle() }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn set(&self, change: impl FnOnce(&mut Gate)) {
        self.gate.send_modify(change);
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn carry(near: TcpStream, target: SocketAddr, state: watch::Receiver<Gate>) {
    let breaks = state.borrow().breaks;
    let Ok(far) = TcpStream::connect(target).await else { return };
    let _ = (near.set_nodelay(true), far.set_nodelay(true));
    let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
    let is_broken = Arc::new(move |gate: &Gate| gate.breaks != breaks);
    let mut broken = state.clone();
    // When one direction ends, both do.
    tokio::select! {
        () = pass(near_in, far_out, state.clone(), |gate| gate.there) => {}
        () = pass(far_in, near_out, state, |gate| gate.back) => {}
        _ = broken.wait_for(|gate| is_broken(gate)) => {}
    }
}

async fn pass(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut state: watch::Receiver<Gate>,
    is_open: fn(&Gate) -> bool,
) {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let Ok(read) = from.read(&mut buffer).await else { return };
        // What was read while the gate was closed waits before it.
        if state.wait_for(is_open).await.is_err() || read == 0 {
            return;
        }
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}
