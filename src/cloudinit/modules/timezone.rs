use super::{Distro, Family, Module};
use crate::fields::Fields;
use crate::host::{Kind, Look};
use crate::{Action, CloudInitError, FileAction, Result};
use std::path::Path;

const ZONES: &str = "/usr/share/zoneinfo";
const LOCAL: &str = "/etc/localtime";

struct Timezone(String);

pub fn read(fields: &mut Fields<'_>) -> Option<Box<dyn Module>> {
    let line = fields.node("timezone")?.line;
    let zone = fields.required("timezone")?;
    let plain = |part: &str| !part.is_empty() && part != "." && part != "..";
    if zone.starts_with('/') || !zone.split('/').all(plain) {
        let cause = format!("timezone {zone:?} is no name of a time zone");
        fields.notes.add(line, cause, "use one of /usr/share/zoneinfo: Europe/Paris");
        return None;
    }
    Some(Box::new(Timezone(zone)))
}

impl Module for Timezone {
    fn name(&self) -> &'static str {
        "timezone"
    }

    fn actions(&self, look: &dyn Look) -> Result<Vec<Action>> {
        let zone = Path::new(ZONES).join(&self.0);
        let Some(rules) = look.bytes(&zone)? else {
            let cause = format!("{} is not on this host", zone.display());
            return Err(CloudInitError::host(
                "timezone",
                cause,
                "correct the name, or install tzdata",
            ));
        };
        let distro = Distro::of(look)?;
        let mut actions = Vec::new();
        // Red Hat's have the link alone.
        if distro.family != Family::RedHat {
            let text = format!("{}\n", self.0.trim_end());
            actions.push(Action::File(FileAction::new("/etc/timezone", text)));
        }
        let there = look.entry(Path::new(LOCAL))?.map(|seen| seen.kind);
        let is_copy = there == Some(Kind::File) && distro.family != Family::RedHat;
        actions.push(match is_copy {
            true => Action::File(FileAction { keep: true, ..FileAction::new(LOCAL, rules) }),
            false => Action::Link { path: LOCAL.into(), target: zone },
        });
        Ok(actions)
    }
}
