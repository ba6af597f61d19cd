use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// At this size a log becomes `<log>.1`, and what was there is gone.
const LARGEST: u64 = 16 * 1024 * 1024;

/// How much of the end is kept in memory, to be shown when the unit fails.
const TAIL: usize = 4096;

/// How many lines of it are shown.
const TAIL_LINES: usize = 10;

/// The file that a unit's output goes to.
pub(crate) struct Log {
    path: PathBuf,
    largest: u64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    file: Option<(File, u64)>,
    tail: VecDeque<u8>,
    told: bool,
}

impl Log {
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), largest: LARGEST, state: Mutex::default() }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens the file for a new process, whose last words have yet to come.
    pub fn begin(&self) -> io::Result<()> {
        let mut state = self.state();
        state.tail.clear();
        if state.file.is_none() {
            state.file = Some(self.open()?);
        }
        Ok(())
    }

    /// Appends. What cannot be written (a full disk) is lost: a unit must not wait for its log.
    pub fn write(&self, bytes: &[u8]) {
        let mut state = self.state();
        state.tail.extend(bytes);
        let excess = state.tail.len().saturating_sub(TAIL);
        state.tail.drain(..excess);
        match self.append(&mut state, bytes) {
            Ok(()) => state.told = false,
            Err(error) if !state.told => {
                state.told = true;
                tracing::warn!(log = %self.path.display(), %error, "output is lost");
            }
            Err(_) => {}
        }
    }

    /// The last lines that the current process wrote.
    pub fn last_lines(&self) -> Vec<String> {
        let mut state = self.state();
        let cut = state.tail.len() == TAIL;
        let text = String::from_utf8_lossy(state.tail.make_contiguous()).into_owned();
        // The first line of a full buffer has lost its begin.
        let lines: Vec<&str> = text.lines().skip(usize::from(cut)).collect();
        let first = lines.len().saturating_sub(TAIL_LINES);
        lines[first..].iter().map(|line| (*line).to_owned()).collect()
    }

    fn append(&self, state: &mut State, bytes: &[u8]) -> io::Result<()> {
        let full = |size: u64| size > 0 && size + bytes.len() as u64 > self.largest;
        if state.file.as_ref().is_some_and(|(_, size)| full(*size)) {
            std::fs::rename(&self.path, self.older())?;
            state.file = None;
        }
        let (mut file, size) = match state.file.take() {
            Some(open) => open,
            None => self.open()?,
        };
        let written = file.write_all(bytes);
        state.file = Some((file, size + bytes.len() as u64));
        written
    }

    fn open(&self) -> io::Result<(File, u64)> {
        if let Some(folder) = self.path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(&self.path)?;
        let size = file.metadata()?.len();
        Ok((file, size))
    }

    fn older(&self) -> PathBuf {
        let mut older = self.path.clone().into_os_string();
        older.push(".1");
        older.into()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::Log;

    #[test]
    fn a_full_log_becomes_the_older_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/unit.log");
        let log = Log { largest: 10, ..Log::new(&path) };
        log.begin().unwrap();
        for text in ["12345\n", "1234\n", "abc\n", "defghi\n"] {
            log.write(text.as_bytes());
        }
        let older = folder.path().join("deep/unit.log.1");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "defghi\n");
        assert_eq!(std::fs::read_to_string(older).unwrap(), "1234\nabc\n");
        assert_eq!(log.last_lines(), ["12345", "1234", "abc", "defghi"]);
    }

    #[test]
    fn the_tail_is_bounded_and_begins_anew() {
        let folder = tempfile::tempdir().unwrap();
        let log = Log::new(&folder.path().join("unit.log"));
        log.begin().unwrap();
        (0..2_000).for_each(|line| log.write(format!("line {line}\n").as_bytes()));
        let lines = log.last_lines();
        assert_eq!(lines.len(), 10);
        assert_eq!(lines.last().map(String::as_str), Some("line 1999"));
        log.begin().unwrap();
        assert!(log.last_lines().is_empty());
    }
}
