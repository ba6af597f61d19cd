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

impl Ansible {
    /// Asks many questions of one process: an answer for each, null where the file is refused.
    fn ask(&self, questions: &[Vec<&str>]) -> Vec<Value> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle.py");
        let mut python = self.command("python");
        python.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut python = python.spawn().unwrap();
        let mut stdin = python.stdin.take().unwrap();
        let lines: Vec<_> = questions.iter().map(|q| serde_json::to_string(q).unwrap()).collect();
        let asking = std::thread::spawn(move || writeln!(stdin, "{}", lines.join("\n")).unwrap());
        let output = python.wait_with_output().unwrap();
        asking.join().unwrap();
        let answers = String::from_utf8(output.stdout).unwrap();
        let answers: Vec<Value> =
            answers.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(answers.len(), questions.len());
        answers
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
    let questions: Vec<Vec<&str>> = sources
        .iter()
        .map(|source| std::iter::once(source.as_str()).chain(patterns.iter().copied()).collect())
        .collect();
    let answers = ansible.ask(&questions);
    for (source, answers) in sources.iter().zip(answers) {
        let inventory = load(source, &[]);
        for (pattern, theirs) in patterns.iter().zip(answers.as_array().unwrap()) {
            // Three levels down, Ansible's order follows the addresses of its objects: each run
            // has another one.
            let orderless = source.ends_with("nested.ini");
            if orderless && pattern.starts_with("*[") {
                continue;
            }
            match inventory.match_pattern(pattern) {
                Ok(ours) if orderless => {
                    assert_eq!(sorted(&ours.hosts.into()), sorted(theirs), "{source} {pattern}");
                }
                Ok(ours) => assert_eq!(&Value::from(ours.hosts), theirs, "{source} {pattern}"),
                Err(ours) => assert!(theirs.is_string(), "{source} {pattern} {theirs}: {ours}"),
            }
        }
    }
}

