use super::Module;
use crate::fields::{Fields, wrong};
use crate::host::Look;
use crate::{Action, CloudInitError, Command, Result};
use mesoform_plan::{Thing, What};
use std::path::{Path, PathBuf};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(300);

/// Partitions that are to fill their disks. cloud-init does so unasked; we do where a document says it.
struct Growpart {
    /// Where `growpart` is missing that is an error, not a note.
    must: bool,
    devices: Vec<String>,
    although_disabled: bool,
}

pub fn read(fields: &mut Fields<'_>) -> Option<Box<dyn Module>> {
    let node = fields.node("growpart")?;
    let mut own = Fields::of(node, "growpart", fields.notes)?;
    let mode = own.node("mode");
    let word = mode.and_then(|node| node.word()).unwrap_or_else(|| "auto".to_owned());
    let devices = own.texts("devices").unwrap_or_else(|| vec!["/".to_owned()]);
    let although_disabled = own.flag("ignore_growroot_disabled").unwrap_or(false);
    own.finish();
    let must = match word.as_str() {
        "auto" => false,
        "growpart" => true,
        "off" | "False" | "false" => return None,
        _ => {
            wrong(fields.notes, mode?, "growpart: mode", "auto, growpart or off");
            return None;
        }
    };
    Some(Box::new(Growpart { must, devices, although_disabled }))
}

impl Module for Growpart {
    fn name(&self) -> &'static str {
        "growpart"
    }

    fn actions(&self, look: &dyn Look) -> Result<Vec<Action>> {
        let note = |text: String| Ok(vec![Action::Note(text)]);
        if !self.although_disabled && look.exists(Path::new("/etc/growroot-disabled")) {
            return note("growpart: /etc/growroot-disabled is there".to_owned());
        }
        if look.which("growpart").is_none() {
            let cure = "install cloud-guest-utils (or cloud-utils-growpart)";
            return match self.must {
                true => Err(CloudInitError::host("growpart", "it is not on this host", cure)),
                false => {
                    note(format!("growpart is not on this host, and no partition grows; {cure}"))
                }
            };
        }
        let mut actions = Vec::new();
        for device in &self.devices {
            actions.push(match partition(look, device) {
                Err(cause) => Action::Note(format!("growpart: {device} is passed over: {cause}")),
                Ok((disk, number)) => {
                    let (disk, words) = (disk.display().to_string(), number);
                    // Says so by its code where there is nothing to grow.
                    let dry = look.asked("growpart", &["--dry-run", &disk, &words]);
                    if dry.is_none() {
                        continue;
                    }
                    let command =
                        Command::new(What::Update, Thing::Partition, format!("{disk} {words}"));
                    let command =
                        command.because("fills its disk").call("growpart", &[&disk, &words]);
                    Action::Run(command.within(LIMIT))
                }
            });
        }
        Ok(actions)
    }
}

/// The disk and the number of a partition, which may be named by where it is mounted.
fn partition(look: &dyn Look, device: &str) -> Result<(PathBuf, String), String> {
    let device = match device.starts_with("/dev/") {
        true => device.to_owned(),
        false => {
            let said = look.asked("findmnt", &["--noheadings", "--output", "SOURCE", device]);
            said.ok_or("nothing is mounted there")?.trim().to_owned()
        }
    };
    let real = look.real(Path::new(&device)).ok_or_else(|| format!("there is no {device}"))?;
    let name = real.file_name().unwrap_or_default().to_owned();
    let block = Path::new("/sys/class/block").join(name);
    let number = look.text(&block.join("partition")).ok().flatten();
    let number = number.ok_or_else(|| format!("{device} is no partition"))?.trim().to_owned();
    let disk = look.real(&block).and_then(|path| Some(path.parent()?.file_name()?.to_owned()));
    let disk = disk.ok_or("its disk is not known")?;
    Ok((Path::new("/dev").join(disk), number))
}
