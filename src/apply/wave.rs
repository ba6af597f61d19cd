//! Which units to start, and when they are up: decided here, without touching systemd.

use crate::UnitView;
use mesoform_plan::{Observed, StartUnit, Started, fingerprint};
use std::collections::BTreeMap;

/// A unit that systemd had to start again by itself this often does not come up.
const MAX_RESTARTS: u32 = 3;

type Views = BTreeMap<String, UnitView>;

/// What must be done for a unit to be up with the inputs that are there now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// It runs, or comes up, with them already.
    Await,
    Start,
    Restart,
}

/// One unit on its way.
#[derive(Debug, Clone)]
pub struct Awaited {
    pub unit: String,
    pub inputs: Option<String>,
    pub action: Action,
    pub last: UnitView,
    /// What ran before.
    invocation: String,
    restarts: u32,
    /// How it last failed: systemd forgets that while it starts a unit again.
    result: String,
    up: bool,
}

/// What a look at the units tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    Unit { unit: String, active: String, status: String },
    Failed { unit: String, cause: String },
}

/// Units that are started together.
#[derive(Debug, Clone, Default)]
pub struct Wave {
    pub units: Vec<Awaited>,
}

impl Wave {
    /// `observed` has the units and their inputs. With `restart` all that run are restarted.
    pub fn new(wanted: &[StartUnit], observed: &Observed, views: &Views, restart: bool) -> Self {
        let awaited = |unit: &StartUnit| {
            let last = views.get(&unit.name).cloned().unwrap_or_default();
            let state = observed.units.get(&unit.name).cloned().unwrap_or_default();
            let inputs = fingerprint(&unit.inputs, observed);
            let same = inputs.is_some() && state.started_inputs == inputs;
            let action = match (state.is_up(), same && !restart) {
                (false, _) => Action::Start,
                (true, false) => Action::Restart,
                (true, true) => Action::Await,
            };
            let (invocation, restarts) = (last.invocation.clone(), last.restarts);
            // The first look says how it is, also where nothing changes any more.
            let last = UnitView { status: String::new(), ..UnitView::default() };
            Awaited {
                unit: unit.name.clone(),
                inputs,
                action,
                last,
                invocation,
                restarts,
                result: String::new(),
                up: false,
            }
        };
        Self { units: wanted.iter().map(awaited).collect() }
    }

    pub fn that(&self, action: Action) -> Vec<String> {
        self.units.iter().filter(|u| u.action == action).map(|u| u.unit.clone()).collect()
    }

    /// Takes in how the units are now.
    pub fn look(&mut self, views: &Views) -> Vec<Seen> {
        let missing = UnitView::default();
        let each = self.units.iter_mut().filter(|unit| !unit.up);
        each.flat_map(|unit| unit.look(views.get(&unit.unit).unwrap_or(&missing))).collect()
    }

    pub fn is_up(&self) -> bool {
        self.units.iter().all(|unit| unit.up)
    }

    pub fn first_waiting(&self) -> Option<&Awaited> {
        self.units.iter().find(|unit| !unit.up)
    }

    pub fn started(&self) -> Vec<Started> {
        let started = |unit: &Awaited| Started {
            unit: unit.unit.clone(),
            changed: unit.action != Action::Await,
        };
        self.units.iter().map(started).collect()
    }
}

impl Awaited {
    fn look(&mut self, view: &UnitView) -> Vec<Seen> {
        let mut seen = Vec::new();
        let words = |view: &UnitView| (view.state.active.clone(), view.status.clone());
        if words(view) != words(&self.last) {
            let (active, status) = words(view);
            seen.push(Seen::Unit { unit: self.unit.clone(), active, status });
        }
        self.last = view.clone();
        if !matches!(view.result.as_str(), "" | "success") {
            self.result.clone_from(&view.result);
        }
        // A start by hand sets the count to 0.
        self.restarts = self.restarts.min(view.restarts);
        self.up = view.state.active == "active" && self.is_fresh(view);
        if let Some(cause) = self.why_failed(view) {
            seen.push(Seen::Failed { unit: self.unit.clone(), cause });
        }
        seen
    }

    /// Not what ran before the restart any more.
    fn is_fresh(&self, view: &UnitView) -> bool {
        match self.action {
            // systemd before 232 has no invocations.
            Action::Restart if view.invocation.is_empty() => !view.pending,
            Action::Restart => view.invocation != self.invocation,
            Action::Start | Action::Await => true,
        }
    }

    fn why_failed(&self, view: &UnitView) -> Option<String> {
        if self.up {
            return None;
        }
        if view.restarts >= self.restarts + MAX_RESTARTS {
            return Some(format!("it ended {MAX_RESTARTS} times ({})", self.result));
        }
        match view.state.active.as_str() {
            _ if view.pending => None,
            "failed" => Some(format!("it failed ({})", view.result)),
            "inactive" | "" if !view.state.loaded => Some("systemd knows no such unit".to_owned()),
            "inactive" => Some(format!("it ended ({})", view.result)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
