//! The service's side of sd_notify: one socket per process, in a folder that only we may enter.

use crate::SuperviseError;
use crate::core::{Input, Word};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tokio::net::UnixDatagram;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

/// The longest path of a Unix socket, without its final zero.
const LONGEST_PATH: usize = 107;

/// Longer messages are cut: sd_notify's own are far shorter.
const LONGEST_MESSAGE: usize = 8192;

const LONGEST_STATUS: usize = 500;

/// The folder of the notify sockets.
pub(crate) struct Sockets {
    folder: PathBuf,
    /// Set where the data folder's path is too long for a socket.
    _elsewhere: Option<TempDir>,
}

impl Sockets {
    /// A folder within `directory`, or where its path is too long, within the system's temporary
    /// folder.
    pub fn prepare(directory: &Path, longest_name: usize) -> Result<Self, SuperviseError> {
        let here =
            std::path::absolute(directory).unwrap_or_else(|_| directory.into()).join("notify");
        let failed = |source| SuperviseError::Io { path: here.clone(), source };
        let length = here.as_os_str().len() + "/.sock".len() + longest_name;
        if length > LONGEST_PATH {
            let elsewhere =
                tempfile::Builder::new().prefix("mesoform-").tempdir().map_err(failed)?;
            return Ok(Self { folder: elsewhere.path().to_owned(), _elsewhere: Some(elsewhere) });
        }
        std::fs::create_dir_all(&here).map_err(failed)?;
        std::fs::set_permissions(&here, PermissionsExt::from_mode(0o700)).map_err(failed)?;
        Ok(Self { folder: here, _elsewhere: None })
    }

    pub fn path_of(&self, unit: &str) -> PathBuf {
        self.folder.join(format!("{unit}.sock"))
    }

    /// A new socket for a new process, which takes the place of the last one's: what an earlier
    /// process says is not taken for the new one's.
    pub fn listen(
        &self,
        name: &str,
        unit: usize,
        generation: u64,
        inputs: mpsc::Sender<Input>,
    ) -> io::Result<AbortHandle> {
        let path = self.path_of(name);
        match std::fs::remove_file(&path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
        let socket = UnixDatagram::bind(&path)?;
        let listen = async move {
            let mut buffer = vec![0; LONGEST_MESSAGE];
            while let Ok(length) = socket.recv(&mut buffer).await {
                for word in words(&buffer[..length]) {
                    if inputs.send(Input::Said { unit, generation, word }).await.is_err() {
                        return;
                    }
                }
            }
        };
        Ok(tokio::spawn(listen).abort_handle())
    }
}

/// The parts of a message that we understand; the others are for systemd.
fn words(message: &[u8]) -> Vec<Word> {
    let text = String::from_utf8_lossy(message);
    let word = |line: &str| match line.split_once('=')? {
        ("READY", "1") => Some(Word::Ready),
        ("STOPPING", "1") => Some(Word::Stopping),
        ("STATUS", text) => Some(Word::Status(printable(text))),
        _ => None,
    };
    text.lines().filter_map(word).collect()
}

/// A status is shown on terminals: no control characters, and not without end.
fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(LONGEST_STATUS).collect()
}

#[cfg(test)]
mod tests {
    use super::{Word, words};

    #[test]
    fn messages_are_understood() {
        let all = words(
            b"STATUS=waits for\x1b[31m a leader\nMAINPID=7\nREADY=1\nSTOPPING=1\nREADY=0\nx\n",
        );
        let status = Word::Status("waits for[31m a leader".to_owned());
        assert_eq!(all, [status, Word::Ready, Word::Stopping]);
        assert_eq!(words(&[0xff, b'=', b'\n']), []);
    }
}
