//! What differs between a plan and a host.
//!
//! The steps are judged in order against a picture of the host that each step leaves as it wants
//! it. So a step sees what an earlier one will have done, and a unit restarts because a file that
//! it reads is about to change.

mod accounts;
mod certificate;
mod files;
mod units;
mod versions;

use crate::{Change, Diff, Observed, Plan, Step, Thing, What};
use jiff::Timestamp;

/// What carrying out `plan` on a host would do, in order; empty where the host is as it should be.
pub fn changes(plan: &Plan, observed: &Observed, now: Timestamp) -> Vec<Change> {
    let mut picture = Picture { host: observed.clone(), plan, now };
    let mut all = Vec::new();
    for (number, step) in plan.steps.iter().enumerate() {
        all.extend(picture.settle(step).into_iter().map(|found| found.at(number)));
    }
    all
}

/// The host as it will be when the steps so far are done.
struct Picture<'a> {
    host: Observed,
    plan: &'a Plan,
    now: Timestamp,
}

impl Picture<'_> {
    fn settle(&mut self, step: &Step) -> Vec<Found> {
        match step {
            Step::User { name, .. } => self.user(name),
            Step::UserAbsent { name } => self.user_absent(name),
            Step::Directory { path, ownership } => self.directory(path, ownership),
            Step::File { path, ownership, content } => self.file(path, ownership, content),
            Step::Credential { path, ownership, sha256, .. } => {
                self.credential(path, ownership, sha256)
            }
            Step::Binary { path, sha256, .. } => self.binary(path, sha256),
            Step::Link { path, target } => self.link(path, target),
            Step::Absent { path, .. } => self.absent(path),
            Step::Certificate { dir, role, .. } => self.certificate(step, dir, role),
            Step::Unit { name, enabled, inputs } => self.unit(name, *enabled, inputs),
            Step::UnitAbsent { name } => self.unit_absent(name),
            Step::Versions { dir, spare, .. } => self.versions(dir, *spare),
        }
    }
}

/// A change that does not know its step yet.
struct Found {
    what: What,
    thing: Thing,
    subject: String,
    reasons: Vec<String>,
    diff: Option<Diff>,
}

impl Found {
    fn new(what: What, thing: Thing, subject: impl ToString) -> Self {
        Self { what, thing, subject: subject.to_string(), reasons: Vec::new(), diff: None }
    }

    fn because(mut self, reasons: Vec<String>) -> Self {
        self.reasons = reasons;
        self
    }

    fn at(self, step: usize) -> Change {
        let Self { what, thing, subject, reasons, diff } = self;
        Change { step, what, thing, subject, reasons, diff }
    }
}

#[cfg(test)]
mod tests;
