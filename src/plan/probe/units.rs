use super::records::Record;
use crate::UnitState;
use std::collections::BTreeMap;

/// What `systemctl show` says: `Property=value` lines, a blank line between units, the properties
/// in an order of its own.
#[derive(Default)]
pub struct Units {
    all: BTreeMap<String, UnitState>,
    block: BTreeMap<String, String>,
    inputs: Vec<(String, String)>,
}

impl Units {
    pub fn read(&mut self, record: &Record<'_>) {
        if record.word == "inputs" {
            self.inputs.extend(record.rest.split_once(' ').map(|(u, i)| (u.into(), i.into())));
        } else if let Some((property, value)) = record.rest.split_once('=') {
            self.block.insert(property.to_owned(), value.to_owned());
        } else {
            self.close();
        }
    }

    pub fn finish(mut self) -> BTreeMap<String, UnitState> {
        self.close();
        for (unit, inputs) in self.inputs {
            self.all.entry(unit).or_default().started_inputs = Some(inputs);
        }
        self.all
    }

    fn close(&mut self) {
        let block = std::mem::take(&mut self.block);
        if let Some(id) = block.get("Id") {
            self.all.insert(id.clone(), UnitState::from_properties(&block));
        }
    }
}

impl UnitState {
    /// Reads systemd's properties LoadState, ActiveState, UnitFileState and NeedDaemonReload.
    pub fn from_properties(properties: &BTreeMap<String, String>) -> Self {
        let value = |name: &str| properties.get(name).map(String::as_str).unwrap_or_default();
        Self {
            enabled: matches!(value("UnitFileState"), "enabled" | "enabled-runtime"),
            active: value("ActiveState").to_owned(),
            loaded: value("LoadState") == "loaded",
            needs_reload: value("NeedDaemonReload") == "yes",
            started_inputs: None,
        }
    }
}
