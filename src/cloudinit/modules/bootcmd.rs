use super::{Module, script};
use crate::fields::Fields;
use crate::host::{FOLDER, Look};
use crate::{Action, Command, FileAction, Result};
use mesoform_plan::{Thing, What};
use std::path::Path;
use std::time::Duration;

/// A command may wait for something; nothing waits for ever.
const LIMIT: Duration = Duration::from_secs(1800);

/// Commands that come before all else. cloud-init runs them at each boot, of which this is the first.
struct Bootcmd {
    script: String,
}

pub fn read(fields: &mut Fields<'_>) -> Option<Box<dyn Module>> {
    let script = script::read(fields, "bootcmd")?;
    Some(Box::new(Bootcmd { script }))
}

impl Module for Bootcmd {
    fn name(&self) -> &'static str {
        "bootcmd"
    }

    fn actions(&self, _: &dyn Look) -> Result<Vec<Action>> {
        let path = Path::new(FOLDER).join("bootcmd");
        let place = path.display().to_string();
        let command = Command::new(What::Run, Thing::Command, "bootcmd")
            .because(script::commands(&self.script))
            .call("/bin/sh", &[&place])
            .with("INSTANCE_ID", &mesoform_plan::sha256_hex(&self.script)[..16])
            .within(LIMIT);
        let file = FileAction { mode: 0o600, ..FileAction::new(path, self.script.as_str()) };
        Ok(vec![Action::Script(file), Action::Run(command)])
    }
}
