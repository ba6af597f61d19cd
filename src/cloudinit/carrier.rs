use crate::host::{FOLDER, Gate, Look, RealGate, RealLook};
use crate::{Action, Application, CloudInitError, Document, Result, Wish, apply};
use mesoform_apply::Documents;
use mesoform_plan::{DocumentWish, Event, Failure, Outcome};
use nix::fcntl::{Flock, FlockArg};
use nix::sys::stat::{Mode, umask};
use std::fs::File;
use std::path::Path;

/// Carries documents out on this machine, one at a time.
#[derive(Debug, Clone, Copy, Default)]
pub struct Carrier;

impl Documents for Carrier {
    fn carry_out(&self, wish: &DocumentWish, tell: &mut dyn FnMut(Event)) -> Outcome {
        let failed = |failure| Outcome::Failed { changed: 0, step: None, failure };
        let document = match Document::parse(&wish.name, wish.text.reveal()) {
            Ok(document) => document,
            Err(mistakes) => return failed(Failure::new(&wish.name, mistakes.to_string(), "")),
        };
        let how = Wish { check: wish.check, diff: wish.diff };
        if wish.check {
            let gate = &mut Closed;
            return apply(&document, Application { look: &RealLook, gate, wish: how, tell });
        }
        match open() {
            Ok((mut gate, _alone)) => {
                let gate = &mut gate;
                apply(&document, Application { look: &RealLook, gate, wish: how, tell })
            }
            Err(error) => failed(error.failure()),
        }
    }
}

/// The gate of this machine, for as long as nobody else has it.
fn open() -> Result<(RealGate, Flock<File>)> {
    // Commands have it from us: who called us may have any.
    umask(Mode::S_IWGRP | Mode::S_IWOTH);
    let gate = RealGate::new()?;
    let folder = Path::new(FOLDER);
    let file = File::open(folder).map_err(CloudInitError::io("opening", folder))?;
    let alone = Flock::lock(file, FlockArg::LockExclusiveNonblock).map_err(|_| {
        let cause = "another document is being applied on this host";
        CloudInitError::host(FOLDER, cause, "wait until that is done")
    })?;
    Ok((gate, alone))
}

/// Nothing is changed in a check.
struct Closed;

impl Gate for Closed {
    fn perform(&mut self, _: &dyn Look, _: &Action) -> Result<()> {
        Err(CloudInitError::host("check", "nothing may be changed", "report this: it is a bug"))
    }

    fn settle(&mut self) -> Result<()> {
        Ok(())
    }
}
