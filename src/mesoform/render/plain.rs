use super::{Style, seconds};
use mesoform_cluster::{Observer, Progress};
use std::io::Write;

/// Plain lines: for logs and pipes. What is being done now is left out, what was done is told.
pub struct Plain {
    style: Style,
}

impl Plain {
    pub fn new(style: Style) -> Self {
        Self { style }
    }
}

impl Observer for Plain {
    fn on(&self, progress: Progress) {
        if let Some(line) = line(self.style, &progress) {
            let _ = writeln!(std::io::stderr().lock(), "{line}");
        }
    }
}

/// What stays on the screen of an event.
pub(super) fn line(style: Style, progress: &Progress) -> Option<String> {
    Some(match progress {
        Progress::Phase { .. } | Progress::Host { .. } | Progress::Bytes { .. } => return None,
        Progress::PhaseDone { title, millis, .. } => {
            style.faint(&format!("{title:<28} {:>8}", seconds(*millis)))
        }
        Progress::Change { host, change, diff } => {
            let line = format!("{} {}", style.strong(&format!("{host}:")), style.changed(change));
            match diff {
                Some(diff) => format!("{line}\n{}", style.diff(diff).trim_end()),
                None => line,
            }
        }
        Progress::Failure { host, message } => {
            format!("{} {}", style.bad(&format!("{host}: failed:")), message)
        }
        Progress::Notice { message } => format!("{} {message}", style.strong("note:")),
    })
}
