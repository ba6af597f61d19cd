//! Those decide who read such documents: the published schema and Debian's cloud-init, Ignition, systemd.

use crate::kit::{ALL, Cluster, EXTRAS, FIVE, ONE, SMALL, THREE, not_run, programs, published};
use mesoform_render::{Boot, Dialect, Entry, tree};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;

fn clusters() -> [Cluster; 4] {
    [ONE, THREE, FIVE, EXTRAS].map(Cluster::of)
}

fn expect(mut command: Command, text: &str) {
    let output = command.output().unwrap();
    let words = [&output.stdout[..], &output.stderr[..]].concat();
    let words = String::from_utf8_lossy(&words);
    assert!(output.status.success(), "{command:?}: {words}\n{text}");
}

/// Its top level is closed: a module that does not exist is an error, where cloud-init passes it over.
#[test]
fn the_published_schema_knows_every_word() {
    let Some(file) = published("cloud-init/schema-cloud-config-v1.json") else { return };
    let schema: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    let validator = jsonschema::draft4::new(&schema).unwrap();
    let unknown = serde_json::json!({ "hostnam": "h" });
    assert!(!validator.is_valid(&unknown), "the schema's top level is open");
    for text in clusters().iter().flat_map(|cluster| cluster.documents(Dialect::CloudConfig)) {
        let document: Value = serde_saphyr::from_str(&text).unwrap();
        let errors: Vec<String> = validator
            .iter_errors(&document)
            .map(|e| format!("{}: {e}", e.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{errors:?}\n{text}");
    }
}

#[test]
fn debians_cloud_init_takes_every_document() {
    let Some(programs) = programs() else { return };
    let folder = tempfile::tempdir().unwrap();
    // Python takes a second for each: one of a kind is enough.
    let documents = [
        (ONE, "m1", None),
        (THREE, "m3.example.org", Some(SMALL)),
        (THREE, "a1", Some(SMALL)),
        (FIVE, "m5", Some(SMALL)),
        (EXTRAS, "m1", Some(SMALL)),
    ];
    for (inventory, host, limit) in documents {
        let text = Cluster::of(inventory).document(Dialect::CloudConfig, host, limit);
        let file = folder.path().join(format!("{host}.yaml"));
        fs::write(&file, &text).unwrap();
        let mut command = Command::new(programs.join("cloud-init"));
        command.args(["schema", "-c"]).arg(&file);
        expect(command, &text);
    }
}

#[test]
fn ignition_takes_every_document() {
    let Some(programs) = programs() else { return };
    let folder = tempfile::tempdir().unwrap();
    for text in clusters().iter().flat_map(|cluster| cluster.documents(Dialect::Ignition)) {
        let (_, warnings) = ignition_config::Config::parse_str(&text).unwrap();
        assert!(warnings.is_empty(), "{warnings:?}");
        let file = folder.path().join("document.ign");
        fs::write(&file, &text).unwrap();
        let mut command = Command::new(programs.join("ignition-validate"));
        command.arg(&file);
        expect(command, &text);
    }
}

/// Both of CoreOS' own validators are gone; what is left to ask is whether it is YAML with this header.
#[test]
fn coreos_documents_are_yaml() {
    for text in clusters().iter().flat_map(|cluster| cluster.documents(Dialect::Coreos)) {
        assert!(text.starts_with("#cloud-config\n"));
        let document: Value = serde_saphyr::from_str(&text).unwrap();
        assert!(document["coreos"]["units"].is_array());
    }
}

/// Stock units and the programs that units start, so that systemd finds all that is named.
fn planted(boot: &Boot, root: &Path) {
    for (path, entry) in tree(boot).0 {
        let place = root.join(path.strip_prefix("/").unwrap());
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        match entry {
            Entry::File { content, .. } => fs::write(&place, content).unwrap(),
            Entry::Link { target } => symlink(target, &place).unwrap(),
        }
    }
    for program in ["bin/sh", "bin/rm"].map(str::to_owned).into_iter().chain(
        boot.links.iter().map(|link| link.target.strip_prefix("/").unwrap().display().to_string()),
    ) {
        let place = root.join(program);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(&place, "#!").unwrap();
        fs::set_permissions(&place, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let stock = root.join("usr/lib/systemd/system");
    fs::create_dir_all(&stock).unwrap();
    for entry in fs::read_dir("/usr/lib/systemd/system").unwrap().flatten() {
        if entry.file_type().unwrap().is_file() {
            fs::copy(entry.path(), stock.join(entry.file_name())).unwrap();
        }
    }
}

#[test]
fn systemd_takes_every_unit() {
    if Command::new("systemd-analyze").arg("--version").output().is_err() {
        return not_run("systemd-analyze, the oracle for units,");
    }
    for (inventory, host) in [(THREE, "m1.example.org"), (THREE, "a1"), (EXTRAS, "m1")] {
        let cluster = Cluster::of(inventory);
        let boot = cluster.boot(cluster.spec.host(host).unwrap());
        let root = tempfile::tempdir().unwrap();
        planted(&boot, root.path());
        let units: Vec<&str> = boot
            .files
            .iter()
            .filter(|file| file.path.parent() == Some(Path::new("/etc/systemd/system")))
            .map(|file| file.path.file_name().unwrap().to_str().unwrap())
            .collect();
        assert!(units.len() >= 4, "{units:?}");
        let mut command = Command::new("systemd-analyze");
        command.args(["verify", "--man=no", "--recursive-errors=no"]);
        command.arg(format!("--root={}", root.path().display())).args(&units);
        let output = command.output().unwrap();
        let words = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && words.is_empty(), "{command:?}: {words}");
    }
}

#[test]
fn rendering_twice_gives_the_same() {
    for (one, other) in clusters().iter().zip(&clusters()) {
        for dialect in ALL {
            assert_eq!(one.documents(dialect), other.documents(dialect));
        }
    }
}
