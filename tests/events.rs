//! What a command tells with `--output json`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::run::Run;

/// What was changed, or would be, by host.
pub type Changes = BTreeMap<String, BTreeSet<String>>;

impl Run {
    /// Each line of standard output, which must be an object and nothing else.
    #[track_caller]
    pub fn events(&self) -> Vec<Value> {
        let object = |line: &str| {
            let value: Option<Value> = serde_json::from_str(line).ok().filter(Value::is_object);
            value.unwrap_or_else(|| panic!("no object: {line}\n{self}"))
        };
        self.stdout.lines().map(object).collect()
    }

    /// The last event of this name.
    #[track_caller]
    pub fn event(&self, name: &str) -> Value {
        let found = self.events().into_iter().rfind(|event| event["event"] == name);
        found.unwrap_or_else(|| panic!("no event {name:?}\n{self}"))
    }

    /// What it says that it changes; nothing may be told twice, and the sum must be right.
    #[track_caller]
    pub fn changes(&self) -> Changes {
        let mut changes = Changes::new();
        let events = self.events();
        for event in events.iter().filter(|event| event["event"] == "change") {
            let word = |name: &str| event[name].as_str().unwrap().to_owned();
            let (host, change) = (word("host"), word("change"));
            let news = changes.entry(host.clone()).or_default().insert(change.clone());
            assert!(news, "told twice: {host}: {change}\n{self}");
        }
        let told: usize = changes.values().map(BTreeSet::len).sum();
        assert_eq!(self.event("summary")["changed"], told, "{changes:#?}\n{self}");
        changes
    }
}
