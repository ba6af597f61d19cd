use crate::carry::{carry_out, todo};
use crate::journal::Journal;
use crate::runs::RunFolder;
use crate::{ApplyError, Documents, Host, Machine, Materials, Result};
use mesoform_plan::{Event, Failure, Outcome, Plan};
use nix::fcntl::Flock;
use std::fs::{self, File};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

/// How long another's look at the run can take.
const PATIENCE: Duration = Duration::from_secs(2);

/// Does the work of the run whose folder is `dir`, apart from any connection: `mesoform apply --job`.
///
/// It says what it does in the folder's `journal.jsonl`, and how it ended in `outcome.json`.
///
/// # Errors
/// The folder is none of a run, another process works on it, or its files cannot be written. That a
/// step failed is an outcome, not an error.
pub fn job(dir: &Path, documents: &dyn Documents) -> Result<Outcome> {
    // Fails for the leader of a group, which is apart already.
    let _ = nix::unistd::setsid();
    work(&mut Host::real()?, Some(documents), dir)
}

/// As [`job`], on any machine.
pub fn work(
    machine: &mut dyn Machine,
    documents: Option<&dyn Documents>,
    dir: &Path,
) -> Result<Outcome> {
    let run = RunFolder::at(dir)?;
    let Some(_work) = alone(&run)? else { return Err(ApplyError::StillRuns { id: run.id }) };
    if let Some(outcome) = run.outcome() {
        return Ok(outcome);
    }
    let mut journal = Journal::append(&run)?;
    let working = AssertUnwindSafe(|| attempt(machine, documents, &run, &mut journal));
    let outcome = match catch_unwind(working) {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(error)) => failed(error.failure()),
        Err(_) => failed(Failure::new("mesoform", "the job broke off (a bug)", "report it")),
    };
    // First the outcome, then its announcement: whoever reads that finds it.
    let written = run.end(&outcome);
    journal.ended(&outcome);
    written.map(|()| outcome)
}

fn attempt(
    machine: &mut dyn Machine,
    documents: Option<&dyn Documents>,
    run: &RunFolder,
    journal: &mut Journal,
) -> Result<Outcome> {
    if let (Some(wish), Some(documents)) = (run.document()?, documents) {
        run.forget_materials();
        journal.write(&Event::Began { run_id: run.id.clone(), changes: 0 });
        return Ok(documents.carry_out(&wish, &mut |event| journal.write(&event)));
    }
    let plan = Plan::parse(&read(&run.plan())?)?;
    let materials: Materials = serde_json::from_str(&read(&run.materials())?)
        .map_err(|error| ApplyError::io("read", run.materials())(error.into()))?;
    // In memory now: a kill leaves nothing secret on the disk.
    run.forget_materials();
    let todo = todo(machine, &plan)?;
    journal.write(&Event::Began { run_id: run.id.clone(), changes: todo.len() });
    Ok(carry_out(machine, &plan, &todo, &materials, &mut |event| journal.write(&event)))
}

/// A session that looks whether this job works holds the lock for a moment.
fn alone(run: &RunFolder) -> Result<Option<Flock<File>>> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match run.try_work()? {
            None if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(5)),
            work => return Ok(work),
        }
    }
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(ApplyError::io("read", path))
}

fn failed(failure: Failure) -> Outcome {
    Outcome::Failed { changed: 0, step: None, failure }
}
