use super::protocol::{Asked, MAX_LINE, Told};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;

/// Someone who is connected to the executor.
pub struct Client {
    stream: UnixStream,
    unread: Vec<u8>,
    /// Whether the exit was taken note of.
    pub heard: bool,
}

/// The other side is gone, or speaks nonsense.
pub struct Gone;

impl Client {
    pub fn new(stream: UnixStream) -> std::io::Result<Self> {
        stream.set_nonblocking(true)?;
        Ok(Self { stream, unread: Vec::new(), heard: false })
    }

    /// The lines are few and short: a socket's buffer that is full means nobody reads.
    pub fn tell(&mut self, told: &Told) -> Result<(), Gone> {
        let mut line = serde_json::to_vec(told).map_err(|_| Gone)?;
        line.push(b'\n');
        self.stream.write_all(&line).map_err(|_| Gone)
    }

    /// What was asked since the last time.
    pub fn read(&mut self) -> Result<Vec<Asked>, Gone> {
        let mut chunk = [0; 4096];
        loop {
            match self.stream.read(&mut chunk) {
                Ok(0) => return Err(Gone),
                Ok(n) => self.unread.extend_from_slice(&chunk[..n]),
                Err(e) if e.kind() == ErrorKind::WouldBlock => break,
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(_) => return Err(Gone),
            }
            if self.unread.len() > MAX_LINE {
                break;
            }
        }
        self.take_lines()
    }

    fn take_lines(&mut self) -> Result<Vec<Asked>, Gone> {
        let mut asked = Vec::new();
        while let Some(end) = self.unread.iter().position(|b| *b == b'\n') {
            let line: Vec<u8> = self.unread.drain(..=end).collect();
            asked.push(serde_json::from_slice(&line).map_err(|_| Gone)?);
        }
        if self.unread.len() > MAX_LINE { Err(Gone) } else { Ok(asked) }
    }
}

impl AsFd for Client {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}
