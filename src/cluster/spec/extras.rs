//! What an operator adds to hosts: folders, files, units, and who starts after whom.

use super::Mistakes;
use crate::Service;
use crate::graph::{self, Declaration, GraphError};
use mesoform_inventory::{Host, Value, Var};
use mesoform_plan::{Ownership, Plan, Step, unit_file};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

const FILES: &str = "mesoform_extra_files";
const UNITS: &str = "mesoform_extra_units";
const NEEDS: &str = "mesoform_unit_needs";
/// Where everything is mesoform's.
const OURS: [&str; 3] = ["/opt/mesoform", "/etc/mesoform", "/var/lib/mesoform"];

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

    fn files(&mut self, var: &Var) -> Vec<Step> {
        let Some(items) = var.value.as_array() else {
            let cure = "write a list of files: - {path: /etc/motd, content: hello, mode: '0644'}";
            self.wrong(var, format!("{FILES} is no list"), cure);
            return Vec::new();
        };
        let steps: Vec<Step> = items.iter().filter_map(|item| self.file(var, item)).collect();
        let mut seen = BTreeSet::new();
        for path in steps.iter().filter_map(path) {
            if !seen.insert(path) {
                let cause = format!("{FILES} has {} twice", path.display());
                self.wrong(var, cause, "take one of the two out");
            }
        }
        steps
    }

    fn file(&mut self, var: &Var, item: &Value) -> Option<Step> {
        const KEYS: [&str; 7] = ["path", "content", "src", "directory", "mode", "owner", "group"];
        let known = |map: &serde_json::Map<String, Value>| {
            map.keys().find(|key| !KEYS.contains(&key.as_str())).cloned()
        };
        let Some(path) = item.get("path").and_then(Value::as_str) else {
            self.wrong(var, format!("a file of {FILES} has no path"), "give each its path: /etc/…");
            return None;
        };
        if let Some(key) = item.as_object().and_then(known) {
            let cause = format!("{path} in {FILES} has a {key:?}");
            self.wrong(var, cause, &format!("the keys are {}", KEYS.join(", ")));
        }
        let is_folder = item.get("directory").is_some_and(|value| value == true);
        let mode = self.mode(var, path, item, if is_folder { 0o755 } else { 0o644 });
        let owner = text(item, "owner").unwrap_or_else(|| "root".to_owned());
        let group = text(item, "group").unwrap_or_else(|| owner.clone());
        let ownership = Ownership::new(owner, group, mode);
        let place = PathBuf::from(path);
        let step = match is_folder {
            true => Step::Directory { path: place, ownership },
            false => {
                let content = self.content(var, path, item)?;
                Step::File { path: place, ownership, content }
            }
        };
        self.allowed(var, path, &step).then_some(step)
    }

    /// What no host should be asked to do, and what would be ours to do.
    fn allowed(&mut self, var: &Var, name: &str, step: &Step) -> bool {
        if let Err(error) = Plan::new("c", "h", vec![step.clone()]).validate() {
            let text = error.to_string();
            let cause = text.strip_prefix("step 0: ").unwrap_or(&text);
            self.wrong(var, format!("{name}: {cause}"), "name something that a host can have");
            return false;
        }
        let ours = |path: &PathBuf| {
            let service =
                Service::ALL.into_iter().any(|service| *path == unit_file(&service.unit()));
            service || OURS.iter().any(|folder| path.starts_with(folder))
        };
        if path(step).is_some_and(ours) {
            let cure = "put it elsewhere; a drop-in (mesoform-agent.service.d/…) can change a unit";
            self.wrong(var, format!("{name} is mesoform's own"), cure);
            return false;
        }
        true
    }

    /// `0644`, in quotes or without: YAML takes that for a number in eights.
    fn mode(&mut self, var: &Var, path: &str, item: &Value, default: u32) -> u32 {
        let mode = match item.get("mode") {
            None | Some(Value::Null) => return default,
            Some(Value::String(text)) => u32::from_str_radix(text, 8).ok(),
            Some(Value::Number(number)) => number.as_u64().and_then(|n| u32::try_from(n).ok()),
            Some(_) => None,
        };
        mode.unwrap_or_else(|| {
            let cause = format!("the mode of {path} in {FILES} is none");
            self.wrong(var, cause, "write it like '0644'");
            default
        })
    }

    /// Its own text, or that of a file beside the inventory.
    fn content(&mut self, var: &Var, name: &str, item: &Value) -> Option<String> {
        match (item.get("content").and_then(Value::as_str), text(item, "src")) {
            (Some(content), None) => Some(content.to_owned()),
            (None, Some(src)) => {
                let path = super::etcd::place(&src, self.folder);
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

    fn units(&mut self, var: &Var) -> Vec<ExtraUnit> {
        let Some(map) = var.value.as_object() else {
            let cure = "write the units below their names: my.service: \"[Service]…\"";
            self.wrong(var, format!("{UNITS} is no dictionary"), cure);
            return Vec::new();
        };
        map.iter().filter_map(|(name, item)| self.unit(var, name, item)).collect()
    }

    fn unit(&mut self, var: &Var, name: &str, item: &Value) -> Option<ExtraUnit> {
        if name.starts_with("mesoform-") {
            let cure = "give it another name: mesoform-… are mesoform's own";
            self.wrong(var, format!("{UNITS} has {name}"), cure);
            return None;
        }
        let step = Step::Unit { name: name.to_owned(), enabled: true, inputs: Vec::new() };
        if !self.allowed(var, name, &step) {
            return None;
        }
        let content = match item {
            Value::String(content) => content.clone(),
            _ => self.content(var, name, item)?,
        };
        let enabled = item.get("enabled") != Some(&Value::Bool(false));
        Some(ExtraUnit { name: name.to_owned(), content, enabled })
    }

    fn needs(&mut self, var: &Var, units: &[ExtraUnit]) -> BTreeMap<String, Vec<String>> {
        let cure = "write the needs of each unit below its name: my.service: [quorum]";
        let Some(map) = var.value.as_object() else {
            self.wrong(var, format!("{NEEDS} is no dictionary"), cure);
            return BTreeMap::new();
        };
        let mut all = BTreeMap::new();
        for (unit, needs) in map {
            let Some(needs) = needs.as_array() else {
                self.wrong(var, format!("the needs of {unit} in {NEEDS} are no list"), cure);
                continue;
            };
            let needs = needs.iter().map(|need| need.as_str().unwrap_or_default());
            let needs: Vec<String> =
                needs.filter_map(|need| self.named(var, need, units)).collect();
            if let Some(unit) = self.named(var, unit, units) {
                all.insert(unit, needs);
            }
        }
        all
    }

    /// A service by any of its names, or a unit of the operator's.
    fn named(&mut self, var: &Var, name: &str, units: &[ExtraUnit]) -> Option<String> {
        if units.iter().any(|unit| unit.name == name) {
            return Some(name.to_owned());
        }
        let plain = name.strip_prefix("mesoform-").and_then(|name| name.strip_suffix(".service"));
        match plain.unwrap_or(name).parse::<Service>() {
            Ok(service) => Some(service.name().to_owned()),
            Err(_) => {
                let cause = format!("{NEEDS} names {name:?}, which is no unit");
                self.wrong(var, cause, "name a service, or a unit of mesoform_extra_units");
                None
            }
        }
    }
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
