//! Processes by their id and the time they started, so that an id that was given to somebody else
//! meanwhile is never signalled.

use std::fs;
use std::path::Path;

/// A process that the rig started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Process {
    pub pid: i32,
    /// In clock ticks since boot: field 22 of /proc/PID/stat.
    started: u64,
}

impl Process {
    pub fn me() -> Self {
        let pid = std::process::id() as i32;
        Self { pid, started: started(pid).unwrap_or_default() }
    }

    pub fn alive(&self) -> bool {
        started(self.pid) == Some(self.started)
    }

    pub fn write(&self, file: &Path) {
        fs::write(file, format!("{} {}", self.pid, self.started)).unwrap();
    }

    pub fn read(file: &Path) -> Option<Self> {
        let text = fs::read_to_string(file).ok()?;
        let (pid, started) = text.trim().split_once(' ')?;
        Some(Self { pid: pid.parse().ok()?, started: started.parse().ok()? })
    }
}

/// Whether the process is number 1 of a namespace inside ours.
pub(crate) fn is_init(pid: i32) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("NSpid:"));
    line.is_some_and(|numbers| {
        let numbers: Vec<&str> = numbers.split_whitespace().collect();
        numbers.len() > 1 && numbers.last() == Some(&"1")
    })
}

/// None for one that has ended and only waits to be collected.
fn started(pid: i32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    if state == "Z" { None } else { fields.nth(18)?.parse().ok() }
}
