//! `mesoform apply` makes of a document what cloud-init makes of it, file for file. The documents are
//! cloud-init's own examples; `tests/oracles/cloud_config/differences.txt` is the one table of where the
//! two are meant to differ, and why.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use mesoform_tests::{Host, Rig};

/// All stages of a first boot in one process: Python needs a second to begin.
const STAGES: &str = "
import sys
from cloudinit.cmd.main import main
for words in [['init', '--local'], ['init'], ['modules', '--mode=config'], ['modules', '--mode=final']]:
    main(['cloud-init', *words])
";
/// What images come with that nobody asked for: see `modules/users.rs`.
const QUIET: &str =
    "users: []\ndisable_root: true\ngrowpart: {mode: 'off'}\nresize_rootfs: false\n";

#[test]
fn as_cloud_init_does() {
    let Some(rig) = Rig::new("as_cloud_init_does") else { return };
    let rules = rules();
    let mut wrong = Vec::new();
    for (number, document) in documents().iter().enumerate() {
        let name = document.file_stem().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(document).unwrap();
        let [theirs, ours] = ["c", "m"].map(|side| tree(&rig, &format!("{side}{number}")));
        seed(&theirs, &text);
        let told = theirs.in_tree(&["python3", "-c", STAGES]);
        let applied = apply(&ours, &text);
        let failed = failure(&theirs, &name, &applied);
        wrong.extend(failed.map(|cause| format!("{name}: {cause}")));
        let found = compare(&theirs, &ours, &rules);
        rig.tell(&format!("{name}: {:?} and {:?}", told.took, applied.took));
        if !found.is_empty() {
            wrong.push(format!("{name}:\n  {}\n{}", found.join("\n  "), applied.stderr));
        }
        let again = apply_again(&ours);
        if applied.success() && !again.contains("0 changes") {
            wrong.push(format!("{name}: the second time: {again}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// Documents that fail in a tree, on both sides, and what ours says.
const FAILS: [(&str, &str); 1] = [("locale", "invalid locale settings")];

/// What went wrong before there is anything to compare.
fn failure(theirs: &Host, name: &str, applied: &mesoform_tests::Run) -> Option<String> {
    let log = fs::read_to_string(theirs.root().join("var/log/cloud-init.log")).unwrap();
    if log.contains("Failed loading yaml") {
        return Some("cloud-init does not understand it".to_owned());
    }
    let fails = FAILS.iter().find(|(document, _)| *document == name);
    let as_told = match fails {
        None => applied.success(),
        Some((_, words)) => !applied.success() && applied.stderr.contains(words),
    };
    (!as_told).then(|| format!("code {}: {}{}", applied.code, applied.stdout, applied.stderr))
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("oracles/cloud_config")
}

/// All, or the one that `MESOFORM_DOCUMENT` names.
fn documents() -> Vec<PathBuf> {
    let wanted = std::env::var("MESOFORM_DOCUMENT").ok();
    let entries = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let mut all: Vec<PathBuf> = entries
        .filter(|path| path.extension().is_some_and(|ending| ending == "yaml"))
        .filter(|path| {
            wanted.as_ref().is_none_or(|name| path.file_stem().unwrap() == name.as_str())
        })
        .collect();
    all.sort();
    assert!(wanted.is_some() || all.len() > 20, "{all:?}");
    all
}

fn tree(rig: &Rig, name: &str) -> Host {
    let host = rig.cloud_host(name);
    host.stub_machine();
    let put = |path: &str, text: &str| {
        let file = host.root().join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    };
    put("etc/hostname", "tree\n");
    put("etc/hosts", "127.0.0.1 localhost\n127.0.1.1 tree\n");
    put("etc/cloud/cloud.cfg.d/99-tree.cfg", QUIET);
    // What tells one host of the rig from another.
    put("etc/machine-id", "0123456789abcdef0123456789abcdef\n");
    for path in ["root/.ssh", "etc/ssh", "etc/systemd/network"] {
        fs::remove_dir_all(host.root().join(path)).unwrap();
    }
    let made = host.in_tree(&["sh", "-c", PACKAGES]);
    made.expect_success();
    host
}

/// An archive of two small packages, which apt takes them from.
const PACKAGES: &str = r#"set -e
export SOURCE_DATE_EPOCH=1600000000
mkdir -p /srv/archive && cd /srv/archive
for name in pwgen pastebinit; do
    mkdir -p build/DEBIAN "build/usr/share/$name"
    printf 'Package: %s\nVersion: 1.0\nArchitecture: all\nMaintainer: T <t@example>\nDescription: t\n' \
        "$name" >build/DEBIAN/control
    echo here >"build/usr/share/$name/file"
    dpkg-deb --root-owner-group -b build "$name.deb" >/dev/null
    rm -r build
    { dpkg-deb -f "$name.deb"; printf 'Filename: ./%s.deb\nSize: %s\nSHA256: %s\n\n' "$name" \
        "$(stat -c %s "$name.deb")" "$(sha256sum "$name.deb" | cut -d' ' -f1)"; } >>Packages
done
rm -f /etc/apt/sources.list.d/*
echo 'deb [trusted=yes] file:/srv/archive ./' >/etc/apt/sources.list"#;

fn seed(host: &Host, text: &str) {
    host.seed(text);
    // The name that a machine has, where its document has none.
    let file = host.root().join("var/lib/cloud/seed/nocloud/meta-data");
    let named = ["hostname:", "fqdn:"].iter().any(|key| text.contains(&format!("\n{key}")));
    let named = named && !text.contains("preserve_hostname");
    let name = if named { "external.fqdn.me" } else { "tree" };
    fs::write(file, format!("instance-id: one\nlocal-hostname: {name}\n")).unwrap();
}

fn apply(host: &Host, text: &str) -> mesoform_tests::Run {
    fs::write(host.root().join("document"), text).unwrap();
    host.in_tree(&WORDS)
}

const WORDS: [&str; 4] = ["/run/mesoform", "apply", "--cloud-config", "/document"];

fn apply_again(host: &Host) -> String {
    let run = host.in_tree(&WORDS);
    format!("{}{}", run.stdout, run.stderr)
}

/// What of a path is not compared.
struct Rule {
    path: PathBuf,
    what: String,
}

fn rules() -> Vec<Rule> {
    let text = fs::read_to_string(folder().join("differences.txt")).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let rule = |line: &str| {
        let parts: Vec<&str> = line.splitn(3, "  ").collect();
        let [path, what, _reason] = parts[..] else { panic!("{line}") };
        Rule { path: path.into(), what: what.to_owned() }
    };
    lines.map(rule).collect()
}

fn compare(theirs: &Host, ours: &Host, rules: &[Rule]) -> Vec<String> {
    let mut paths = theirs.touched();
    paths.extend(ours.touched());
    let own = Path::new("/document");
    let differs = |path: &&PathBuf| {
        let rules: Vec<&str> = rules
            .iter()
            .filter(|rule| path.starts_with(&rule.path))
            .map(|rule| rule.what.as_str())
            .collect();
        if path.starts_with(own) || rules.contains(&"GONE") {
            return None;
        }
        let [a, b] = [theirs, ours].map(|host| Seen::at(&host.root(), path, &rules));
        let only_empty =
            b.is_none() && rules.contains(&"EMPTY") && a.as_ref().is_some_and(Seen::is_empty);
        let told = || format!("{}: {}", path.display(), difference(a.as_ref(), b.as_ref()));
        (a != b && !only_empty).then(told)
    };
    let paths: BTreeSet<PathBuf> = paths;
    paths.iter().filter_map(|path| differs(&path)).collect()
}

/// The first line that differs, where it is a line.
fn difference(theirs: Option<&Seen>, ours: Option<&Seen>) -> String {
    let (Some(theirs), Some(ours)) = (theirs, ours) else {
        return format!("cloud-init {}, mesoform {}", theirs.is_some(), ours.is_some());
    };
    if theirs.content == ours.content {
        return format!("{theirs} and {ours}");
    }
    let mut pairs = theirs.content.split('\n').zip(ours.content.split('\n'));
    let pair = pairs.find(|(a, b)| a != b).unwrap_or(("(ends)", "(ends)"));
    let short = |line: &str| line.chars().take(200).collect::<String>();
    format!("{theirs} and {ours}\n    - {:?}\n    + {:?}", short(pair.0), short(pair.1))
}

impl std::fmt::Display for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {:04o} {:?}", self.kind, self.mode, self.owner)
    }
}

#[derive(PartialEq, Eq)]
struct Seen {
    kind: &'static str,
    mode: u32,
    owner: (u32, u32),
    content: String,
}

impl Seen {
    fn at(root: &Path, path: &Path, rules: &[&str]) -> Option<Self> {
        let path = root.join(path.strip_prefix("/").unwrap());
        let found = fs::symlink_metadata(&path).ok()?;
        let (kind, content) = match found.file_type() {
            kind if kind.is_symlink() => {
                ("link", fs::read_link(&path).unwrap().display().to_string())
            }
            kind if kind.is_dir() => ("folder", String::new()),
            kind if kind.is_file() => ("file", content(&fs::read(&path).unwrap(), rules)),
            _ => ("other", String::new()),
        };
        Some(Self { kind, mode: found.mode() & 0o7777, owner: (found.uid(), found.gid()), content })
    }

    fn is_empty(&self) -> bool {
        self.content.is_empty()
    }
}

fn content(bytes: &[u8], rules: &[&str]) -> String {
    if rules.contains(&"ANY") {
        return String::new();
    }
    let mut text = String::from_utf8_lossy(bytes).into_owned();
    for rule in rules {
        if let Some(begin) = rule.strip_prefix("LINE:") {
            text = text
                .lines()
                .filter(|line| !line.starts_with(begin))
                .map(|l| format!("{l}\n"))
                .collect();
        } else if let Some(letters) = rule.strip_prefix("TEXT:") {
            text = text.replace(&letters.replace("\\s", " "), "");
        } else if *rule == "SORTED" {
            let mut lines: Vec<&str> = text.lines().collect();
            lines.sort_unstable();
            text = lines.join("\n");
        }
    }
    text
}
