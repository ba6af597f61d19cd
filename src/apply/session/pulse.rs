use mesoform_plan::Lock;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Time since some moment, which never goes back. Another one in tests.
pub type Clock = Arc<dyn Fn() -> Duration + Send + Sync>;

/// An operator who is there sends something at least every ten seconds.
const SILENCE: Duration = Duration::from_millis(Lock::SILENCE_MS.unsigned_abs());

/// Whether the operator is still there, judged by when something last came of him: his end of a cut
/// connection tells nothing.
pub struct Pulse {
    clock: Clock,
    /// Milliseconds of the clock.
    heard: AtomicU64,
    /// He speaks a protocol in which he beats.
    beats: AtomicBool,
}

impl Pulse {
    pub fn new(clock: Clock) -> Arc<Self> {
        let heard = AtomicU64::new(millis(clock()));
        Arc::new(Self { clock, heard, beats: AtomicBool::new(false) })
    }

    /// By this machine's clock.
    pub fn real() -> Arc<Self> {
        let begin = Instant::now();
        Self::new(Arc::new(move || begin.elapsed()))
    }

    pub fn hear(&self) {
        self.heard.store(millis((self.clock)()), Ordering::Release);
    }

    /// From now on his silence means something.
    pub fn expect_beats(&self) {
        self.hear();
        self.beats.store(true, Ordering::Release);
    }

    /// How long nothing came.
    pub fn silence(&self) -> Duration {
        let heard = Duration::from_millis(self.heard.load(Ordering::Acquire));
        (self.clock)().saturating_sub(heard)
    }

    pub fn is_lost(&self) -> bool {
        self.beats.load(Ordering::Acquire) && self.silence() > SILENCE
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// What is read from the operator is a sign of life, also where a slow line brings half a request.
pub struct Heard<R> {
    pub inner: R,
    pub pulse: Arc<Pulse>,
}

impl<R: Read> Read for Heard<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.pulse.hear();
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_means_something_once_beats_are_expected() {
        let now = Arc::new(AtomicU64::new(5));
        let clock = Arc::clone(&now);
        let pulse =
            Pulse::new(Arc::new(move || Duration::from_secs(clock.load(Ordering::Acquire))));
        now.store(1000, Ordering::Release);
        assert!(!pulse.is_lost() && pulse.silence() == Duration::from_secs(995));
        pulse.expect_beats();
        now.store(1030, Ordering::Release);
        assert!(!pulse.is_lost());
        now.store(1031, Ordering::Release);
        assert!(pulse.is_lost());
        let mut line = Heard { inner: &b"x"[..], pulse: Arc::clone(&pulse) };
        line.read_exact(&mut [0]).unwrap();
        assert!(!pulse.is_lost() && pulse.silence() == Duration::ZERO);
    }
}
