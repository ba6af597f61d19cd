use super::pulse::{Heard, Pulse};
use mesoform_plan::Request;
use std::io::{BufRead, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

/// A session in which nobody asks anything for this long is one that nobody has.
const IDLE: Duration = Duration::from_secs(600);
/// How often it is asked whether the operator is still there.
const LOOK: Duration = Duration::from_millis(200);
/// Beats are short; longer lines are looked at by whom they are for.
const SHORT: usize = 64;
/// A plan of a hundred files fits into some hundred KiB.
const MAX_LINE: u64 = 16 * 1024 * 1024;

/// The requests, read by a thread of their own so that the end of the connection is seen at once.
pub struct Input {
    lines: Receiver<Incoming>,
    closed: Arc<AtomicBool>,
    pulse: Arc<Pulse>,
}

/// What came in.
pub enum Incoming {
    Line(Vec<u8>),
    /// A line that is longer than any request.
    TooLong,
    End,
}

impl Input {
    pub fn new(stdin: impl Read + Send + 'static, pulse: Arc<Pulse>) -> Self {
        let (send, lines) = sync_channel(4);
        let closed = Arc::new(AtomicBool::new(false));
        let flag = closed.clone();
        let stdin = BufReader::new(Heard { inner: stdin, pulse: pulse.clone() });
        std::thread::spawn(move || {
            read_lines(stdin, &send);
            flag.store(true, Ordering::Release);
        });
        Self { lines, closed, pulse }
    }

    pub fn pulse(&self) -> &Arc<Pulse> {
        &self.pulse
    }

    /// The next request, or the end where nobody is there any more.
    pub fn next(&self) -> Incoming {
        let since = Instant::now();
        loop {
            match self.lines.recv_timeout(LOOK) {
                Ok(incoming) => return incoming,
                Err(RecvTimeoutError::Disconnected) => return Incoming::End,
                Err(_) if self.pulse.is_lost() || self.is_idle(since) => return Incoming::End,
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    /// The other side is gone; asked while something else is waited for.
    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire) || self.pulse.is_lost()
    }

    /// An operator of a protocol without beats, who may have gone without a word.
    fn is_idle(&self, since: Instant) -> bool {
        since.elapsed() > IDLE && self.pulse.silence() > IDLE
    }
}

fn read_lines(mut stdin: impl BufRead, send: &SyncSender<Incoming>) {
    loop {
        let mut line = Vec::new();
        let read = stdin.by_ref().take(MAX_LINE).read_until(b'\n', &mut line);
        let incoming = match read {
            Ok(0) | Err(_) => return,
            Ok(_) if is_beat(&line) => continue,
            Ok(_) if line.last() == Some(&b'\n') => Incoming::Line(line),
            // Not whole: cut off with the connection, or too long.
            Ok(read) if u64::try_from(read).is_ok_and(|read| read < MAX_LINE) => return,
            Ok(_) => Incoming::TooLong,
        };
        let last = matches!(incoming, Incoming::TooLong);
        if send.send(incoming).is_err() || last {
            return;
        }
    }
}

fn is_beat(line: &[u8]) -> bool {
    line.len() < SHORT && matches!(serde_json::from_slice(line), Ok(Request::Beat))
}
