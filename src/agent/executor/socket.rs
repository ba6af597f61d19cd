use super::ExecutorError;
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

/// A path to a socket that fits into a socket's address (108 bytes) however long its folder's is.
#[derive(Debug)]
pub struct Reachable {
    /// Valid while this lives.
    pub path: PathBuf,
    _folder: File,
}

/// Makes the socket's path short enough, through the open folder.
///
/// # Errors
/// The folder cannot be opened, or the path names no file in one.
pub fn reachable(socket: &Path) -> io::Result<Reachable> {
    let name = socket.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let folder = File::open(socket.parent().ok_or(io::ErrorKind::InvalidInput)?)?;
    let path = Path::new("/proc/self/fd").join(folder.as_raw_fd().to_string()).join(name);
    Ok(Reachable { path, _folder: folder })
}

/// Listens at `socket` (0600, by the umask of the executor), in place of one that was left behind.
pub fn listen(socket: &Path) -> Result<UnixListener, ExecutorError> {
    let bind = || -> io::Result<UnixListener> {
        let _ = std::fs::remove_file(socket);
        let listener = UnixListener::bind(&reachable(socket)?.path)?;
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(socket, std::fs::Permissions::from_mode(0o600))?;
        listener.set_nonblocking(true)?;
        Ok(listener)
    };
    bind().map_err(|source| ExecutorError::Listen { path: socket.to_owned(), source })
}
