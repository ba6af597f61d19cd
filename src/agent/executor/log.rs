//! One stream of a task's output on disk: `stdout`, and what was turned over, `stdout.1` to `stdout.5`.

use super::account::Account;
use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// How many files are kept beside the one that is written.
const KEPT: usize = 5;

/// A file that is turned over before it holds more than its limit.
///
/// It lies in a folder that the task may change as it likes: nothing here follows a link, and no file
/// is opened or given away that was not made here.
#[derive(Debug)]
pub struct Log {
    path: PathBuf,
    owner: Option<Account>,
    limit: u64,
    file: File,
    size: u64,
    /// What was written last was a whole line.
    line_ended: bool,
    /// That something was lost was said.
    complained: bool,
}

impl Log {
    /// A new log at `path`, `owner`'s, with files of at most `limit` bytes.
    pub fn create(path: PathBuf, owner: Option<Account>, limit: u64) -> io::Result<Self> {
        let file = fresh(&path, owner.as_ref())?;
        let limit = limit.max(1);
        Ok(Self { path, owner, limit, file, size: 0, line_ended: false, complained: false })
    }

    /// Appends `bytes`. What finds no room on the disk is lost: a task never waits for its log.
    pub fn write(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(self.fits(bytes));
            if now.is_empty() {
                self.turn_over();
            } else {
                self.append(now);
                bytes = later;
            }
        }
    }

    /// How many of `bytes` go into this file: whole lines, where there are any. Never none into an
    /// empty one.
    fn fits(&self, bytes: &[u8]) -> usize {
        let room = usize::try_from(self.limit.saturating_sub(self.size)).unwrap_or(usize::MAX);
        let Some(part) = bytes.get(..room).filter(|_| room < bytes.len()) else {
            return bytes.len();
        };
        match part.iter().rposition(|byte| *byte == b'\n') {
            Some(newline) => newline + 1,
            // A line that would be broken for no need begins the next file.
            None if self.size > 0 && self.line_ended => 0,
            None => room,
        }
    }

    fn append(&mut self, bytes: &[u8]) {
        self.line_ended = bytes.ends_with(b"\n");
        match self.file.write_all(bytes) {
            Ok(()) => self.size += bytes.len() as u64,
            Err(error) => {
                self.complain(&error);
                self.size = self.file.metadata().map_or(self.size, |facts| facts.len());
            }
        }
    }

    /// Where a new file cannot be made, the old one begins anew: the bound holds whatever the task, or
    /// the disk, does.
    fn turn_over(&mut self) {
        match self.next_file() {
            Ok(file) => self.file = file,
            Err(error) => {
                self.complain(&error);
                let emptied = self.file.set_len(0);
                emptied.unwrap_or_else(|error| self.complain(&error));
            }
        }
        self.size = 0;
    }

    fn next_file(&self) -> io::Result<File> {
        for n in (1..KEPT).rev() {
            // Those that are not there yet are no matter.
            let _ = std::fs::rename(numbered(&self.path, n), numbered(&self.path, n + 1));
        }
        match std::fs::rename(&self.path, numbered(&self.path, 1)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => fresh(&self.path, self.owner.as_ref()),
        }
    }

    fn complain(&mut self, error: &io::Error) {
        if !self.complained {
            self.complained = true;
            tracing::warn!(path = %self.path.display(), %error, "output of the task is lost");
        }
    }
}

/// `stdout.1` is the newest of the old ones.
fn numbered(path: &Path, n: usize) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{n}"));
    name.into()
}

/// A file that was not there before.
fn fresh(path: &Path, owner: Option<&Account>) -> io::Result<File> {
    let file = OpenOptions::new()
        .append(true)
        .create_new(true)
        .mode(0o644)
        .custom_flags(nix::libc::O_NOFOLLOW)
        .open(path)?;
    if let Some(owner) = owner {
        nix::unistd::fchown(&file, Some(owner.uid), Some(owner.gid))?;
    }
    // Whatever the executor's umask is.
    file.set_permissions(Permissions::from_mode(0o644))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn log(dir: &Path, limit: u64) -> Log {
        Log::create(dir.join("stdout"), None, limit).unwrap()
    }

    fn read(dir: &Path, name: &str) -> String {
        std::fs::read_to_string(dir.join(name)).unwrap_or_default()
    }

    #[test]
    fn full_files_are_turned_over_between_lines() {
        let dir = tempfile::tempdir().unwrap();
        let mut log = log(dir.path(), 10);
        log.write(b"one\ntwo\nthree\n");
        log.write(b"four\n");
        let files = ["stdout", "stdout.1", "stdout.2"].map(|name| read(dir.path(), name));
        assert_eq!(files, ["four\n", "three\n", "one\ntwo\n"]);
    }

    #[test]
    fn so_many_are_kept_and_no_more() {
        let dir = tempfile::tempdir().unwrap();
        let mut log = log(dir.path(), 2);
        (0..9).for_each(|n| log.write(format!("{n}\n").as_bytes()));
        let mut names: Vec<String> = std::fs::read_dir(dir.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        let all: Vec<String> =
            names.iter().map(|name| format!("{name}={}", read(dir.path(), name).trim())).collect();
        assert_eq!(
            all.join(" "),
            "stdout=8 stdout.1=7 stdout.2=6 stdout.3=5 stdout.4=4 stdout.5=3"
        );
    }

    #[test]
    fn a_task_that_plays_with_its_files_changes_no_others_and_breaks_no_bound() {
        let dir = tempfile::tempdir().unwrap();
        let precious = dir.path().join("precious");
        std::fs::write(&precious, "mine").unwrap();
        let mut log = log(dir.path(), 4);
        log.write(b"abc\n");
        std::fs::remove_file(dir.path().join("stdout")).unwrap();
        std::os::unix::fs::symlink(&precious, dir.path().join("stdout")).unwrap();
        log.write(b"def\n"); // the link is turned over like a file
        assert_eq!(read(dir.path(), "stdout"), "def\n");
        std::fs::remove_file(dir.path().join("stdout.1")).unwrap();
        std::fs::create_dir(dir.path().join("stdout.1")).unwrap();
        std::fs::write(dir.path().join("stdout.1/x"), "").unwrap();
        std::fs::create_dir(dir.path().join("stdout.2")).unwrap();
        std::fs::write(dir.path().join("stdout.2/x"), "").unwrap();
        for _ in 0..20 {
            log.write(b"ghi\n");
        }
        assert_eq!(read(dir.path(), "precious"), "mine");
        assert!(read(dir.path(), "stdout").len() <= 4);
        std::fs::remove_dir_all(dir.path()).unwrap();
        log.write(b"jkl\nmno\n"); // and nobody is harmed
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn nothing_is_lost_before_the_oldest_go(
            chunks in prop::collection::vec("[ab\n]{0,12}", 0..8), limit in 40_u64..60
        ) {
            let dir = tempfile::tempdir().unwrap();
            let mut log = log(dir.path(), limit);
            chunks.iter().for_each(|chunk| log.write(chunk.as_bytes()));
            let names = ["stdout.5", "stdout.4", "stdout.3", "stdout.2", "stdout.1", "stdout"];
            let files = names.map(|name| read(dir.path(), name));
            prop_assert!(files.iter().all(|file| file.len() as u64 <= limit));
            prop_assert_eq!(files.concat(), chunks.concat());
        }
    }
}
