use super::{Style, harmless, seconds};
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
            let line = format!(
                "{} {}",
                style.strong(&format!("{host}:")),
                style.changed(&harmless(change))
            );
            match diff {
                Some(diff) => format!("{line}\n{}", style.diff(&harmless(diff)).trim_end()),
                None => line,
            }
        }
        Progress::Failure { host, message } => {
            format!("{} {}", style.bad(&format!("{host}: failed:")), harmless(message))
        }
        Progress::Notice { message } => format!("{} {}", style.strong("note:"), harmless(message)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::ColorChoice;

    #[test]
    fn what_was_done_is_told_and_nothing_that_moves_the_cursor() {
        let shown = |progress| line(Style::of(ColorChoice::Never), &progress);
        let (host, text) = ("h1".to_owned(), "looking".to_owned());
        assert_eq!(shown(Progress::Host { host: host.clone(), text }), None);
        let message = "\x1b[2Jit fell\n    over".to_owned();
        let failure = shown(Progress::Failure { host: host.clone(), message });
        assert_eq!(failure.as_deref(), Some("h1: failed: [2Jit fell\n    over"));
        let (change, diff) = ("update file /x".to_owned(), Some("-a\n+b\n".to_owned()));
        let change = shown(Progress::Change { host, change, diff });
        assert_eq!(change.as_deref(), Some("h1: update file /x\n    -a\n    +b"));
    }
}
