//! Ansible itself decides: the same inventories go through `ansible-inventory` and through us.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test, with helpers outside of test functions"
)]

use mesoform_inventory::{ExtraVars, Inventory, Value, render_json};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Ansible's programs; none where they cannot be had, which in CI is a failure.
struct Ansible {
    programs: PathBuf,
}

impl Ansible {
    fn find() -> Option<Self> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/oracles/ansible.sh");
        let output = Command::new(&script).output();
        let found = output.as_ref().is_ok_and(|output| output.status.success());
        if !found {
            let ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
            assert!(!ci, "{} did not find Ansible: {output:?}", script.display());
            eprintln!("NOT RUN: Ansible, the oracle for inventories, cannot be had here");
            return None;
        }
        let programs = String::from_utf8(output.unwrap().stdout).unwrap();
        Some(Self { programs: programs.trim().into() })
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        // A folder without group_vars: Ansible also looks in the current one.
        command.current_dir("/").env("ANSIBLE_LOCALHOST_WARNING", "False");
        command.env("ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED", "True");
        command.stderr(Stdio::null());
        command
    }

    fn inventory(&self, source: &str, args: &[&str]) -> String {
        let output =
            self.command("ansible-inventory").args(["-i", source]).args(args).output().unwrap();
        assert!(output.status.success(), "ansible-inventory -i {source} {args:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }
}

fn fixtures() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let ini = |folder: &Path| -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let ini = entries.filter(|path| path.extension().is_some_and(|e| e == "ini"));
        ini.map(|path| path.to_str().unwrap().to_owned()).collect()
    };
    let mut all = ini(&folder);
    all.extend(ini(&folder.join("var_files")));
    all.sort();
    assert!(all.len() > 6);
    all
}

fn load(source: &str, extra: &[&str]) -> Inventory {
    let extra = ExtraVars::parse(extra).unwrap();
    Inventory::load(source, &extra).unwrap_or_else(|errors| panic!("{source}:\n{errors}"))
}

/// Compares two texts, and shows the first line that differs.
#[track_caller]
fn same(ours: &str, theirs: &str, what: &str) {
    for (index, (ours, theirs)) in ours.lines().zip(theirs.lines()).enumerate() {
        assert_eq!(ours, theirs, "{what}: line {}", index + 1);
    }
    assert_eq!(ours, theirs.trim_end(), "{what}");
}

/// Bytes are left out: `ansible-inventory` marks them as unsafe, and here they are strings.
#[test]
fn lists_are_the_same_to_the_byte() {
    let Some(ansible) = Ansible::find() else { return };
    for source in fixtures() {
        let ours = render_json(&load(&source, &[]).to_list_json());
        same(&ours, &ansible.inventory(&source, &["--list"]), &source);
    }
}

#[test]
fn graphs_are_the_same() {
    let Some(ansible) = Ansible::find() else { return };
    for source in fixtures() {
        let theirs = ansible.inventory(&source, &["--graph"]);
        same(&load(&source, &[]).graph(), &theirs, &source);
    }
}

#[test]
fn host_lists_and_extra_variables_are_the_same() {
    let Some(ansible) = Ansible::find() else { return };
    for source in ["a,", "a,b:2222, [::1]:22,fd00::1,a", "localhost,x.y-z,u@h"] {
        let theirs = ansible.inventory(source, &["--list"]);
        same(&render_json(&load(source, &[]).to_list_json()), &theirs, source);
    }
    for extra in
        ["a=1 b='x y' c=\"d\" e=f=g", "{\"a\": [1, true]}", "{a: yes}", "t={{ x y }}", "n=a\\nb"]
    {
        let theirs = ansible.inventory("h,", &["--host", "h", "-e", extra]);
        let ours = load("h,", &[extra]).to_host_json("h").unwrap();
        same(&render_json(&ours), &theirs, extra);
    }
}

#[test]
fn patterns_select_the_same_hosts_in_the_same_order() {
    let Some(ansible) = Ansible::find() else { return };
    let patterns: Vec<&str> = include_str!("patterns.txt").lines().collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let sources: Vec<String> = ["nested.ini", "var_files/hosts.ini", "groups.ini"]
        .map(|name| folder.join("fixtures").join(name).to_str().unwrap().to_owned())
        .into();
    let mut python = ansible.command("python");
    python.arg(folder.join("oracle.py")).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut python = python.spawn().unwrap();
    let mut stdin = python.stdin.take().unwrap();
    for source in &sources {
        let mut question = vec![source.as_str()];
        question.extend(&patterns);
        writeln!(stdin, "{}", serde_json::to_string(&question).unwrap()).unwrap();
    }
    drop(stdin);
    let output = python.wait_with_output().unwrap();
    let answers: Vec<Value> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(answers.len(), sources.len());
    for (source, answers) in sources.iter().zip(answers) {
        let inventory = load(source, &[]);
        for (pattern, theirs) in patterns.iter().zip(answers.as_array().unwrap()) {
            match inventory.match_pattern(pattern) {
                Ok(ours) => assert_eq!(&Value::from(ours.hosts), theirs, "{source} {pattern}"),
                Err(ours) => assert!(theirs.is_string(), "{source} {pattern} {theirs}: {ours}"),
            }
        }
    }
}

/// Thousands of values made of the pieces of literals, in both places that hold values.
#[test]
fn random_values_get_the_same_types() {
    const COUNT: usize = 3000;
    let Some(ansible) = Ansible::find() else { return };
    let mut random = Random(20_240_601);
    let mut text = String::new();
    for index in 0..COUNT {
        let value = random.value();
        writeln!(text, "h{index} v='{}'", value.replace('\'', r"'\''")).unwrap();
    }
    text.push_str("[one]\none\n[one:vars]\n");
    for index in 0..COUNT {
        writeln!(text, "v{index} = {}", random.value()).unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("random.ini");
    std::fs::write(&path, text).unwrap();
    let source = path.to_str().unwrap();
    let ours = load(source, &[]).to_list_json();
    let theirs = ansible.inventory(source, &["--list"]).replace(": Infinity", ": \"Infinity\"");
    let theirs: Value = serde_json::from_str(&theirs).unwrap();
    let vars = |of: &Value, host: &str| of["_meta"]["hostvars"][host].as_object().unwrap().clone();
    let hosts = (0..COUNT).map(|index| format!("h{index}")).chain(["one".to_owned()]);
    for host in hosts {
        let theirs = vars(&theirs, &host);
        for (name, value) in vars(&ours, &host) {
            // JSON has no infinity: there the text stays.
            if theirs.get(&name) != Some(&Value::from("Infinity")) {
                assert_eq!(Some(&value), theirs.get(&name), "{host} {name}");
            }
        }
    }
}

/// A small generator of its own, so that every run asks the same.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }

    fn value(&mut self) -> String {
        const PIECES: &[&str] = &[
            "1", "0", "07", "1.5", ".5", "2.", "1e3", "1_0", "0x1F", "0b1", "-", "+", "'a'",
            "\"b\"", "''", "r'\\d'", "u'd'", "'\\x41'", "'\\q'", "True", "False", "None", "true",
            "yes", "[", "]", "(", ")", "{", "}", ",", ", ", ":", " ", "#", "=", "x", "[1]", "(1,)",
            "{'k': 1}", "{1: 2}", "()", "[]", "{}", "a b", "ü",
        ];
        let count = 1 + self.below(5);
        (0..count).map(|_| PIECES[self.below(PIECES.len())]).collect()
    }
}
