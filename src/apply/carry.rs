use crate::{Machine, Materials, Result};
use mesoform_plan::{Change, Event, Outcome, Plan, changes, interest};

/// What the plan's job would do now: all but starts.
pub fn todo(machine: &dyn Machine, plan: &Plan) -> Result<Vec<Change>> {
    let observed = machine.observe(&interest(plan))?;
    let mut todo = changes(plan, &observed, jiff::Timestamp::now());
    todo.retain(|change| !change.what.is_start());
    Ok(todo)
}

/// Makes `todo` true, one change after the other; stops at the first that fails.
pub fn carry_out(
    machine: &mut dyn Machine,
    plan: &Plan,
    todo: &[Change],
    materials: &Materials,
    say: &mut dyn FnMut(Event),
) -> Outcome {
    let mut changed = 0;
    for change in todo {
        say(Event::Doing { change: change.without_diff() });
        if let Err(error) = machine.perform(plan, change, materials) {
            // What systemd has not read yet would look changed to nobody later.
            let unsettled = machine.settle().err();
            unsettled.into_iter().for_each(|e| say(Event::Note { text: e.to_string() }));
            let step = Some(change.step);
            return Outcome::Failed { changed, step, failure: error.failure() };
        }
        changed += 1;
        say(Event::Did { change: change.without_diff() });
    }
    match machine.settle() {
        Ok(()) => Outcome::Done { changed },
        Err(error) => Outcome::Failed { changed, step: None, failure: error.failure() },
    }
}
