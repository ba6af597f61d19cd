use std::io::{BufRead, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

/// A plan of a hundred files fits into some hundred KiB.
const MAX_LINE: u64 = 16 * 1024 * 1024;

/// The requests, read by a thread of their own so that the end of the connection is seen at once.
pub struct Input {
    lines: Receiver<Incoming>,
    closed: Arc<AtomicBool>,
}

/// What came in.
pub enum Incoming {
    Line(Vec<u8>),
    /// A line that is longer than any request.
    TooLong,
    End,
}

impl Input {
    pub fn from(stdin: impl Read + Send + 'static) -> Self {
        let (send, lines) = sync_channel(4);
        let closed = Arc::new(AtomicBool::new(false));
        let flag = closed.clone();
        std::thread::spawn(move || {
            read_lines(BufReader::new(stdin), &send);
            flag.store(true, Ordering::Release);
        });
        Self { lines, closed }
    }

    /// The next request, or the end after `patience` without one.
    pub fn next(&self, patience: Duration) -> Incoming {
        match self.lines.recv_timeout(patience) {
            Ok(incoming) => incoming,
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => Incoming::End,
        }
    }

    /// The other side is gone; asked while something else is waited for.
    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }
}

fn read_lines(mut stdin: impl BufRead, send: &SyncSender<Incoming>) {
    loop {
        let mut line = Vec::new();
        let read = stdin.by_ref().take(MAX_LINE).read_until(b'\n', &mut line);
        let incoming = match read {
            Ok(0) | Err(_) => return,
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
