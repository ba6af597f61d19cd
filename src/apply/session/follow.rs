use super::serve::Session;
use crate::journal::Reader;
use crate::runs::{self, RunFolder, try_lock};
use crate::{ApplyError, Result};
use mesoform_plan::{Event, Outcome, Reply};
use std::fs::File;
use std::time::{Duration, Instant};

/// How often the journal is looked at.
const LOOK: Duration = Duration::from_millis(10);
/// A busy host's systemd may need a while to start a job.
const FIRST_WORD: Duration = Duration::from_secs(30);

impl Session {
    /// Passes on what a run's job says after the first `skip` events, until it ends. The files are
    /// held open, since the plan may remove their folder.
    pub(super) fn follow(&mut self, run: &RunFolder, skip: u64) -> Result<Reply> {
        if !run.dir.exists() {
            return Err(ApplyError::NoRun { id: run.id.clone() });
        }
        let mut reader = Reader::open(run)?;
        let running = run.open_running()?;
        let since = Instant::now();
        loop {
            // Asked before reading: what a job wrote last is read after it ended.
            let works = reader.offset == 0 || works(&running)?;
            if let Some(outcome) = self.pass_on(&mut reader, skip)? {
                return Ok(Reply::Applied { run_id: run.id.clone(), outcome });
            }
            if self.input.is_closed() {
                return Err(ApplyError::Closed);
            }
            let silent = reader.offset == 0 && since.elapsed() > FIRST_WORD;
            if !works || silent {
                return ended_without_a_word(run, &reader);
            }
            std::thread::sleep(LOOK);
        }
    }

    fn pass_on(&mut self, reader: &mut Reader, skip: u64) -> Result<Option<Outcome>> {
        while let Some(event) = reader.next()? {
            let outcome = match &event {
                Event::Ended { outcome, .. } => Some(outcome.clone()),
                _ => None,
            };
            if reader.offset > skip {
                self.output.say(&Reply::Event { offset: reader.offset, event })?;
            }
            if outcome.is_some() {
                return Ok(outcome);
            }
        }
        Ok(None)
    }
}

fn works(running: &File) -> Result<bool> {
    let again = running.try_clone().map_err(ApplyError::io("open", "running"))?;
    Ok(try_lock(again, std::path::Path::new("running"))?.is_none())
}

fn ended_without_a_word(run: &RunFolder, reader: &Reader) -> Result<Reply> {
    if reader.offset == 0 && run.outcome().is_none() && run.try_work()?.is_some() {
        // Also so that a job which starts yet does nothing.
        let waited_ms = u64::try_from(FIRST_WORD.as_millis()).unwrap_or(u64::MAX);
        let error = ApplyError::JobSilent { id: run.id.clone(), waited_ms };
        let failure = error.failure();
        run.end(&Outcome::Failed { changed: 0, step: None, failure })?;
        return Err(error);
    }
    match runs::settle(run)? {
        Some(outcome) => Ok(Reply::Applied { run_id: run.id.clone(), outcome }),
        None => Err(ApplyError::StillRuns { id: run.id.clone() }),
    }
}
