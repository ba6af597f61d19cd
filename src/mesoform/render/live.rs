use super::{Style, one_line, plain};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use mesoform_cluster::{Observer, Progress};
use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// A line per host that changes in place, a line for the phase, and above them what stays.
pub struct Live {
    style: Style,
    bars: MultiProgress,
    lines: Mutex<Lines>,
}

#[derive(Default)]
struct Lines {
    phase: Option<ProgressBar>,
    hosts: BTreeMap<String, ProgressBar>,
}

/// More lines than this would scroll: hosts beyond it share the phase's line.
const HOSTS_SHOWN: usize = 20;
/// Characters of a host's name.
const NAME: usize = 16;
const TICK: Duration = Duration::from_millis(100);

impl Live {
    pub fn new(style: Style) -> Self {
        Self { style, bars: MultiProgress::new(), lines: Mutex::default() }
    }

    fn phase(&self, title: &str) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let bar = lines.phase.get_or_insert_with(|| self.bar("{spinner} {wide_msg} {elapsed}"));
        bar.reset_elapsed();
        bar.set_message(title.to_owned());
    }

    fn host(&self, host: &str, text: String) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if !lines.hosts.contains_key(host) && lines.hosts.len() >= HOSTS_SHOWN {
            return;
        }
        let bar = lines.hosts.entry(host.to_owned()).or_insert_with(|| {
            let bar = self.bar("  {prefix} {wide_msg}");
            bar.set_prefix(self.style.strong(&name(host)));
            bar
        });
        bar.set_message(one_line(&text));
    }

    /// Between two phases nothing moves: a command may ask a question there.
    fn rest(&self) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let Lines { phase, hosts } = std::mem::take(&mut *lines);
        phase.iter().chain(hosts.values()).for_each(ProgressBar::finish_and_clear);
    }

    fn bar(&self, template: &str) -> ProgressBar {
        let style = ProgressStyle::with_template(template)
            .unwrap_or_else(|_| ProgressStyle::default_spinner());
        let bar = self.bars.add(ProgressBar::new_spinner().with_style(style));
        bar.enable_steady_tick(TICK);
        bar
    }
}

/// A host's name in a column: what does not fit leaves room for what is said of it.
fn name(host: &str) -> String {
    if host.chars().count() <= NAME {
        return format!("{host:<NAME$}");
    }
    host.chars().take(NAME - 1).chain(['…']).collect()
}

impl Observer for Live {
    fn on(&self, progress: Progress) {
        match &progress {
            Progress::Phase { title, .. } => self.phase(title),
            Progress::PhaseDone { .. } => self.rest(),
            Progress::Host { host, text } => self.host(host, text.clone()),
            Progress::Bytes { host, sent, total } => {
                let (sent, total) = (sent / 1024, total / 1024);
                self.host(host, format!("carrying the binary: {sent} of {total} KiB"));
            }
            _ => {}
        }
        if let Some(line) = plain::line(self.style, &progress) {
            // A terminal that is gone is no reason to stop a run half way.
            self.bars.suspend(|| drop(writeln!(std::io::stderr().lock(), "{line}")));
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        let _ = self.bars.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_in_a_column() {
        let names = ["h1", "sixteen-letters-", "node1.rack2.example.org"].map(name);
        assert!(names.iter().all(|name| name.chars().count() == NAME), "{names:?}");
        assert_eq!(names[2], "node1.rack2.exa…");
    }
}
