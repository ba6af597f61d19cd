use crate::{Materials, Result};
use mesoform_plan::{Change, Interest, Observed, Plan, UnitState};
use std::collections::BTreeMap;

/// The one gate through which a host is looked at and changed.
///
/// To add a kind of host, implement this; [`crate::Host`] is the real one, and one below a folder.
/// Whoever decides what to do calls [`mesoform_plan::changes`] on what `observe` returned, so a run
/// that must not change anything just does not call the rest.
pub trait Machine {
    /// The host as it is.
    ///
    /// # Errors
    /// A path leads elsewhere, or systemd does not answer.
    fn observe(&self, interest: &Interest) -> Result<Observed>;

    /// Makes one change that [`mesoform_plan::changes`] found; not `Start` and `Restart`.
    ///
    /// # Errors
    /// Where, why, and what helps. What was there before is still there.
    fn perform(&mut self, plan: &Plan, change: &Change, materials: &Materials) -> Result<()>;

    /// Ends a series of changes: systemd reads changed units.
    ///
    /// # Errors
    /// systemd does not.
    fn settle(&mut self) -> Result<()>;

    /// How units are now; all of them in one question.
    ///
    /// # Errors
    /// systemd does not answer.
    fn units(&self, units: &[String]) -> Result<BTreeMap<String, UnitView>>;

    /// Tells systemd to do something, and does not wait until it is done.
    ///
    /// # Errors
    /// systemd refuses.
    fn tell(&mut self, verb: Verb, units: &[String]) -> Result<()>;

    /// Notes what a unit was started with; `None`: that it is not known.
    ///
    /// # Errors
    /// The note cannot be written.
    fn note_inputs(&mut self, unit: &str, inputs: Option<&str>) -> Result<()>;

    /// The last lines that a unit wrote, oldest first.
    ///
    /// # Errors
    /// There is no journal.
    fn journal(&self, unit: &str, lines: u32) -> Result<Vec<String>>;
}

/// What systemd can be told about units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    Start,
    Restart,
    Stop,
    /// Forget that they failed, and how often.
    ResetFailed,
    /// Read all unit files anew.
    Reload,
}

/// One unit in more detail than a plan needs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UnitView {
    pub state: UnitState,
    /// `running`, `auto-restart`, …
    pub sub: String,
    /// What the unit says about itself.
    pub status: String,
    /// Another one for each time that the unit was started.
    pub invocation: String,
    /// systemd has something to do for it.
    pub pending: bool,
    /// `success`, `exit-code`, `timeout`, …
    pub result: String,
    /// How often systemd started it again by itself.
    pub restarts: u32,
}
