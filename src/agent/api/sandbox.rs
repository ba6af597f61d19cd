//! The way to a file of a sandbox, and to no other file of the host.
//!
//! Tasks write their sandboxes, and may change them while they are read. So a path is followed once, to a
//! handle that reads nothing (`O_PATH`), and that is asked where it really lies and what it is: what a link
//! led out of the sandbox is never opened, nor are devices and pipes, whose opening alone may do something.

use crate::store::Places;
use axum::response::Response;
use http::StatusCode;
use mesoform_http::error_reply;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Component, Path, PathBuf};

const PATH_ONLY: i32 = libc::O_PATH | libc::O_CLOEXEC;
const READ: i32 = libc::O_NONBLOCK | libc::O_NOCTTY | libc::O_CLOEXEC;

/// An open file or folder of a sandbox, and where it really lies.
#[derive(Debug)]
pub struct Inside {
    pub file: File,
    pub real: PathBuf,
}

/// Why a path is not shown.
#[derive(Debug, PartialEq, Eq)]
pub enum Denied {
    /// It is no path into a sandbox, or leads out of it.
    Outside,
    Missing,
    /// A pipe, a socket, a device.
    Special,
    Unreadable(String),
}

impl Denied {
    pub fn response(&self) -> Response {
        match self {
            Self::Outside => {
                error_reply(StatusCode::FORBIDDEN, "only files of sandboxes are shown")
            }
            Self::Missing => error_reply(StatusCode::NOT_FOUND, "there is no such file"),
            Self::Special => error_reply(StatusCode::BAD_REQUEST, "this is no regular file"),
            Self::Unreadable(cause) => error_reply(StatusCode::INTERNAL_SERVER_ERROR, cause),
        }
    }
}

impl From<io::Error> for Denied {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Self::Missing,
            _ => Self::Unreadable(error.to_string()),
        }
    }
}

/// Opens `path`, which is absolute as `/state` shows it (`directory`). Blocks, shortly.
pub fn open(places: &Places, path: &str) -> Result<Inside, Denied> {
    let path = Path::new(path);
    let sandbox = sandbox_of(places, path).ok_or(Denied::Outside)?;
    let sandbox = sandbox.canonicalize()?;
    let found = OpenOptions::new().read(true).custom_flags(PATH_ONLY).open(path)?;
    let handle = format!("/proc/self/fd/{}", found.as_raw_fd());
    let real = std::fs::read_link(&handle)?;
    if !real.starts_with(&sandbox) {
        return Err(Denied::Outside);
    }
    let kind = found.metadata()?.file_type();
    if !kind.is_file() && !kind.is_dir() {
        return Err(Denied::Special);
    }
    // What was judged, and not what the path means by now.
    let file = OpenOptions::new().read(true).custom_flags(READ).open(&handle)?;
    Ok(Inside { file, real })
}

/// The sandbox that a path names: `tasks/<short>/sandbox/…`, with nothing that climbs.
fn sandbox_of(places: &Places, path: &Path) -> Option<PathBuf> {
    let tasks = places.tasks();
    let below = path.strip_prefix(&tasks).ok()?;
    let mut parts = below.components();
    let (Some(Component::Normal(task)), Some(Component::Normal(sandbox))) =
        (parts.next(), parts.next())
    else {
        return None;
    };
    let climbs = parts.any(|part| !matches!(part, Component::Normal(_)));
    (sandbox == "sandbox" && !climbs).then(|| tasks.join(task).join(sandbox))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn rig() -> (tempfile::TempDir, Places, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let places = Places { work_dir: dir.path().into(), run_dir: dir.path().join("run") };
        let sandbox = dir.path().join("tasks/abc/sandbox");
        std::fs::create_dir_all(sandbox.join("sub")).unwrap();
        std::fs::write(sandbox.join("stdout"), "hello").unwrap();
        std::fs::write(dir.path().join("tasks/abc/task.json"), "secret").unwrap();
        (dir, places, sandbox)
    }

    #[test]
    fn files_of_a_sandbox_are_opened() {
        let (_dir, places, sandbox) = rig();
        symlink("../stdout", sandbox.join("sub/link")).unwrap();
        for name in ["stdout", "sub", "", "sub/link"] {
            open(&places, sandbox.join(name).to_str().unwrap()).unwrap();
        }
        let missing = open(&places, sandbox.join("no").to_str().unwrap());
        assert_eq!(missing.unwrap_err(), Denied::Missing);
    }

    #[test]
    fn what_has_no_content_is_not_opened() {
        let (dir, places, sandbox) = rig();
        let pipe = sandbox.join("pipe");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::from_bits_truncate(0o600)).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(sandbox.join("socket")).unwrap();
        symlink("pipe", sandbox.join("to-pipe")).unwrap();
        for name in ["pipe", "socket", "to-pipe"] {
            let path = sandbox.join(name);
            assert_eq!(open(&places, path.to_str().unwrap()).unwrap_err(), Denied::Special);
        }
        let outside = dir.path().join("pipe");
        nix::unistd::mkfifo(&outside, nix::sys::stat::Mode::from_bits_truncate(0o600)).unwrap();
        symlink(&outside, sandbox.join("away")).unwrap();
        // He waits until somebody opens it to read.
        let writer = std::thread::spawn({
            let outside = outside.clone();
            move || OpenOptions::new().write(true).open(outside).map(drop)
        });
        symlink("/dev/null", sandbox.join("device")).unwrap();
        for name in ["away", "device"] {
            let path = sandbox.join(name);
            assert_eq!(open(&places, path.to_str().unwrap()).unwrap_err(), Denied::Outside);
        }
        assert!(!writer.is_finished(), "it was opened");
        drop(File::open(&outside).unwrap());
        writer.join().unwrap().unwrap();
    }

    #[test]
    fn nothing_else_is() {
        let (dir, places, sandbox) = rig();
        symlink("/etc/passwd", sandbox.join("passwd")).unwrap();
        symlink("../task.json", sandbox.join("task")).unwrap();
        symlink("..", sandbox.join("up")).unwrap();
        let root = dir.path().display().to_string();
        for path in [
            "/etc/passwd".to_owned(),
            "stdout".to_owned(),
            format!("{root}/agent.json"),
            format!("{root}/tasks/abc/task.json"),
            format!("{root}/tasks/abc/sandbox/../task.json"),
            format!("{root}/tasks/abc/sandbox/passwd"),
            format!("{root}/tasks/abc/sandbox/task"),
            format!("{root}/tasks/abc/sandbox/up/task.json"),
            format!("{root}/tasks/../tasks/abc/sandbox/../task.json"),
        ] {
            assert_eq!(open(&places, &path).unwrap_err(), Denied::Outside, "{path}");
        }
    }
}
