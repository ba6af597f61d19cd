//! Who may become root: rules in a file of their own.

use crate::host::Look;
use crate::{Action, FileAction, Owner, Result};
use std::path::Path;

const MAIN: &str = "/etc/sudoers";
const FOLDER: &str = "/etc/sudoers.d";
/// cloud-init's name, so that a host on which it was before keeps one set of rules.
const FILE: &str = "/etc/sudoers.d/90-cloud-init-users";
const HEADER: &str = "# Created by mesoform, as cloud-init does\n";

/// What gives each user its rules, unless it has them.
///
/// # Errors
/// The host cannot be looked at.
pub fn actions(look: &dyn Look, rules: &[(String, Vec<String>)]) -> Result<Vec<Action>> {
    if rules.is_empty() {
        return Ok(Vec::new());
    }
    let mut actions = Vec::new();
    let main = look.text(Path::new(MAIN))?;
    if !main.as_deref().is_some_and(is_including) {
        let lines = format!("\n# Added by mesoform, as cloud-init does\n#includedir {FOLDER}\n");
        let head = if main.is_none() {
            "# See sudoers(5) for more information on \"#include\" directives:\n"
        } else {
            ""
        };
        let whole = main.unwrap_or_default() + head + &lines;
        actions.push(Action::File(FileAction {
            mode: 0o440,
            keep: true,
            ..FileAction::new(MAIN, whole)
        }));
    }
    let folder =
        Action::Folder { path: FOLDER.into(), mode: 0o750, owner: Owner::root(), keep: false };
    actions.push(folder);
    let mut text = look.text(Path::new(FILE))?.unwrap_or_else(|| HEADER.to_owned());
    for (user, rules) in rules {
        let lines: String = rules.iter().map(|rule| format!("{user} {rule}\n")).collect();
        let block = format!("\n# User rules for {user}\n{lines}");
        if !text.contains(&block) {
            text.push_str(&block);
        }
    }
    let file = FileAction { mode: 0o440, keep: true, ..FileAction::new(FILE, text) };
    actions.push(Action::File(file));
    Ok(actions)
}

fn is_including(text: &str) -> bool {
    let folder = |line: &str| {
        let word = line.trim().trim_start_matches(['#', '@']).strip_prefix("includedir")?;
        Some(word.trim().trim_end_matches('/').to_owned())
    };
    text.lines()
        .filter(|line| line.starts_with(['#', '@']))
        .any(|line| folder(line).as_deref() == Some(FOLDER))
}
