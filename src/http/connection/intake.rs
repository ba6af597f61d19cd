use super::stock::Share;
use crate::Limits;
use axum::body::{Body, Bytes};
use hyper::body::{Frame, SizeHint};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep_until};

/// A body that is too large is heard out up to so many times the limit: whoever still sends does not
/// see the answer otherwise.
const HEARD_OUT_TIMES: usize = 4;

/// What became of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Nothing is wrong with it.
    Fine,
    TooLarge,
    TooSlow,
    /// Too much is being read at this door.
    NoRoom,
}

/// Where that is told.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tale(Arc<AtomicU8>);

impl Tale {
    pub(crate) fn fate(&self) -> Fate {
        match self.0.load(Ordering::Acquire) {
            0 => Fate::Fine,
            1 => Fate::TooLarge,
            2 => Fate::TooSlow,
            _ => Fate::NoRoom,
        }
    }

    fn tell(&self, fate: Fate) {
        self.0.store(fate as u8, Ordering::Release);
    }
}

/// The body of a request, bounded in size and in time.
pub(crate) struct Intake {
    body: Body,
    limit: usize,
    pace: Pace,
    clock: Pin<Box<Sleep>>,
    share: Arc<Share>,
    tale: Tale,
}

impl Intake {
    pub(crate) fn new(body: Body, limits: &Limits, share: Arc<Share>, tale: Tale) -> Self {
        let pace = Pace { stall: limits.stall, rate: limits.rate.max(1), taken: 0, times: None };
        let clock = Box::pin(sleep_until(Instant::now()));
        Self { body, limit: limits.body, pace, clock, share, tale }
    }
}

impl hyper::body::Body for Intake {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        loop {
            let now = Instant::now();
            let Poll::Ready(next) = Pin::new(&mut self.body).poll_frame(context) else {
                let until = self.pace.until(now);
                self.clock.as_mut().reset(until);
                ready!(self.clock.as_mut().poll(context));
                self.tale.tell(Fate::TooSlow);
                return Poll::Ready(Some(Err(axum::Error::new(Bad::TooSlow))));
            };
            let mut bytes = 0;
            let is_over = match &next {
                Some(Ok(frame)) => {
                    bytes = frame.data_ref().map_or(0, Bytes::len);
                    self.pace.took(bytes, now);
                    self.pace.taken > self.limit.saturating_mul(HEARD_OUT_TIMES)
                }
                _ => true,
            };
            let too_large = self.pace.taken > self.limit;
            match (too_large, is_over) {
                (false, _) if self.share.take(bytes) => return Poll::Ready(next),
                (false, _) => {
                    self.tale.tell(Fate::NoRoom);
                    return Poll::Ready(Some(Err(axum::Error::new(Bad::NoRoom))));
                }
                (true, false) => {}
                (true, true) => {
                    self.tale.tell(Fate::TooLarge);
                    return Poll::Ready(Some(Err(axum::Error::new(Bad::TooLarge))));
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Why a body was not read to its end; the caller is told by its [`Fate`].
#[derive(Debug, thiserror::Error)]
enum Bad {
    #[error("the body comes too slowly")]
    TooSlow,
    #[error("the body is too large")]
    TooLarge,
    #[error("too many bodies are being read")]
    NoRoom,
}

/// How fast a body comes.
#[derive(Debug)]
struct Pace {
    stall: Duration,
    /// Bytes per second.
    rate: usize,
    taken: usize,
    /// When the first byte was waited for, and when the last one came.
    times: Option<(Instant, Instant)>,
}

impl Pace {
    fn took(&mut self, bytes: usize, now: Instant) {
        if bytes > 0 {
            let begin = self.times.map_or(now, |(begin, _)| begin);
            self.times = Some((begin, now));
            self.taken = self.taken.saturating_add(bytes);
        }
    }

    /// When the patience is over, if nothing comes.
    fn until(&mut self, now: Instant) -> Instant {
        let (begin, last) = *self.times.get_or_insert((now, now));
        let earned = Duration::from_secs((self.taken / self.rate) as u64);
        (last + self.stall).min(begin + self.stall + earned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn silence_and_dripping_come_to_an_end() {
        let pace = || Pace { stall: 20 * SECOND, rate: 1000, taken: 0, times: None };
        let now = Instant::now();
        let (mut silent, mut dripping, mut slow) = (pace(), pace(), pace());
        assert_eq!(silent.until(now), now + 20 * SECOND);
        for second in 1..20 {
            dripping.took(10, now + second * SECOND);
        }
        // What came within one second counts from its own time.
        assert_eq!(dripping.until(now + 19 * SECOND), now + 21 * SECOND);
        slow.until(now);
        for second in 1..100 {
            let at = now + second * SECOND;
            slow.took(1000, at);
            assert_eq!(slow.until(at), at + 20 * SECOND, "just fast enough");
        }
    }
}
