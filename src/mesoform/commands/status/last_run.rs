//! Why the last run from this machine stopped, from its log.

use serde::Deserialize;
use std::path::Path;

/// Words of hosts may be long: enough of each to know what it is.
const LONGEST: usize = 500;

#[derive(Deserialize)]
struct Line {
    event: String,
    #[serde(default)]
    host: String,
    #[serde(default)]
    message: String,
}

/// A line for each host at which it failed; none where it did not, or nothing is known of it.
pub fn failures(dir: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(dir) else { return Vec::new() };
    let logs = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let logs = logs.filter(|path| path.extension().is_some_and(|ending| ending == "jsonl"));
    // The names begin with the time.
    let Some(last) = logs.max() else { return Vec::new() };
    let text = std::fs::read_to_string(&last).unwrap_or_default();
    let lines = text.lines().filter_map(|line| serde_json::from_str::<Line>(line).ok());
    let failed = lines.filter(|line| line.event == "failure").map(|line| {
        let words: String = line.message.chars().take(LONGEST).collect();
        format!("the last run from here failed at {}: {words}", line.host)
    });
    failed.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_log_says_where_and_why() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(failures(&dir.path().join("none")), [""; 0]);
        let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
        let failure = r#"{"time":"t","event":"failure","host":"h2","message":"it fell; lift it"}"#;
        write("20261120T1.jsonl", failure);
        assert_eq!(failures(dir.path()), ["the last run from here failed at h2: it fell; lift it"]);
        write("20261120T2.jsonl", r#"{"time":"t","event":"notice","message":"fine"}"#);
        write("20261120T3.txt", failure);
        assert_eq!(failures(dir.path()), [""; 0]);
    }
}
