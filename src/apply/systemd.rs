use crate::run::{Call, Run, must};
use crate::{Result, UnitView, Verb};
use mesoform_plan::UnitState;
use std::collections::BTreeMap;
use std::time::Duration;

/// To stop a unit may take its `TimeoutStopSec`, 90 s unless it says otherwise.
const STOP: Duration = Duration::from_secs(120);
/// Lines of a journal that are shown at most, and characters of each.
const MAX_LINES: u32 = 1000;
const MAX_LINE: usize = 500;

const PROPERTIES: &str = "--property=Id,LoadState,ActiveState,SubState,UnitFileState,\
     NeedDaemonReload,StatusText,InvocationID,Job,Result,NRestarts";

/// `systemctl` and `journalctl`.
pub struct Systemd<'a>(pub &'a dyn Run);

impl Systemd<'_> {
    pub fn show(&self, units: &[String]) -> Result<BTreeMap<String, UnitView>> {
        if units.is_empty() {
            return Ok(BTreeMap::new());
        }
        let call = Call::new("systemctl", &["show", PROPERTIES, "--"]).also(units);
        Ok(parse(&must(self.0, &call)?.stdout))
    }

    pub fn tell(&self, verb: Verb, units: &[String]) -> Result<()> {
        let words: &[&str] = match verb {
            Verb::Start => &["start", "--no-block", "--"],
            Verb::Restart => &["restart", "--no-block", "--"],
            Verb::Stop => &["stop", "--no-block", "--"],
            Verb::ResetFailed => &["reset-failed", "--"],
            Verb::Reload => &["daemon-reload"],
        };
        must(self.0, &Call::new("systemctl", words).also(units)).map(drop)
    }

    pub fn enable(&self, unit: &str, enabled: bool) -> Result<()> {
        let word = if enabled { "enable" } else { "disable" };
        // Without the reload that each would do: there is one at the end.
        must(self.0, &Call::new("systemctl", &[word, "--no-reload", "--quiet", "--", unit]))
            .map(drop)
    }

    /// Stops a unit and waits until it has stopped.
    pub fn stop(&self, unit: &str) -> Result<()> {
        must(self.0, &Call::new("systemctl", &["stop", "--", unit]).within(STOP)).map(drop)
    }

    pub fn journal(&self, unit: &str, lines: u32) -> Result<Vec<String>> {
        let lines = lines.min(MAX_LINES).to_string();
        let args = ["--no-pager", "--quiet", "-o", "cat", "-n", &lines, "-u", unit];
        let done = must(self.0, &Call::new("journalctl", &args))?;
        Ok(done.stdout.lines().map(|line| line.chars().take(MAX_LINE).collect()).collect())
    }
}

/// `Property=value` lines in systemd's own order, a blank line between units.
fn parse(text: &str) -> BTreeMap<String, UnitView> {
    let mut all = BTreeMap::new();
    for block in text.split("\n\n") {
        let properties: BTreeMap<String, String> = block
            .lines()
            .filter_map(|line| line.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        if let Some(id) = properties.get("Id") {
            all.insert(id.clone(), view(&properties));
        }
    }
    all
}

fn view(properties: &BTreeMap<String, String>) -> UnitView {
    let value = |name: &str| properties.get(name).cloned().unwrap_or_default();
    UnitView {
        state: UnitState::from_properties(properties),
        sub: value("SubState"),
        status: value("StatusText"),
        invocation: value("InvocationID"),
        pending: !matches!(value("Job").as_str(), "" | "0"),
        result: value("Result"),
        restarts: value("NRestarts").parse().unwrap_or(0),
    }
}
