use super::{ELSEWHERE, Module};
use crate::fields::{Fields, items, text, wrong};
use crate::host::Look;
use crate::mistake::Notes;
use crate::yaml::{Node, Value};
use crate::{Action, CloudInitError, Command, Result};
use mesoform_plan::{Thing, What};
use std::time::Duration;

/// A slow line and a slow disk.
const LIMIT: Duration = Duration::from_secs(3600);
const REBOOT: &str = "/run/reboot-required";

/// A package, and the version where one is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Package {
    name: String,
    version: Option<String>,
}

struct Packages {
    update: bool,
    upgrade: bool,
    reboot: bool,
    packages: Vec<Package>,
}

pub fn read(fields: &mut Fields<'_>) -> Option<Box<dyn Module>> {
    let mut flag = |key, old| fields.flag(key).unwrap_or(false) | fields.flag(old).unwrap_or(false);
    let update = flag("package_update", "apt_update");
    let upgrade = flag("package_upgrade", "apt_upgrade");
    let reboot = flag("package_reboot_if_required", "apt_reboot_if_required");
    let mut packages = Vec::new();
    if let Some(node) = fields.node("packages") {
        list(node, "packages", fields.notes, &mut packages);
    }
    if !update && !upgrade && packages.is_empty() {
        return None;
    }
    Some(Box::new(Packages { update, upgrade, reboot, packages }))
}

fn list(node: &Node, place: &str, notes: &Notes, packages: &mut Vec<Package>) {
    let all = match &node.value {
        Value::Text(_) => std::slice::from_ref(node),
        _ => items(node, place, notes),
    };
    for (number, item) in all.iter().enumerate() {
        let place = format!("{place}[{number}]");
        match &item.value {
            Value::List(parts) if (1..=2).contains(&parts.len()) => {
                let mut words = parts.iter().filter_map(|part| text(part, &place, notes));
                let name = words.next().unwrap_or_default();
                add(
                    name,
                    words.next().filter(|v| !v.is_empty()),
                    item.line,
                    &place,
                    notes,
                    packages,
                );
            }
            Value::Map(entries) => {
                for entry in entries {
                    match entry.key.as_str() {
                        "apt" => list(&entry.node, &format!("{place}: apt"), notes, packages),
                        _ => notes.add(
                            entry.line,
                            format!("{place}: {} is not supported", entry.key),
                            ELSEWHERE,
                        ),
                    }
                }
            }
            Value::List(_) => wrong(notes, item, &place, "a name, or a name and a version"),
            _ => {
                let name = text(item, &place, notes).unwrap_or_default();
                add(name, None, item.line, &place, notes, packages);
            }
        }
    }
}

fn add(
    name: String,
    version: Option<String>,
    line: usize,
    place: &str,
    notes: &Notes,
    packages: &mut Vec<Package>,
) {
    // What begins with a dash would be an option.
    if name.is_empty() || name.starts_with('-') || name.contains(char::is_whitespace) {
        notes.add(line, format!("{place}: {name:?} is no name of a package"), "correct it");
        return;
    }
    packages.push(Package { name, version });
}

impl Module for Packages {
    fn name(&self) -> &'static str {
        "package_update_upgrade_install"
    }

    fn actions(&self, look: &dyn Look) -> Result<Vec<Action>> {
        let manager = Manager::of(look).ok_or_else(|| {
            let cause = "there is no apt-get, dnf, yum or apk";
            CloudInitError::host("packages", cause, "install them with runcmd")
        })?;
        let missing: Vec<String> = self
            .packages
            .iter()
            .filter(|package| !manager.has(look, package))
            .map(|package| manager.word(package))
            .collect();
        let mut actions = Vec::new();
        if self.update || self.upgrade || !missing.is_empty() {
            actions.extend(manager.update());
        }
        if self.upgrade {
            actions.push(manager.upgrade());
        }
        if !missing.is_empty() {
            actions.push(manager.install(&missing));
        }
        if self.reboot && !actions.is_empty() {
            actions.push(Action::Run(
                Command::new(What::Run, Thing::Command, "reboot")
                    .because("a package asks for it")
                    .call("/bin/sh", &["-c", &format!("[ ! -e {REBOOT} ] || exec shutdown -r +1")]),
            ));
        }
        Ok(actions)
    }
}

/// What installs packages on a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manager {
    Apt,
    Dnf(&'static str),
    Apk,
}

impl Manager {
    pub fn of(look: &dyn Look) -> Option<Self> {
        let known = [
            ("apt-get", Self::Apt),
            ("dnf", Self::Dnf("dnf")),
            ("yum", Self::Dnf("yum")),
            ("apk", Self::Apk),
        ];
        known.into_iter().find(|(program, _)| look.which(program).is_some()).map(|(_, m)| m)
    }

    /// What brings the lists of packages; dnf does so by itself.
    pub fn update(self) -> Option<Action> {
        match self {
            Self::Dnf(_) => None,
            _ => Some(self.run(What::Update, "the lists of packages", &["update"])),
        }
    }

    fn upgrade(self) -> Action {
        let word = match self {
            Self::Apt => "dist-upgrade",
            Self::Dnf(_) | Self::Apk => "upgrade",
        };
        self.run(What::Update, "all packages", &[word])
    }

    pub fn install(self, packages: &[String]) -> Action {
        let word = if self == Self::Apk { "add" } else { "install" };
        let mut words = vec![word];
        words.extend(packages.iter().map(String::as_str));
        self.run(What::Install, &packages.join(" "), &words)
    }

    fn run(self, what: What, subject: &str, words: &[&str]) -> Action {
        let (program, first): (&str, &[&str]) = match self {
            Self::Apt => (
                "apt-get",
                &[
                    "--option=Dpkg::Options::=--force-confold",
                    "--option=Dpkg::options::=--force-unsafe-io",
                    // Another apt may be at work, as at the first boot of an image.
                    "--option=DPkg::Lock::Timeout=300",
                    "--assume-yes",
                    "--quiet",
                ],
            ),
            Self::Dnf(program) => (program, &["-y"]),
            Self::Apk => ("apk", &[]),
        };
        let words: Vec<&str> = first.iter().chain(words).copied().collect();
        let command =
            Command::new(what, Thing::Package, subject).call(program, &words).within(LIMIT);
        // A list that cannot be had holds up nothing that is on the lists which are there.
        let command = command.or_fail_late();
        Action::Run(command.with("DEBIAN_FRONTEND", "noninteractive"))
    }

    /// As it is asked for.
    fn word(self, package: &Package) -> String {
        match (&package.version, self) {
            (None, _) => package.name.clone(),
            (Some(version), Self::Dnf(_)) => format!("{}-{version}", package.name),
            (Some(version), _) => format!("{}={version}", package.name),
        }
    }

    fn has(self, look: &dyn Look, package: &Package) -> bool {
        let name = package.name.as_str();
        let version = match self {
            Self::Apt => look
                .asked("dpkg-query", &["-W", "-f", "${db:Status-Status} ${Version}", "--", name])
                .and_then(|said| said.strip_prefix("installed ").map(str::to_owned)),
            Self::Dnf(_) => look.asked("rpm", &["-q", "--qf", "%{VERSION}-%{RELEASE}", "--", name]),
            Self::Apk => {
                let is_there = look.asked("apk", &["info", "-e", name]).is_some();
                (is_there && package.version.is_none()).then(String::new)
            }
        };
        let wanted = package.version.as_deref();
        version.is_some_and(|there| wanted.is_none_or(|wanted| wanted == there.trim()))
    }
}
