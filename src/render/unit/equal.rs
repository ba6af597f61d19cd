//! What is read from a document is what the plan says: no more, no less, in every dialect, packed or not.

use super::plans::plan;
use super::{boot, templates, text, yaml};
use crate::{Boot, Dialect, File, Packer};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use mesoform_plan::Ownership;
use proptest::prelude::*;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Read as _;

/// Owner, mode and content by path.
type Files = BTreeMap<String, (String, String, u32, String)>;

fn unpacked(packed: &str) -> String {
    let bytes = STANDARD.decode(packed).unwrap();
    let mut text = String::new();
    GzDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap();
    text
}

fn or_root(name: &str) -> String {
    if name.is_empty() { "root".to_owned() } else { name.to_owned() }
}

fn wanted<'b>(files: impl Iterator<Item = &'b File>) -> Files {
    let entry = |file: &File| {
        let Ownership { user, group, mode } = &file.ownership;
        let path = file.path.display().to_string();
        (path, (or_root(user), or_root(group), *mode, file.content.clone()))
    };
    files.map(entry).collect()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn word<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_default()
}

/// The files of `write_files`, as cloud-init and coreos-cloudinit read them.
fn written(document: &Value) -> Files {
    let entry = |file: &Value| {
        let (user, group) = match file["owner"].as_str() {
            Some(owner) => owner.split_once(':').unwrap(),
            None => ("root", "root"),
        };
        let mode =
            file["permissions"].as_str().map_or(0o644, |m| u32::from_str_radix(m, 8).unwrap());
        let content = match file["encoding"].as_str() {
            Some("gz+b64") => unpacked(word(file, "content")),
            Some(other) => panic!("{other}"),
            None => word(file, "content").to_owned(),
        };
        let later = (user, group) != ("root", "root");
        assert_eq!(file["defer"].as_bool().unwrap_or_default(), later, "{file}");
        (word(file, "path").to_owned(), (user.to_owned(), group.to_owned(), mode, content))
    };
    list(&document["write_files"]).map(entry).collect()
}

fn command_words(command: &Value) -> Vec<&str> {
    list(command).map(|word| word.as_str().unwrap()).collect()
}

/// What the commands make: folders with their owners, links, and units that are enabled.
fn check_commands(document: &Value, boot: &Boot) {
    let commands: Vec<Vec<&str>> = list(&document["runcmd"]).map(command_words).collect();
    let starting = |words: &[&str]| -> Vec<&Vec<&str>> {
        commands.iter().filter(|command| command.starts_with(words)).collect()
    };
    let folders = starting(&["install", "-d"]);
    assert_eq!(folders.len(), boot.directories.len());
    for (command, directory) in folders.iter().zip(&boot.directories) {
        let option = |name| command.iter().position(|w| *w == name).map(|at| command[at + 1]);
        let Ownership { user, group, mode } = &directory.ownership;
        assert_eq!(u32::from_str_radix(option("-m").unwrap(), 8).unwrap(), *mode);
        assert_eq!(option("-o").unwrap_or_default(), user);
        assert_eq!(option("-g").unwrap_or_default(), group);
        assert_eq!(*command.last().unwrap(), directory.path.to_str().unwrap());
    }
    let links: Vec<(&str, &str)> = starting(&["ln"]).iter().map(|c| (c[2], c[3])).collect();
    let wanted = boot.links.iter();
    let wanted: Vec<(&str, &str)> =
        wanted.map(|l| (l.target.to_str().unwrap(), l.path.to_str().unwrap())).collect();
    assert_eq!(links, wanted);
    let enabled: Vec<&str> =
        starting(&["systemctl", "enable"]).iter().flat_map(|c| &c[2..]).copied().collect();
    assert_eq!(enabled, boot.enabled().collect::<Vec<_>>());
}

fn users(document: &Value, home: &str) -> Vec<(String, String)> {
    let named = list(&document["users"]).filter(|user| user.is_object());
    named.map(|user| (word(user, "name").to_owned(), word(user, home).to_owned())).collect()
}

fn wanted_users(boot: &Boot) -> Vec<(String, String)> {
    boot.users.iter().map(|user| (user.name.clone(), user.home.display().to_string())).collect()
}

/// The data of a URL.
fn data(resource: &Value) -> String {
    let source = word(resource, "source");
    match source.strip_prefix("data:;base64,") {
        Some(packed) => {
            assert_eq!(resource["compression"], "gzip");
            unpacked(packed)
        }
        None => {
            let text = source.strip_prefix("data:,").unwrap();
            percent_encoding::percent_decode_str(text).decode_utf8().unwrap().into_owned()
        }
    }
}

