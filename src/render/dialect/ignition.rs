//! Ignition 3.3.0: users, folders, files, links and units, each with a word of its own.

use crate::fit::Packing;
use crate::{Boot, File, RenderError};
use ignition_config::v3_3 as v3;
use mesoform_plan::{Ownership, place};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::{Serialize as _, ser::Error as _};
use serde_json::ser::PrettyFormatter;
use serde_json::{Serializer, Value};
use std::path::Path;
use std::rc::Rc;

const SHELL: &str = "/usr/sbin/nologin";
/// How JSON is laid out: each item has a line of its own, for diffs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spacing {
    Indented,
    /// Where that does not fit.
    Flat,
}

/// What the data of a URL cannot hold as it is (RFC 2397): nearly all of a text stays readable.
const ESCAPED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}')
    .add(b'[')
    .add(b']');

pub(super) fn write(
    boot: &Boot,
    packing: &Packing,
    spacing: Spacing,
) -> Result<String, RenderError> {
    let (mut files, mut units) = (Vec::new(), Vec::new());
    if let Some(hostname) = &boot.hostname {
        files.push(self::hostname(hostname));
    }
    for (number, source) in boot.files.iter().enumerate() {
        match (unit_name(source), packing.get(&number)) {
            (Some(name), None) => units.push(unit(boot, name, Some(source.content.clone()))),
            (_, packed) => files.push(file(source, packed)),
        }
    }
    for name in boot.enabled() {
        if !units.iter().any(|unit: &v3::Unit| unit.name == name) {
            units.push(unit(boot, name, None));
        }
    }
    let config = v3::Config {
        passwd: passwd(boot),
        storage: Some(v3::Storage {
            directories: some(boot.directories.iter().map(directory).collect()),
            files: some(files),
            links: some(boot.links.iter().map(link).collect()),
            ..v3::Storage::default()
        }),
        systemd: Some(v3::Systemd { units: some(units) }),
        ..v3::Config::default()
    };
    let bare = bare(serde_json::to_value(config)?);
    let indent: &[u8] = if spacing == Spacing::Indented { b"  " } else { b"" };
    let mut json = Vec::new();
    let formatter = PrettyFormatter::with_indent(indent);
    bare.serialize(&mut Serializer::with_formatter(&mut json, formatter))?;
    json.push(b'\n');
    String::from_utf8(json).map_err(|e| RenderError::Json(serde_json::Error::custom(e)))
}

/// How many bytes a content takes in the data of a URL.
pub(super) fn cost(content: &str) -> usize {
    utf8_percent_encode(content, ESCAPED).map(str::len).sum()
}

/// Without what is not said: a diff shows what changed, and nothing else.
fn bare(value: Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(
            map.into_iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(key, value)| (key, bare(value)))
                .filter(|(_, value)| value.as_object().is_none_or(|map| !map.is_empty()))
                .collect(),
        ),
        Value::Array(items) => Value::Array(items.into_iter().map(bare).collect()),
        other => other,
    }
}

fn some<T>(items: Vec<T>) -> Option<Vec<T>> {
    (!items.is_empty()).then_some(items)
}

/// The group is told as well: where images make none with a user, the user would have another.
fn passwd(boot: &Boot) -> Option<v3::Passwd> {
    let group = |name: &str| v3::Group { system: Some(true), ..v3::Group::new(name.to_owned()) };
    let user = |user: &crate::User| v3::User {
        home_dir: Some(user.home.display().to_string()),
        no_create_home: Some(true),
        primary_group: Some(user.name.clone()),
        shell: Some(SHELL.to_owned()),
        system: Some(true),
        ..v3::User::new(user.name.clone())
    };
    (!boot.users.is_empty()).then(|| v3::Passwd {
        groups: some(boot.users.iter().map(|user| group(&user.name)).collect()),
        users: some(boot.users.iter().map(user).collect()),
    })
}

fn directory(directory: &crate::Directory) -> v3::Directory {
    let Ownership { user, group, mode } = &directory.ownership;
    v3::Directory {
        user: owner(user).map(|name| v3::NodeUser { id: None, name: Some(name) }),
        group: owner(group).map(|name| v3::NodeGroup { id: None, name: Some(name) }),
        mode: Some(i64::from(*mode)),
        ..v3::Directory::new(directory.path.display().to_string())
    }
}

fn hostname(name: &str) -> v3::File {
    let ownership = Ownership::root(0o644);
    let path = "/etc/hostname".into();
    file(&File { path, ownership, content: format!("{name}\n") }, None)
}

fn file(file: &File, packed: Option<&Rc<str>>) -> v3::File {
    let Ownership { user, group, mode } = &file.ownership;
    let (source, compression) = match packed {
        Some(packed) => (format!("data:;base64,{packed}"), Some("gzip".to_owned())),
        None => (format!("data:,{}", utf8_percent_encode(&file.content, ESCAPED)), None),
    };
    v3::File {
        contents: Some(v3::Resource {
            compression,
            source: Some(source),
            ..v3::Resource::default()
        }),
        mode: Some(i64::from(*mode)),
        // The image may have one of its own there.
        overwrite: Some(true),
        user: owner(user).map(|name| v3::NodeUser { id: None, name: Some(name) }),
        group: owner(group).map(|name| v3::NodeGroup { id: None, name: Some(name) }),
        ..v3::File::new(file.path.display().to_string())
    }
}

fn link(link: &crate::Link) -> v3::Link {
    v3::Link {
        overwrite: Some(true),
        target: Some(link.target.display().to_string()),
        ..v3::Link::new(link.path.display().to_string())
    }
}

/// Root owns what nobody is named for.
fn owner(name: &str) -> Option<String> {
    (!matches!(name, "" | "root")).then(|| name.to_owned())
}

fn unit(boot: &Boot, name: &str, contents: Option<String>) -> v3::Unit {
    let enabled = boot.enabled().any(|unit| unit == name).then_some(true);
    v3::Unit { contents, enabled, ..v3::Unit::new(name.to_owned()) }
}

/// The name of the unit whose file this is, where it is one that `systemd.units` writes in the same way.
fn unit_name(file: &File) -> Option<&str> {
    let is_there = file.path.parent() == Some(Path::new(place::SYSTEMD_UNITS));
    // Without contents nothing would be written.
    let plain = file.ownership == Ownership::root(0o644) && !file.content.is_empty();
    file.path.file_name()?.to_str().filter(|_| is_there && plain)
}
