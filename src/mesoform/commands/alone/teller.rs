use crate::cli::{OutputFormat, OutputOptions};
use crate::render::{self, Style, one_line, seconds};
use mesoform_supervise::SupervisorEvent;
use serde_json::json;
use std::collections::BTreeMap;
use std::io::Write;
use tokio::sync::mpsc;

/// Tells what happens to the services, until the supervisor has ended.
pub async fn tell(mut events: mpsc::Receiver<SupervisorEvent>, output: OutputOptions) {
    let style = Style::of(output.color);
    let mut said = Said::default();
    while let Some(event) = events.recv().await {
        let Some((unit, text)) = words(&event) else { continue };
        if !said.is_new(unit, &text) {
            continue;
        }
        match output.output {
            OutputFormat::Json => {
                render::json_line(&json!({"event": "service", "service": unit, "text": text}));
            }
            OutputFormat::Text => {
                let name = style.strong(&format!("{unit:<10}"));
                // A terminal that is gone does not stop the cluster.
                let _ = writeln!(std::io::stderr().lock(), "{name} {}", one_line(&text));
            }
        }
    }
}

/// What each service said last: nobody needs to read it twice in a row.
#[derive(Debug, Default)]
struct Said(BTreeMap<String, String>);

impl Said {
    fn is_new(&mut self, unit: &str, text: &str) -> bool {
        let before = self.0.insert(unit.to_owned(), text.to_owned());
        before.as_deref() != Some(text)
    }
}

fn words(event: &SupervisorEvent) -> Option<(&str, String)> {
    Some(match event {
        SupervisorEvent::Starting { .. } => return None,
        SupervisorEvent::Status { unit, text } => (unit, text.clone()),
        SupervisorEvent::Ready { unit, took } => {
            let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
            (unit, format!("ready after {}", seconds(millis)))
        }
        SupervisorEvent::Ended { unit, ended, again_in } => {
            (unit, format!("{ended}; starting again in {} ms", again_in.as_millis()))
        }
        SupervisorEvent::Stopping { unit } => (unit, "stopping".into()),
        SupervisorEvent::Killing { unit } => (unit, "did not stop in time; killed".into()),
        SupervisorEvent::Stopped { unit, .. } => (unit, "stopped".into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_service_repeats_is_told_once() {
        let mut said = Said::default();
        let mut told = Vec::new();
        for (unit, text) in [("a", "waits"), ("a", "waits"), ("b", "waits"), ("a", "works")] {
            let event = SupervisorEvent::Status { unit: unit.into(), text: text.into() };
            let (unit, text) = words(&event).unwrap();
            if said.is_new(unit, &text) {
                told.push(format!("{unit} {text}"));
            }
        }
        assert_eq!(told, ["a waits", "b waits", "a works"]);
        assert!(said.is_new("a", "waits"), "what comes back is news");
    }
}
