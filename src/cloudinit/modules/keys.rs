//! `authorized_keys`, as cloud-init merges them.

use crate::fields::Fields;
use crate::host::Look;
use crate::{Action, FileAction, Owner, Result};
use std::path::Path;

/// A line with a key.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Key {
    options: String,
    kind: String,
    base64: String,
    comment: String,
}

impl Key {
    fn parse(line: &str) -> Option<Self> {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            return None;
        }
        Self::without_options(line).or_else(|| {
            let (options, rest) = line.split_at(end_of_options(line));
            Some(Self { options: options.to_owned(), ..Self::without_options(rest.trim_start())? })
        })
    }

    fn without_options(line: &str) -> Option<Self> {
        let mut words = line.splitn(3, char::is_whitespace);
        let (kind, base64) = (words.next()?, words.next()?);
        let old = ["rsa", "dsa", "ecdsa", "ed25519"].contains(&kind);
        let is_kind = old || ["ssh-", "ecdsa-", "sk-"].iter().any(|begin| kind.starts_with(begin));
        let comment = words.next().unwrap_or_default().trim().to_owned();
        let (kind, base64) = (kind.to_owned(), base64.to_owned());
        is_kind.then_some(Self { options: String::new(), kind, base64, comment })
    }

    fn line(&self) -> String {
        let parts = [&self.options, &self.kind, &self.base64, &self.comment];
        let parts: Vec<&str> =
            parts.into_iter().map(String::as_str).filter(|p| !p.is_empty()).collect();
        parts.join(" ")
    }
}

/// Options end at the first space that is not in quotes.
fn end_of_options(line: &str) -> usize {
    let (mut quoted, mut escaped) = (false, false);
    for (at, c) in line.char_indices() {
        match c {
            '"' if !escaped => quoted = !quoted,
            ' ' | '\t' if !quoted => return at,
            _ => {}
        }
        escaped = c == '\\' && !escaped;
    }
    line.len()
}

/// The keys that `ssh_authorized_keys` has; cloud-init passes over what is none.
pub fn read(fields: &mut Fields<'_>) -> Vec<String> {
    let Some(node) = fields.node("ssh_authorized_keys") else { return Vec::new() };
    let keys = fields.texts("ssh_authorized_keys").unwrap_or_default();
    for (number, key) in keys.iter().enumerate() {
        if Key::parse(key).is_none() || key.trim().contains('\n') {
            let cause = format!("{}[{number}] is no public key", fields.at("ssh_authorized_keys"));
            fields.notes.add(
                node.line,
                cause,
                "write one as in authorized_keys: ssh-ed25519 AAAA… name",
            );
        }
    }
    keys
}

/// What gives a user these keys. With `options` they are written with those, and keys that are there
/// stay as they are: nobody is locked out of a host that he has got into.
///
/// # Errors
/// The host cannot be looked at.
pub fn actions(
    look: &dyn Look,
    user: &str,
    home: &str,
    keys: &[String],
    options: Option<&str>,
) -> Result<Vec<Action>> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let folder = Path::new(home).join(".ssh");
    let path = folder.join("authorized_keys");
    let owner = Owner::User(user.to_owned());
    let old = look.text(&path)?.unwrap_or_default();
    let content = merged(&old, keys, options);
    let file = FileAction::new(path, content);
    let file = FileAction { mode: 0o600, owner: owner.clone(), keep: true, ..file };
    Ok(vec![Action::Folder { path: folder, mode: 0o700, owner, keep: true }, Action::File(file)])
}

fn merged(old: &str, keys: &[String], options: Option<&str>) -> String {
    let mut new: Vec<Key> = Vec::new();
    for key in keys.iter().filter_map(|key| Key::parse(key)) {
        let options = options.map_or(key.options, str::to_owned);
        let key = Key { options, ..key };
        if !new.contains(&key) {
            new.push(key);
        }
    }
    let mut text = String::new();
    let mut add = |line: &str| text.extend([line, "\n"]);
    for line in old.lines() {
        let there = Key::parse(line);
        let same = |key: &Key| there.as_ref().is_some_and(|there| there.base64 == key.base64);
        let better = new.iter().find(|key| same(key)).cloned();
        match better {
            Some(better) if options.is_none() => add(&better.line()),
            _ => add(line),
        }
        new.retain(|key| !same(key));
    }
    new.iter().for_each(|key| add(&key.line()));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_merged_by_what_they_are() {
        let old = "# mine\nssh-rsa AAAA old name\nssh-rsa BBBB b\n";
        let keys = ["ssh-rsa  AAAA new".to_owned(), "command=\"a b\" ssh-ed25519 CCCC".to_owned()];
        let wanted = "# mine\nssh-rsa AAAA new\nssh-rsa BBBB b\ncommand=\"a b\" ssh-ed25519 CCCC\n";
        // Two spaces: Python splits at any white space.
        let keys: Vec<String> = keys.iter().map(|key| key.replace("  ", " ")).collect();
        assert_eq!(merged(old, &keys, None), wanted);
        assert_eq!(merged(wanted, &keys, None), wanted);
    }

    #[test]
    fn roots_own_keys_are_not_taken_away() {
        let keys = ["ssh-rsa AAAA x".to_owned(), "ssh-rsa BBBB y".to_owned()];
        let text = merged("ssh-rsa AAAA x\n", &keys, Some("no-pty"));
        assert_eq!(text, "ssh-rsa AAAA x\nno-pty ssh-rsa BBBB y\n");
    }
}
