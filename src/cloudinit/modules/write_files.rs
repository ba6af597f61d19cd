use super::Module;
use crate::fields::{Fields, items, text};
use crate::host::Look;
use crate::mistake::Notes;
use crate::yaml::{Node, Value};
use crate::{Action, FileAction, Owner, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::MultiGzDecoder;
use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Component, Path};

/// Contents that are larger together when they are unpacked are an attack or a slip.
const LARGEST: u64 = 64 * 1024 * 1024;

/// Files of one stage.
struct WriteFiles {
    name: &'static str,
    files: Vec<FileAction>,
}

/// Those before users, and those at the end.
pub struct Both {
    pub early: Option<Box<dyn Module>>,
    pub deferred: Option<Box<dyn Module>>,
}

pub fn read(fields: &mut Fields<'_>) -> Both {
    let (mut early, mut deferred) = (Vec::new(), Vec::new());
    let mut limits = Limits { left: LARGEST, appended: BTreeMap::new() };
    if let Some(node) = fields.node("write_files") {
        for (number, item) in items(node, "write_files", fields.notes).iter().enumerate() {
            let place = format!("write_files[{number}]");
            if let Some((file, defer)) = file(item, place, &mut limits, fields.notes) {
                if defer { deferred.push(file) } else { early.push(file) }
            }
        }
    }
    let module = |name, files: Vec<FileAction>| -> Option<Box<dyn Module>> {
        if files.is_empty() { None } else { Some(Box::new(WriteFiles { name, files })) }
    };
    Both { early: module("write_files", early), deferred: module("write_files_deferred", deferred) }
}

/// What items of one document have together.
struct Limits {
    /// So much may yet be unpacked.
    left: u64,
    /// How often the same is appended to the same file.
    appended: BTreeMap<String, usize>,
}

impl Limits {
    /// What is appended is known again by this, wherever it stands in another document.
    fn name(&mut self, path: &str, content: &[u8]) -> String {
        let name = format!("{path} {}", hash(content));
        let often = self.appended.entry(name.clone()).or_default();
        *often += 1;
        format!("{name} {often}")
    }
}

fn file(
    item: &Node,
    place: String,
    limits: &mut Limits,
    notes: &Notes,
) -> Option<(FileAction, bool)> {
    let mut fields = Fields::of(item, place, notes)?;
    let path = fields.required("path").and_then(|path| absolute(path, &fields));
    let encoding = fields.text("encoding").unwrap_or_default();
    let content = match fields.node("content") {
        Some(node) => content(node, &fields.at("content"), &encoding, limits, notes),
        None => Some(Vec::new()),
    };
    let owner = fields.text("owner").map_or_else(Owner::root, |owner| names(&owner));
    let mode = match fields.node("permissions") {
        Some(node) => mode(node, &fields.at("permissions"), notes),
        None => Some(0o644),
    };
    let append = fields.flag("append").unwrap_or(false);
    let defer = fields.flag("defer").unwrap_or(false);
    fields.unsupported("source", "have runcmd fetch it, or give the content");
    fields.finish();
    let (path, content, mode) = (path?, content?, mode?);
    let append = append.then(|| limits.name(&path, &content));
    Some((FileAction { path: path.into(), content, mode, owner, keep: false, append }, defer))
}

fn hash(bytes: &[u8]) -> String {
    mesoform_plan::sha256_hex(STANDARD.encode(bytes))
}

fn absolute(path: String, fields: &Fields<'_>) -> Option<String> {
    let plain = |part| matches!(part, Component::RootDir | Component::Normal(_));
    let is_file = Path::new(&path).file_name().is_some() && !path.ends_with('/');
    if path.starts_with('/') && is_file && Path::new(&path).components().all(plain) {
        return Some(path);
    }
    let cause = format!("{} {path:?} names no file from / on", fields.at("path"));
    fields.notes.add(fields.line, cause, "write an absolute path without ..");
    None
}

/// `user:group`; who is not named stays.
pub fn names(owner: &str) -> Owner {
    let (user, group) = owner.split_once(':').unwrap_or((owner, ""));
    let name = |name: &str| {
        let name = name.trim();
        let nobody = name.is_empty() || name == "-1" || name.eq_ignore_ascii_case("none");
        (!nobody).then(|| name.to_owned())
    };
    Owner::Names { user: name(user), group: name(group) }
}

/// A text in octal digits. YAML reads 0644 as 420, which is what is meant; 644 is not.
fn mode(node: &Node, place: &str, notes: &Notes) -> Option<u32> {
    let mode = match &node.value {
        Value::Int(number, raw) if raw.starts_with('0') => u32::try_from(*number).ok(),
        Value::Text(text) => {
            let digits = text.trim().trim_start_matches("0o");
            u32::from_str_radix(digits, 8).ok()
        }
        _ => None,
    };
    let mode = mode.filter(|mode| *mode <= 0o7777);
    if mode.is_none() {
        let cause = format!("{place} is no mode in octal digits");
        notes.add(node.line, cause, "write it in quotes: '0644'");
    }
    mode
}

fn content(
    node: &Node,
    place: &str,
    encoding: &str,
    limits: &mut Limits,
    notes: &Notes,
) -> Option<Vec<u8>> {
    let bytes = match &node.value {
        Value::Bytes(bytes) => bytes.clone(),
        _ => text(node, place, notes)?.into_bytes(),
    };
    let decoded = match encoding.trim().to_lowercase().as_str() {
        "" | "text/plain" => Ok(bytes),
        "b64" | "base64" => base64(&bytes),
        "gz" | "gzip" => unpack(&bytes, &mut limits.left),
        "gz+b64" | "gz+base64" | "gzip+b64" | "gzip+base64" => {
            base64(&bytes).and_then(|packed| unpack(&packed, &mut limits.left))
        }
        _ => Err(format!("the encoding {encoding:?} is not known")),
    };
    let cure = "see `encoding`: text/plain, b64, gzip or gz+b64";
    decoded.inspect_err(|cause| notes.add(node.line, format!("{place}: {cause}"), cure)).ok()
}

fn base64(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let letters: Vec<u8> = bytes.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect();
    STANDARD.decode(letters).map_err(|error| format!("it is no base64: {error}"))
}

fn unpack(bytes: &[u8], left: &mut u64) -> Result<Vec<u8>, String> {
    let mut unpacked = Vec::new();
    let read = MultiGzDecoder::new(bytes).take(*left + 1).read_to_end(&mut unpacked);
    match read {
        Ok(length) if length as u64 > *left => {
            *left = 0;
            Err("all that is packed is larger than 64 MiB".to_owned())
        }
        Ok(length) => {
            *left -= length as u64;
            Ok(unpacked)
        }
        Err(error) => Err(format!("it is no gzip: {error}")),
    }
}

impl Module for WriteFiles {
    fn name(&self) -> &'static str {
        self.name
    }

    fn actions(&self, _: &dyn Look) -> Result<Vec<Action>> {
        Ok(self.files.iter().cloned().map(Action::File).collect())
    }
}
