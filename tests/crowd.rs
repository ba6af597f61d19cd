use std::collections::VecDeque;
use std::io::Write;
use std::net::{SocketAddr, SocketAddrV4, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::Host;
use crate::rig::Rig;
use crate::wait::eventually;

/// A port whose backlog is full does not answer for a while.
const PATIENCE: Duration = Duration::from_secs(3);
/// Until the crowd is there.
const LIMIT: Duration = Duration::from_secs(240);
/// Between two of them once it is: it is about places, not about who has the faster machine.
const PAUSE: Duration = Duration::from_millis(20);

/// Strangers at the operator's place who connect to a port again and again, say the same words, and hold
/// on to what they got.
pub struct Crowd {
    stop: Arc<AtomicBool>,
    came: Arc<AtomicUsize>,
    size: usize,
    stranger: Option<JoinHandle<()>>,
}

impl Rig {
    /// Holds up to `size` connections to a port of `host`, and goes on making new ones.
    pub fn crowd(&self, host: &Host, port: u16, size: usize, words: &'static str) -> Crowd {
        let place = SocketAddrV4::new(host.address(), port);
        let (stop, came) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
        let (told, count) = (Arc::clone(&stop), Arc::clone(&came));
        let stranger = self.spawn_inside(move || throng(place, size, words, &told, &count));
        Crowd { stop, came, size, stranger: Some(stranger) }
    }
}

impl Crowd {
    /// Waits until all have been there.
    #[track_caller]
    pub fn expect_gathered(&self) {
        eventually("a crowd", LIMIT, || self.came.load(Ordering::Relaxed) >= self.size);
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(stranger) = self.stranger.take() {
            let _ = stranger.join();
        }
    }
}

fn throng(place: SocketAddrV4, size: usize, words: &str, stop: &AtomicBool, came: &AtomicUsize) {
    let mut held = VecDeque::new();
    while !stop.load(Ordering::Relaxed) {
        let Ok(mut stream) = TcpStream::connect_timeout(&SocketAddr::V4(place), PATIENCE) else {
            continue;
        };
        // It may be closed already.
        let _ = stream.write_all(words.as_bytes());
        held.push_back(stream);
        if held.len() > size {
            held.pop_front();
        }
        if came.fetch_add(1, Ordering::Relaxed) > size {
            std::thread::sleep(PAUSE);
        }
    }
}
