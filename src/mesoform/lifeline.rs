//! The lifeline: a pipe whose other end only the embedded supervisor holds. When it closes, the
//! supervisor is gone, however it ended, and so must be what it started.

use std::fs::File;
use std::io::Read;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};

/// Names the pipe's read end in the environment.
const VARIABLE: &str = "MESOFORM_LIFELINE_FD";

/// Ends this process at the end of its lifeline, where it has one.
pub fn watch() {
    let Some(fd) = std::env::var(VARIABLE).ok().and_then(|fd| fd.parse::<RawFd>().ok()) else {
        return;
    };
    std::thread::spawn(move || {
        // SAFETY: the supervisor handed this descriptor to us by number, and nothing else owns it.
        let mut pipe = File::from(unsafe { OwnedFd::from_raw_fd(fd) });
        let mut byte = [0];
        // Nothing is ever written: a return means that the pipe is closed or broken.
        while matches!(pipe.read(&mut byte), Err(e) if e.kind() == std::io::ErrorKind::Interrupted)
        {
        }
        std::process::exit(0);
    });
}
