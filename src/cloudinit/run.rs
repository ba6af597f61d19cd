use crate::host::{Gate, Look};
use crate::modules::Module;
use crate::{Action, CloudInitError, Document, Record, Result};
use mesoform_plan::{Event, Failure, Outcome};

/// How a document is to be carried out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wish {
    /// Only say what would change, as far as that can be known before it is done.
    pub check: bool,
    /// Say how files differ.
    pub diff: bool,
}

/// A document that is being carried out on a host.
pub struct Application<'a> {
    pub look: &'a dyn Look,
    pub gate: &'a mut dyn Gate,
    pub wish: Wish,
    pub tell: &'a mut dyn FnMut(Event),
}

/// Carries out what a document asks for and the record does not have, module by module. One that fails
/// does not stop the others, as in cloud-init, and is taken up again by the next call; but a host on
/// which something failed is not powered off or rebooted.
pub fn apply(document: &Document, mut on: Application<'_>) -> Outcome {
    let mut record = match Record::of(on.look, &document.id) {
        Ok(record) => record,
        Err(error) => return Outcome::Failed { changed: 0, step: None, failure: error.failure() },
    };
    let mut run = Progress { changed: 0, failures: Vec::new(), untold: false };
    for (number, module) in document.modules().iter().enumerate() {
        if record.is_done(module.name()) {
            continue;
        }
        if module.ends_all() && !run.failures.is_empty() {
            note(&mut on, format!("{} is left out, since something failed", module.name()));
            continue;
        }
        match run.module(number, module.as_ref(), &mut on, &mut record) {
            Ok(()) => {}
            Err(error) => run.failed(module.as_ref(), &error),
        }
    }
    let settled = if run.untold { run.keep(&mut on, &record) } else { on.gate.settle() };
    if let Err(error) = settled {
        run.failures.push(error.failure());
    }
    run.outcome()
}

struct Progress {
    changed: usize,
    failures: Vec<Failure>,
    /// The record has more than is written down of it. What must not be done twice is written down at once;
    /// what else is done is looked at before it is done again.
    untold: bool,
}

impl Progress {
    fn module(
        &mut self,
        number: usize,
        module: &dyn Module,
        on: &mut Application<'_>,
        record: &mut Record,
    ) -> Result<()> {
        let real = !on.wish.check;
        // What ends the host must be on record before.
        if module.ends_all() && real {
            record.module_done(module.name());
            keep(on, record)?;
        }
        let actions = module.actions(on.look);
        let done =
            actions.and_then(|actions| Ok((self.actions(number, &actions, on, record)?, actions)));
        match done {
            Err(error) if module.ends_all() && real => {
                record.module_undone(module.name());
                keep(on, record)?;
                Err(error)
            }
            Ok((effective, actions)) if !module.ends_all() && real => {
                record.module_done(module.name());
                self.untold = true;
                if effective && actions.iter().any(Action::is_once) {
                    self.keep(on, record)
                } else {
                    Ok(())
                }
            }
            other => other.map(drop),
        }
    }

    /// Whether something was, or would be, changed.
    fn actions(
        &mut self,
        number: usize,
        actions: &[Action],
        on: &mut Application<'_>,
        record: &mut Record,
    ) -> Result<bool> {
        let (mut effective, mut failed) = (false, None);
        for action in actions {
            if action.follows() && !effective || failed.is_some() && !action.goes_on() {
                continue;
            }
            match self.action(number, action, on, record) {
                Ok(done) => effective |= done,
                Err(error) if action.goes_on() => failed = failed.or(Some(error)),
                Err(error) => return Err(error),
            }
        }
        failed.map_or(Ok(effective), Err)
    }

    /// The same as the function, and nothing is left to be told of.
    fn keep(&mut self, on: &mut Application<'_>, record: &Record) -> Result<()> {
        self.untold = false;
        keep(on, record)
    }

    /// Whether something was, or would be, changed.
    fn action(
        &mut self,
        number: usize,
        action: &Action,
        on: &mut Application<'_>,
        record: &mut Record,
    ) -> Result<bool> {
        if let Action::Note(text) = action {
            note(on, text.clone());
        }
        let Some(mut change) = action.change(on.look, record)? else { return Ok(false) };
        change.step = number;
        if action.is_told() && !on.wish.check {
            (on.tell)(Event::Doing { change: change.without_diff() });
        }
        if !on.wish.check {
            match (on.gate.perform(on.look, action), action) {
                (Ok(()), _) => {}
                (Err(error), Action::Run(command)) if command.may_fail => {
                    note(on, error.to_string());
                }
                (Err(error), _) => return Err(error),
            }
        }
        if let Action::File(file) = action
            && let Some(name) = &file.append
        {
            record.appended(name);
            // Whatever fails after it, it is not appended again.
            if !on.wish.check {
                on.gate.settle()?;
                record.store(on.look, on.gate)?;
            }
        }
        if action.is_told() {
            self.changed += 1;
            let change = if on.wish.diff { change } else { change.without_diff() };
            (on.tell)(Event::Did { change });
        }
        Ok(true)
    }

    fn failed(&mut self, module: &dyn Module, error: &CloudInitError) {
        let mut failure = error.failure();
        failure.place = format!("{}: {}", module.name(), failure.place);
        self.failures.push(failure);
    }

    /// The first failure, with the others below it.
    fn outcome(self) -> Outcome {
        let changed = self.changed;
        let mut failures = self.failures.into_iter();
        match failures.next() {
            None => Outcome::Done { changed },
            Some(mut failure) => {
                failure.lines.extend(failures.map(|other| other.to_string()));
                Outcome::Failed { changed, step: None, failure }
            }
        }
    }
}

/// Has the record on the disk, after all that it tells of.
fn keep(on: &mut Application<'_>, record: &Record) -> Result<()> {
    on.gate.settle()?;
    record.store(on.look, on.gate)?;
    on.gate.settle()
}

fn note(on: &mut Application<'_>, text: String) {
    (on.tell)(Event::Note { text });
}
