//! The cloud-config of CoreOS Container Linux: units have a place of their own there, commands none.

use super::cloud_config::write_file;
use super::remarks;
use crate::commands::commands;
use crate::fit::Packing;
use crate::{Boot, File, RenderError, User};
use mesoform_cloudconfig::{HEADER, to_yaml};
use mesoform_plan::{Ownership, place};
use serde::Serialize;
use serde_json::{Value, json};
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

const SHELL: &str = "/sbin/nologin";
/// Does what this dialect has no words for; it is made anew at each boot, below `/run`. Where there is a binary
/// it does nothing: `up` may have brought another one since, and what it linked stays.
const BOOT: &str = "mesoform-boot.service";

pub(super) fn write(
    boot: &Boot,
    address: Option<IpAddr>,
    packing: &Packing,
) -> Result<String, RenderError> {
    let mut units = Vec::new();
    let mut files = Vec::new();
    for (number, file) in boot.files.iter().enumerate() {
        let packed = packing.get(&number);
        let file = match packed {
            // What is packed is no text in which a word could be replaced.
            Some(_) => file.clone(),
            None => with_words(file, address),
        };
        match unit_name(&file).filter(|_| packed.is_none()) {
            Some(name) => units.push(Unit::new(name, enabled(boot, name), file.content.clone())),
            None => files.push(serde_json::to_value(CoreosFile::from(write_file(&file, packed)))?),
        }
    }
    // Their files are packed, or come from elsewhere.
    for name in boot.enabled() {
        if !units.iter().any(|unit| unit.name == name) {
            units.push(Unit { enable: true, ..Unit::new(name, true, String::new()) });
        }
    }
    units.push(does(boot));
    let mut document = json!({});
    if let Some(hostname) = &boot.hostname {
        document["hostname"] = json!(hostname);
    }
    let users: Vec<Value> = boot.users.iter().map(user).collect();
    for (key, items) in [("users", users), ("write_files", files)] {
        if !items.is_empty() {
            document[key] = Value::Array(items);
        }
    }
    document["coreos"] = json!({ "units": units });
    Ok(format!("{HEADER}{}{}", remarks(boot), to_yaml(&document)))
}

/// An item of `coreos.units`.
#[derive(Serialize)]
struct Unit {
    name: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    runtime: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    enable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<&'static str>,
    #[serde(skip_serializing_if = "String::is_empty")]
    content: String,
}

impl Unit {
    fn new(name: &str, enable: bool, content: String) -> Self {
        Self { name: name.to_owned(), runtime: false, enable, command: None, content }
    }
}

/// An item of `write_files`: as cloud-init's, which knows one key more.
#[derive(Serialize)]
struct CoreosFile {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding: Option<mesoform_cloudconfig::Encoding>,
    content: String,
}

impl From<mesoform_cloudconfig::WriteFile> for CoreosFile {
    /// Users come before files here: nothing is put off.
    fn from(file: mesoform_cloudconfig::WriteFile) -> Self {
        let mesoform_cloudconfig::WriteFile { path, owner, permissions, encoding, content, .. } =
            file;
        Self { path, owner, permissions, encoding, content }
    }
}

fn enabled(boot: &Boot, name: &str) -> bool {
    boot.enabled().any(|unit| unit == name)
}

/// The name of the unit whose file this is, where it is one that `coreos.units` writes in the same way.
fn unit_name(file: &File) -> Option<&str> {
    if file.path.parent() != Some(Path::new(place::SYSTEMD_UNITS)) {
        return None;
    }
    // Without content nothing would be written.
    let plain = file.ownership == Ownership::root(0o644) && !file.content.is_empty();
    file.path.file_name()?.to_str().filter(|_| plain)
}

fn user(user: &User) -> Value {
    json!({
        "name": user.name, "system": true, "homedir": user.home, "no-create-home": true, "shell": SHELL,
    })
}

/// The unit that does what files and units alone cannot say.
fn does(boot: &Boot) -> Unit {
    let mut content = format!(
        "[Unit]\nDescription=mesoform boot: folders, links, and the start of units\n\
         ConditionPathExists=!{}\n\n\
         [Service]\nType=oneshot\n",
        place::PROGRAM
    );
    for command in commands(boot) {
        let words: Vec<String> = command.iter().map(|word| argument(word)).collect();
        content.push_str(&format!("ExecStart=/usr/bin/{}\n", words.join(" ")));
    }
    Unit { runtime: true, command: Some("start"), ..Unit::new(BOOT, false, content) }
}

/// A word of a command as systemd reads it.
fn argument(word: &str) -> String {
    let word =
        word.replace('\\', "\\\\").replace('"', "\\\"").replace('%', "%%").replace('$', "$$");
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=@:%$".contains(c);
    if !word.is_empty() && word.chars().all(plain) { word } else { format!("\"{word}\"") }
}

/// The host's own address in the words that CoreOS replaces by what its provider says.
fn with_words(file: &File, address: Option<IpAddr>) -> File {
    let Some(IpAddr::V4(address)) = address else { return file.clone() };
    let word = if is_private(address) { "$private_ipv4" } else { "$public_ipv4" };
    File { content: replaced(&file.content, &address.to_string(), word), ..file.clone() }
}

/// Carriers' own addresses (100.64.0.0/10) are as private as the others.
fn is_private(address: Ipv4Addr) -> bool {
    let [a, b, ..] = address.octets();
    address.is_private() || (a == 100 && (64..128).contains(&b))
}

/// `text` with `word` for each `address` that is not part of a longer number.
fn replaced(text: &str, address: &str, word: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let is_part = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit() || c == '.');
    while let Some(at) = rest.find(address) {
        let (before, after) = (&rest[..at], &rest[at + address.len()..]);
        let alone = !is_part(before.chars().next_back().or_else(|| out.chars().next_back()))
            && !is_part(after.chars().next());
        out.push_str(before);
        out.push_str(if alone { word } else { address });
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_address_is_a_word() {
        let text = "a 10.0.0.1:5050 \"10.0.0.1\" 10.0.0.11 110.0.0.1 10.0.0.1.5 10.0.0.1";
        let wanted = "a $w:5050 \"$w\" 10.0.0.11 110.0.0.1 10.0.0.1.5 $w";
        assert_eq!(replaced(text, "10.0.0.1", "$w"), wanted);
    }

    #[test]
    fn words_are_quoted_as_systemd_reads_them() {
        assert_eq!(argument("/a/b"), "/a/b");
        assert_eq!(argument("a b"), "\"a b\"");
        assert_eq!(argument("50%$x\"\\"), "\"50%%$$x\\\"\\\\\"");
    }
}
