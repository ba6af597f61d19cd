use super::{Found, Picture};
use crate::{Thing, UnitState, What, fingerprint, unit_file};
use std::path::PathBuf;

impl Picture<'_> {
    pub(super) fn unit(&mut self, name: &str, enabled: bool, inputs: &[PathBuf]) -> Vec<Found> {
        let wanted = fingerprint(inputs, &self.host);
        let state = self.host.units.entry(name.to_owned()).or_default();
        let found = |what| Found::new(what, Thing::Unit, name);
        let mut all = Vec::new();
        if state.enabled != enabled {
            all.push(found(if enabled { What::Enable } else { What::Disable }));
        }
        if enabled && !state.is_up() {
            all.push(found(What::Start).because(standing(state)));
        } else if enabled && (wanted.is_none() || state.started_inputs != wanted) {
            all.push(found(What::Restart).because(vec!["its inputs changed".to_owned()]));
        }
        state.enabled = enabled;
        if enabled {
            state.active = "active".to_owned();
            state.started_inputs = wanted;
        }
        all
    }

    pub(super) fn unit_absent(&mut self, name: &str) -> Vec<Found> {
        let file = unit_file(name);
        let state = self.host.units.remove(name).unwrap_or_default();
        let gone = !state.enabled && !state.is_up() && !self.host.paths.contains_key(&file);
        self.forget(&file);
        if gone { Vec::new() } else { vec![Found::new(What::Remove, Thing::Unit, name)] }
    }
}

fn standing(state: &UnitState) -> Vec<String> {
    if matches!(state.active.as_str(), "" | "inactive") {
        return Vec::new();
    }
    vec![format!("it is {}", state.active)]
}
