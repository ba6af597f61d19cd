use std::io;
use std::net::Shutdown;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;
use tokio::io::AsyncReadExt;

/// The variable that tells a unit the number of the descriptor that it inherits. Reading from it
/// ends (end of file) when the supervisor is gone, or cuts it.
pub const LIFELINE: &str = "MESOFORM_LIFELINE_FD";

/// How all that was started, whoever started it, notices the end of the supervisor.
///
/// A pair of sockets rather than a pipe: units see the same end of file, and the supervisor sees in
/// turn when the last process that holds the other end is gone.
pub(crate) struct Lifeline {
    ours: UnixStream,
    /// Inherited by the units.
    theirs: OwnedFd,
}

impl Lifeline {
    pub fn new() -> io::Result<Self> {
        let (ours, theirs) = UnixStream::pair()?;
        Ok(Self { ours, theirs: theirs.into() })
    }

    /// The descriptor for units. It is closed on exec unless that is undone between fork and exec.
    pub fn for_units(&self) -> RawFd {
        self.theirs.as_raw_fd()
    }

    /// Tells all holders to end, and waits until they are gone: whether they all went in time.
    pub async fn cut(self, patience: Duration) -> bool {
        drop(self.theirs);
        let gone = async {
            self.ours.shutdown(Shutdown::Write)?;
            self.ours.set_nonblocking(true)?;
            let mut ours = tokio::net::UnixStream::from_std(self.ours)?;
            // Nobody should write here; whatever comes is thrown away.
            while ours.read(&mut [0; 256]).await? > 0 {}
            Ok::<(), io::Error>(())
        };
        matches!(tokio::time::timeout(patience, gone).await, Ok(Ok(())))
    }
}
