//! What an operator adds to hosts: folders, files, units, and who starts after whom.

mod files;
mod units;

use super::Mistakes;
use crate::Service;
use crate::graph::{self, Declaration, GraphError};
use mesoform_inventory::{Host, Value, Var};
use mesoform_plan::{Plan, Step, place};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

const FILES: &str = "mesoform_extra_files";
const UNITS: &str = "mesoform_extra_units";
const NEEDS: &str = "mesoform_unit_needs";
/// Where everything is mesoform's.
const OURS: [&str; 3] = ["/opt/mesoform", "/etc/mesoform", "/var/lib/mesoform"];

/// What the names of mesoform's units begin with.
const OUR_UNITS: &str = "mesoform-";

/// What is added to a host, as steps that its plan takes over.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Extras {
    /// Folders and files, in the order of the inventory.
    pub files: Vec<Step>,
    pub units: Vec<ExtraUnit>,
    /// By service or unit: what is there before it.
    pub needs: BTreeMap<String, Vec<String>>,
}

/// A unit of the operator's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtraUnit {
    pub name: String,
    pub content: String,
    pub enabled: bool,
}

impl Extras {
    /// Who starts before whom on a host that runs `services`: those of ours go by their names, the
    /// operator's by their units'. What the host does not have is nobody's need there.
    pub(crate) fn declarations(&self, services: &BTreeSet<Service>) -> Vec<Declaration> {
        let ours = services.iter().map(|service| {
            let needs = graph::needs(*service).into_iter().map(|need| need.name().to_owned());
            (service.name().to_owned(), needs.collect::<Vec<_>>())
        });
        let theirs = self.units.iter().map(|unit| (unit.name.clone(), Vec::new()));
        let mut all: Vec<Declaration> =
            ours.chain(theirs).map(|(name, needs)| Declaration { name, needs }).collect();
        let there: BTreeSet<String> = all.iter().map(|unit| unit.name.clone()).collect();
        for unit in &mut all {
            unit.needs.extend(self.needs.get(&unit.name).into_iter().flatten().cloned());
            unit.needs.retain(|need| there.contains(need));
        }
        all
    }
}

/// Reads what is added to `host`. Files beside the inventory begin in `folder`.
pub(super) fn read(
    host: &Host,
    services: &BTreeSet<Service>,
    folder: &Path,
    mistakes: &mut Mistakes,
) -> Extras {
    let mut reader = Reader { folder, mistakes };
    let mut extras = Extras::default();
    if let Some(var) = set(host, FILES) {
        extras.files = reader.files(var);
    }
    if let Some(var) = set(host, UNITS) {
        extras.units = reader.units(var);
    }
    if let Some(var) = set(host, NEEDS) {
        extras.needs = reader.needs(var, &extras.units);
        let waves = graph::waves(&extras.declarations(services));
        if let Err(GraphError::Cycle(circle)) = waves {
            let cause = format!("{NEEDS} is a circle: {}", circle.join(" -> "));
            mistakes.add(&var.origin, cause, "take one of these needs out");
        }
    }
    extras
}

fn set<'h>(host: &'h Host, name: &str) -> Option<&'h Var> {
    host.var(name).filter(|var| !var.value.is_null())
}

struct Reader<'a> {
    folder: &'a Path,
    mistakes: &'a mut Mistakes,
}

impl Reader<'_> {
    fn wrong(&mut self, var: &Var, cause: String, cure: &str) {
        self.mistakes.add(&var.origin, cause, cure);
    }

    /// What no host should be asked to do, and what would be ours to do.
    fn allowed(&mut self, var: &Var, name: &str, step: &Step) -> bool {
        if let Err(error) = Plan::new("c", "h", vec![step.clone()]).validate() {
            let text = error.to_string();
            let cause = text.strip_prefix("step 0: ").unwrap_or(&text);
            self.wrong(var, format!("{name}: {cause}"), "name something that a host can have");
            return false;
        }
        let removed = match step {
            Step::File { path, .. } => Some(Step::Absent { path: path.clone(), recursive: false }),
            _ => None,
        };
        if removed.is_some_and(|step| Plan::new("c", "h", vec![step]).validate().is_err()) {
            let cause = format!("{name} is right below /, where `down` takes nothing away");
            self.wrong(var, cause, "put it into a folder: /etc/…");
            return false;
        }
        if path(step).is_some_and(|path| is_ours(path)) {
            let cure = "put it elsewhere; a drop-in (mesoform-agent.service.d/…) can change a unit";
            self.wrong(var, format!("{name} is mesoform's own"), cure);
            return false;
        }
        true
    }

    /// Its own text, or that of a file beside the inventory.
    fn content(&mut self, var: &Var, name: &str, item: &Value) -> Option<String> {
        match (item.get("content").and_then(Value::as_str), text(item, "src")) {
            (Some(content), None) => Some(content.to_owned()),
            (None, Some(src)) => {
                let path = crate::spec::etcd::place(&src, self.folder);
                let read = std::fs::read_to_string(&path);
                read.map_err(|e| {
                    let cause = format!("{}: {e}", path.display());
                    self.wrong(var, cause, "name a text file that can be read");
                })
                .ok()
            }
            _ => {
                let cure = "give it either content, or src (a file beside the inventory)";
                self.wrong(var, format!("{name} has no content, or two"), cure);
                None
            }
        }
    }
}

fn is_ours(path: &Path) -> bool {
    let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
    let unit = path.parent() == Some(Path::new(place::SYSTEMD_UNITS))
        && name.starts_with(OUR_UNITS)
        // A folder of drop-ins.
        && !name.ends_with(".d");
    unit || OURS.iter().any(|folder| path.starts_with(folder))
}

fn path(step: &Step) -> Option<&PathBuf> {
    match step {
        Step::File { path, .. } | Step::Directory { path, .. } => Some(path),
        _ => None,
    }
}

fn text(item: &Value, key: &str) -> Option<String> {
    item.get(key).and_then(Value::as_str).map(str::to_owned)
}