fn ignited(config: &Value) -> Files {
    let entry = |file: &Value| {
        let owner = |kind: &str| or_root(word(&file[kind], "name"));
        let mode = u32::try_from(file["mode"].as_u64().unwrap()).unwrap();
        let content = data(&file["contents"]);
        (word(file, "path").to_owned(), (owner("user"), owner("group"), mode, content))
    };
    let mut files: Files = list(&config["storage"]["files"]).map(entry).collect();
    assert_eq!(files.remove("/etc/hostname").unwrap().3, "h1\n");
    files.extend(units(config, "systemd", "contents"));
    files
}

/// The files that items of units stand for.
fn units(document: &Value, key: &str, content: &str) -> Files {
    let items = list(&document[key]["units"]).filter(|unit| unit.get("runtime").is_none());
    let entry = |unit: &Value| {
        let content = unit.get(content)?.as_str()?.to_owned();
        let path = format!("/etc/systemd/system/{}", word(unit, "name"));
        Some((path, ("root".to_owned(), "root".to_owned(), 0o644, content)))
    };
    items.filter_map(entry).collect()
}

fn enabled(document: &Value, key: &str, word_for: &str) -> Vec<String> {
    let mut names: Vec<String> = list(&document[key]["units"])
        .filter(|unit| unit[word_for] == true)
        .map(|unit| word(unit, "name").to_owned())
        .collect();
    names.sort();
    names
}

fn wanted_units(boot: &Boot) -> Vec<String> {
    let mut names: Vec<String> = boot.enabled().map(str::to_owned).collect();
    names.sort();
    names
}

/// No limit, and one that packs whatever can be packed.
const LIMITS: [Option<usize>; 2] = [None, Some(1)];

/// The document, or none where even everything packed does not fit, which is not what is asked here.
fn packed(dialect: Dialect, boot: &Boot, limit: Option<usize>) -> String {
    let Some(_) = limit else { return text(dialect, boot, None) };
    let packing = crate::fit::all(boot).unwrap();
    let templates = templates();
    crate::dialect::with(dialect, boot, &super::supply(&templates, &Packer::default()), &packing)
        .unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn cloud_config_says_what_the_plan_says(plan in plan()) {
        let boot = boot(&plan);
        for limit in LIMITS {
            let text = packed(Dialect::CloudConfig, &boot, limit);
            prop_assert!(text.starts_with("#cloud-config\n# h1.example.org of the cluster demo"));
            let document = yaml(&text);
            prop_assert_eq!(&document["hostname"], "h1");
            prop_assert_eq!(written(&document), wanted(boot.files.iter()));
            prop_assert_eq!(users(&document, "homedir"), wanted_users(&boot));
            check_commands(&document, &boot);
        }
    }

    #[test]
    fn ignition_says_what_the_plan_says(plan in plan()) {
        let boot = boot(&plan);
        for limit in LIMITS {
            let text = packed(Dialect::Ignition, &boot, limit);
            let (_, warnings) = ignition_config::Config::parse_str(&text).unwrap();
            prop_assert!(warnings.is_empty(), "{:?}", warnings);
            let config: Value = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(&config["ignition"]["version"], "3.3.0");
            prop_assert!(!text.contains("null"));
            prop_assert_eq!(ignited(&config), wanted(boot.files.iter()));
            prop_assert_eq!(users(&config["passwd"], "homeDir"), wanted_users(&boot));
            prop_assert_eq!(enabled(&config, "systemd", "enabled"), wanted_units(&boot));
            let links = list(&config["storage"]["links"]).count();
            let folders = list(&config["storage"]["directories"]).count();
            prop_assert_eq!((links, folders), (boot.links.len(), boot.directories.len()));
        }
    }

    #[test]
    fn coreos_says_what_the_plan_says(plan in plan()) {
        let boot = boot(&plan);
        for limit in LIMITS {
            let document = yaml(&packed(Dialect::Coreos, &boot, limit));
            let mut files = written_there(&document);
            files.extend(units(&document, "coreos", "content"));
            prop_assert_eq!(files, wanted(boot.files.iter()));
            prop_assert_eq!(users(&document, "homedir"), wanted_users(&boot));
            prop_assert_eq!(enabled(&document, "coreos", "enable"), wanted_units(&boot));
        }
    }
}

/// CoreOS makes users before files: nothing is put off.
fn written_there(document: &Value) -> Files {
    let mut document = document.clone();
    for file in document["write_files"].as_array_mut().into_iter().flatten() {
        assert_eq!(file.get("defer"), None);
        let later = file.get("owner").is_some();
        file["defer"] = Value::Bool(later);
    }
    written(&document)
}
