use super::{Distro, Family, Module};
use crate::fields::Fields;
use crate::host::Look;
use crate::yaml::Value;
use crate::{Action, CloudInitError, Command, FileAction, Result};
use mesoform_plan::{Thing, What};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Some locales take a slow machine minutes.
const LIMIT: Duration = Duration::from_secs(900);

struct Locale {
    name: String,
    file: Option<PathBuf>,
}

pub fn read(fields: &mut Fields<'_>) -> Option<Box<dyn Module>> {
    let file = fields.text("locale_configfile").map(PathBuf::from);
    let node = fields.node("locale")?;
    if node.value == Value::Bool(false) {
        return None;
    }
    let name = fields.required("locale")?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-@".contains(c);
    if !name.chars().all(plain) || file.as_ref().is_some_and(|file| !file.is_absolute()) {
        let cause = format!("locale {name:?} or its file cannot be used");
        fields.notes.add(
            node.line,
            cause,
            "write the locale as in en_US.UTF-8, the file from / on",
        );
        return None;
    }
    Some(Box::new(Locale { name, file }))
}

impl Module for Locale {
    fn name(&self) -> &'static str {
        "locale"
    }

    fn actions(&self, look: &dyn Look) -> Result<Vec<Action>> {
        let distro = Distro::of(look)?;
        let of_distro = match distro.family {
            Family::Debian => "/etc/default/locale",
            Family::RedHat => "/etc/locale.conf",
            Family::Alpine | Family::Other => {
                let cause = format!("it is not known where {:?} keeps it", distro.id);
                return Err(CloudInitError::host(
                    "locale",
                    cause,
                    "write the file with write_files",
                ));
            }
        };
        let file = self.file.clone().unwrap_or_else(|| PathBuf::from(of_distro));
        let line = format!("LANG={}", self.name);
        let text = look.text(&file)?.unwrap_or_default();
        if distro.family == Family::RedHat {
            return Ok(vec![Action::File(FileAction::new(file, with_line(&text, &line)))]);
        }
        Ok(if is_so(&text, &self.name) { Vec::new() } else { self.by_debians_tools(&file) })
    }
}

impl Locale {
    fn by_debians_tools(&self, file: &Path) -> Vec<Action> {
        let command = |program: &str, words: &[String]| {
            let command = Command::new(What::Update, Thing::File, file.display().to_string());
            Action::Run(command.because(&self.name).call(program, words).within(LIMIT))
        };
        let mut actions = Vec::new();
        if !["c", "c.utf-8", "posix"].contains(&self.name.to_lowercase().as_str()) {
            let generate = Command::new(What::Create, Thing::Locale, &self.name);
            let generate = generate.call("locale-gen", &[&self.name]);
            actions.push(Action::Run(generate.within(LIMIT)));
        }
        let words = [format!("--locale-file={}", file.display()), format!("LANG={}", self.name)];
        actions.push(command("update-locale", &words));
        actions
    }
}

fn is_so(text: &str, name: &str) -> bool {
    let value =
        |line: &str| Some(line.trim().strip_prefix("LANG=")?.trim_matches(['"', '\'']).to_owned());
    text.lines().filter_map(value).next_back().is_some_and(|now| now.eq_ignore_ascii_case(name))
}

fn with_line(text: &str, line: &str) -> String {
    let others = text.lines().filter(|line| !line.trim_start().starts_with("LANG="));
    others.chain([line]).map(|line| format!("{line}\n")).collect()
}
