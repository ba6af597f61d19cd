use super::swap::Swap;
use super::{Distro, Module, devices};
use crate::fields::{Fields, items, wrong};
use crate::host::{Kind, Look};
use crate::mistake::Notes;
use crate::yaml::{Node, Value};
use crate::{Action, Command, FileAction, Owner, Result};
use mesoform_plan::{Thing, What};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

const FSTAB: &str = "/etc/fstab";
/// Marks lines of a document's: another one takes their place.
const OURS: &str = "comment=cloudconfig";
/// A file system that is checked takes its time.
const LIMIT: Duration = Duration::from_secs(600);

/// Six fields; what is none is filled in.
type Line = Vec<Option<String>>;

struct Mounts {
    lines: Vec<Line>,
    defaults: Option<Line>,
    aliases: BTreeMap<String, String>,
    swap: Option<Swap>,
}

pub fn read(fields: &mut Fields<'_>) -> Option<Box<dyn Module>> {
    let defaults = fields.node("mount_default_fields").and_then(|node| {
        let line = line(node, "mount_default_fields", fields.notes);
        let whole = line.len() == 6;
        if !whole {
            fields.notes.add(
                node.line,
                "mount_default_fields must have 6 fields",
                "write null for none",
            );
        }
        whole.then_some(line)
    });
    let swap = Swap::read(fields);
    let aliases = aliases(fields);
    let mut lines = Vec::new();
    if let Some(node) = fields.node("mounts") {
        for (number, item) in items(node, "mounts", fields.notes).iter().enumerate() {
            let line = line(item, &format!("mounts[{number}]"), fields.notes);
            if !(1..=6).contains(&line.len()) || line[0].is_none() {
                let cause = format!("mounts[{number}] is no line of an fstab");
                fields.notes.add(
                    item.line,
                    cause,
                    "write [device, folder, type, options, \"0\", \"2\"]",
                );
            } else {
                lines.push(line);
            }
        }
    }
    if lines.is_empty() && swap.is_none() {
        return None;
    }
    Some(Box::new(Mounts { lines, defaults, aliases, swap }))
}

fn line(node: &Node, place: &str, notes: &Notes) -> Line {
    let mut line = Line::new();
    for item in items(node, place, notes) {
        let word = match item.value {
            Value::Null => None,
            _ => item.word(),
        };
        let broken = word.as_ref().is_some_and(|w| w.is_empty() || w.contains(char::is_whitespace));
        if broken || (word.is_none() && item.value != Value::Null) {
            wrong(notes, item, place, "a list of words without spaces");
        }
        line.push(word);
    }
    line
}

fn aliases(fields: &mut Fields<'_>) -> BTreeMap<String, String> {
    let Some(node) = fields.node("device_aliases") else { return BTreeMap::new() };
    let Value::Map(entries) = &node.value else {
        wrong(fields.notes, node, "device_aliases", "a mapping");
        return BTreeMap::new();
    };
    entries.iter().filter_map(|e| Some((e.key.clone(), e.node.word()?))).collect()
}

impl Module for Mounts {
    fn name(&self) -> &'static str {
        "mounts"
    }

    fn actions(&self, look: &dyn Look) -> Result<Vec<Action>> {
        let old = look.text(Path::new(FSTAB))?.unwrap_or_default();
        let systemd = Distro::of(look)?.systemd;
        let mut lines = self.whole_lines(look, &old, systemd);
        let mut actions = Vec::new();
        if let Some(swap) = &self.swap {
            actions.extend(swap.actions(look, &old)?);
            let file = swap.file.display().to_string();
            lines.push([&file, "none", "swap", "sw", "0", "0"].map(str::to_owned).to_vec());
        }
        if lines.is_empty() {
            return Ok(actions);
        }
        for folder in lines.iter().map(|line| line[1].as_str()).filter(|f| f.starts_with('/')) {
            let kind = look.entry(Path::new(folder))?.map(|seen| seen.kind);
            let owner = Owner::root();
            actions.push(match kind {
                None | Some(Kind::Folder) => {
                    Action::Folder { path: folder.into(), mode: 0o755, owner, keep: true }
                }
                Some(Kind::Link(_)) if look.exists(Path::new(folder)) => continue,
                _ => Action::Note(format!("{folder} is no folder: nothing can be mounted there")),
            });
        }
        actions.push(Action::File(FileAction::new(FSTAB, fstab(&old, &lines))));
        let mut then = |program: &str, words: &[&str]| {
            let command = Command::new(What::Run, Thing::Command, "").call(program, words);
            actions.push(Action::Run(command.within(LIMIT).or_warn().silently()));
        };
        if lines.iter().any(|line| line[2] == "swap") {
            then("swapon", &["-a"]);
        }
        if systemd {
            then("systemctl", &["daemon-reload"]);
        }
        then("mount", &["-a"]);
        Ok(actions)
    }
}

impl Mounts {
    /// The document's lines, each with six fields. A device that is not there keeps its name: its line
    /// is written all the same.
    fn whole_lines(&self, look: &dyn Look, old: &str, systemd: bool) -> Vec<Vec<String>> {
        // cloud-init has mounts wait for its own unit, of which there is none here.
        let options = if systemd { "defaults,nofail,_netdev" } else { "defaults,nobootwait" };
        let usual = [None, None, Some("auto"), Some(options), Some("0"), Some("2")];
        let usual: Line = usual.iter().map(|field| field.map(str::to_owned)).collect();
        let defaults = self.defaults.as_ref().unwrap_or(&usual);
        let theirs: Vec<&str> = old.lines().filter(|line| !line.contains(OURS)).collect();
        let is_there =
            |name: &str| theirs.iter().any(|line| line.split_whitespace().next() == Some(name));
        let mut lines: Vec<Line> = Vec::new();
        for line in &self.lines {
            let name = line[0].clone().unwrap_or_default();
            let real = devices::real_name(look, &name, &self.aliases).unwrap_or(name);
            if is_there(&real) {
                continue;
            }
            let mut whole: Line = vec![Some(real)];
            for (number, default) in defaults.iter().enumerate().skip(1) {
                whole.push(line.get(number).cloned().flatten().or_else(|| default.clone()));
            }
            // A device without a folder takes back the lines before.
            if whole[1].is_none() {
                lines.retain(|before| before[0] != whole[0]);
                continue;
            }
            lines.push(whole);
        }
        let text = |line: Line| line.into_iter().map(Option::unwrap_or_default).collect();
        lines.into_iter().map(text).collect()
    }
}

fn fstab(old: &str, lines: &[Vec<String>]) -> String {
    let kept = old.lines().filter(|line| !line.contains(OURS)).map(str::to_owned);
    let ours = lines.iter().map(|line| {
        let mut line = line.clone();
        line[3] = format!("{},{OURS}", line[3]);
        line.join("\t")
    });
    kept.chain(ours).map(|line| line + "\n").collect()
}