fn sorted(names: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = names.as_array().unwrap().iter().filter_map(Value::as_str).collect();
    names.sort_unstable();
    names
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

/// What Ansible refuses is refused here; what it takes is taken, unless it is a known difference.
#[test]
fn the_same_lines_are_refused() {
    const REFUSED: &[&str] = &[
        "[ g ]",
        "[g:foo]",
        "[g] ; c",
        "[g",
        "[]",
        "[g:]",
        "[:vars]",
        "[a:c]-[1:2]",
        "h key = v",
        "h1 h2",
        "h x",
        "[x:vars]\na=1",
        "[x:children]\ny",
        "[a:children]\nb\n[b:children]\na",
        "[a:children]\na",
        "[a:children]\nall",
        "h[1:]",
        "h[01:3]",
        "h[c:a]",
        "h[1]",
        "h[a:3]",
        "h[1:3:0]",
        "h[1:3:x]",
        "h[1:2",
        "h:",
        "---",
        "h 'x",
        "h \"x",
        "h x=\\",
        "\"\" x=1",
        "[g:children]\na b",
        "[g:vars]\nword",
        "[g]\n[g:children]\nweb[1:2]",
        "[::1]",
        "[g:children]\na:b",
        "[g]\n[g:vars]\nansible_group_priority=high",
    ];
    const TAKEN: &[&str] = &[
        "",
        "# c",
        "h",
        "h:22",
        "[g]#c",
        "[g]  # c",
        "h x=1 # c",
        "h x=",
        "h x==",
        "h x='a b'",
        "h#c",
        "[g:vars]\n[g]",
        "[g:children]\nb # c\n[b]",
        "[g:hosts]\nh",
        "[a.b-c]\nh",
        "h[5:2]",
        "h[:2]",
        "h[1:03]",
        "[::1]:22",
        "u@h",
        "h-",
        "h_",
        "*",
        "h,",
        "h/x",
        "[g]\n[g:vars]\nk k2 = v",
        "[all:children]\ng\n[g]",
        "[ungrouped:children]\ng\n[g]\nh",
        "[g]\ng",
        "h x=1 x=2",
        "ü",
        "[g]\n[g:vars]\nansible_group_priority='7'",
        "[a:children]\nb\nb\n[b]",
        "[\u{fc}]\nh",
    ];
    /// Mistakes here, names there.
    const DIFFERENT: &[&str] = &[
        "h x=1\nh:ssh",
        "x=1 y=2",
        "h:0",
        "h:70000",
        "web[:2]:22",
        "a:b:c",
        "[g:vars]\n=1\n[g]",
        "h =",
        "h]",
        "h =1",
        "h ansible_host=a\n[g]\nh ansible_host=b",
    ];
    let Some(ansible) = Ansible::find() else { return };
    let folder = tempfile::tempdir().unwrap();
    let texts: Vec<&str> = [REFUSED, TAKEN, DIFFERENT].concat();
    let paths: Vec<String> = (0..texts.len())
        .map(|index| folder.path().join(format!("{index}.ini")).to_str().unwrap().to_owned())
        .collect();
    for (path, text) in paths.iter().zip(&texts) {
        std::fs::write(path, text).unwrap();
    }
    let questions: Vec<Vec<&str>> = paths.iter().map(|path| vec![path.as_str()]).collect();
    let answers = ansible.ask(&questions);
    let mut wrong = Vec::new();
    for ((path, text), answer) in paths.iter().zip(&texts).zip(answers) {
        let wanted = !REFUSED.contains(text);
        if answer.is_null() == wanted {
            wrong.push(format!("Ansible: {text:?} is taken: {}", !answer.is_null()));
        }
        let ours = Inventory::load(path, &ExtraVars::default());
        if ours.is_ok() != (wanted && !DIFFERENT.contains(text)) {
            wrong.push(format!("we: {text:?} is taken: {}", ours.is_ok()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Groups within groups, in any order of declaration, with variables that overrule each other.
#[test]
fn random_groups_mean_the_same() {
    const COUNT: usize = 12;
    let Some(ansible) = Ansible::find() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut random = Random(7);
    for index in 0..COUNT {
        let path = folder.path().join(format!("{index}.ini"));
        std::fs::write(&path, random.inventory()).unwrap();
        let source = path.to_str().unwrap();
        let theirs = ansible.inventory(source, &["--list"]);
        let ours = render_json(&load(source, &[]).to_list_json());
        if ours != theirs.trim_end() {
            eprintln!("{}", std::fs::read_to_string(&path).unwrap());
        }
        same(&ours, &theirs, source);
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

    /// Twelve groups, of which each may hold later ones, in sections of random order.
    fn inventory(&mut self) -> String {
        let mut sections = Vec::new();
        for group in 0..12 {
            let mut hosts = format!("[g{group}]\n");
            for _ in 0..self.below(4) {
                let (host, value) = (self.below(15), self.below(100));
                writeln!(hosts, "h{host} line={value}").unwrap();
            }
            sections.push(hosts);
            if group < 11 && self.below(2) == 0 {
                let mut children = format!("[g{group}:children]\n");
                for _ in 0..=self.below(3) {
                    writeln!(children, "g{}", group + 1 + self.below(11 - group)).unwrap();
                }
                sections.push(children);
            }
            let mut vars = format!("[g{group}:vars]\nwho=g{group}\nx{}={group}\n", self.below(3));
            if self.below(4) == 0 {
                writeln!(vars, "ansible_group_priority={}", self.below(5)).unwrap();
            }
            sections.push(vars);
        }
        sections.push("[all:vars]\nwho=all\nx0=all\n".to_owned());
        sections.push("[ungrouped]\nh1\nh99\n".to_owned());
        for last in (1..sections.len()).rev() {
            let other = self.below(last + 1);
            sections.swap(last, other);
        }
        format!("h0\nh50 line=top\n{}", sections.concat())
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
