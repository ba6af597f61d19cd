use super::{Module, script};
use crate::fields::Fields;
use crate::host::{FOLDER, Look};
use crate::{Action, Command, FileAction, Result};
use mesoform_plan::{Thing, What};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// As for `bootcmd`; installing something large takes its time.
const LIMIT: Duration = Duration::from_secs(3600);

/// The script is written in the config stage, as in cloud-init, and run in the final one.
struct Runcmd {
    script: String,
}

struct ScriptsUser {
    script: String,
}

type Both = (Option<Box<dyn Module>>, Option<Box<dyn Module>>);

pub fn read(fields: &mut Fields<'_>) -> Both {
    let Some(script) = script::read(fields, "runcmd") else { return (None, None) };
    let commands = ScriptsUser { script: script.clone() };
    (Some(Box::new(Runcmd { script })), Some(Box::new(commands)))
}

fn place() -> PathBuf {
    Path::new(FOLDER).join("scripts/runcmd")
}

impl Module for Runcmd {
    fn name(&self) -> &'static str {
        "runcmd"
    }

    fn actions(&self, _: &dyn Look) -> Result<Vec<Action>> {
        let file = FileAction { mode: 0o700, ..FileAction::new(place(), self.script.as_str()) };
        Ok(vec![Action::Script(file)])
    }
}

impl Module for ScriptsUser {
    fn name(&self) -> &'static str {
        "scripts_user"
    }

    fn actions(&self, _: &dyn Look) -> Result<Vec<Action>> {
        let command = Command::new(What::Run, Thing::Command, "runcmd")
            .because(script::commands(&self.script))
            .call::<&str>(&place().display().to_string(), &[])
            .within(LIMIT);
        Ok(vec![Action::Run(command)])
    }
}
