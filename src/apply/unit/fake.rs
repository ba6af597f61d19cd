use crate::{ApplyError, Call, Done, Result, Run};
use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// The commands of a host in memory: a systemd, a journal and user tools.
#[derive(Clone)]
pub struct Fake {
    root: PathBuf,
    state: Arc<Mutex<FakeState>>,
}

#[derive(Default)]
struct FakeState {
    units: BTreeMap<String, FakeUnit>,
    /// Every command line, in order.
    said: Vec<String>,
    missing: Vec<String>,
    /// What each start of a unit goes through, one step per look.
    plays: BTreeMap<String, Vec<(&'static str, &'static str)>>,
}

#[derive(Default)]
struct FakeUnit {
    enabled: bool,
    active: String,
    status: String,
    starts: u32,
    next: VecDeque<(&'static str, &'static str)>,
}

impl Fake {
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_owned(), state: Arc::default() }
    }

    /// The states that `unit` goes through when it is started.
    pub fn play(&self, unit: &str, play: &[(&'static str, &'static str)]) {
        self.state.lock().unwrap().plays.insert(unit.into(), play.to_vec());
    }

    pub fn without(&self, program: &str) {
        self.state.lock().unwrap().missing.push(program.into());
    }

    pub fn said(&self) -> Vec<String> {
        std::mem::take(&mut self.state.lock().unwrap().said)
    }

    /// As [`Fake::said`], without the questions.
    pub fn did(&self) -> Vec<String> {
        self.said().into_iter().filter(|line| !line.contains(" show ")).collect()
    }

    fn systemctl(&self, args: &[&str]) -> Done {
        let mut state = self.state.lock().unwrap();
        let FakeState { units, plays, .. } = &mut *state;
        let names: Vec<&str> = args[1..].iter().filter(|a| !a.starts_with('-')).copied().collect();
        let mut stdout = String::new();
        for name in &names {
            let loaded = self.root.join("etc/systemd/system").join(name).exists();
            let unit = units.entry((*name).to_owned()).or_default();
            match args[0] {
                "enable" | "disable" => unit.enabled = args[0] == "enable",
                "stop" => (unit.active, unit.status) = ("inactive".into(), String::new()),
                "reset-failed" => unit.active = "inactive".into(),
                "start" | "restart" => unit.start(plays.get(*name)),
                "show" => stdout += &unit.show(name, loaded),
                other => panic!("{other}"),
            }
        }
        Done { code: Some(0), stdout, stderr: String::new() }
    }

    fn edit(&self, file: &str, edit: impl FnOnce(Vec<String>) -> Vec<String>) {
        let path = self.root.join(file);
        let text = fs::read_to_string(&path).unwrap_or_default();
        let lines = edit(text.lines().map(str::to_owned).collect());
        fs::write(path, lines.iter().map(|line| format!("{line}\n")).collect::<String>()).unwrap();
    }

    fn add(&self, file: &str, line: String) {
        self.edit(file, |mut lines| {
            lines.push(line);
            lines
        });
    }

    fn remove(&self, file: &str, name: &str) {
        let start = format!("{name}:");
        self.edit(file, |lines| lines.into_iter().filter(|l| !l.starts_with(&start)).collect());
    }
}

impl FakeUnit {
    fn start(&mut self, play: Option<&Vec<(&'static str, &'static str)>>) {
        self.starts += 1;
        self.next = play.cloned().unwrap_or_else(|| vec![("active", "")]).into();
    }

    fn show(&mut self, name: &str, loaded: bool) -> String {
        if let Some((active, status)) = self.next.pop_front() {
            (self.active, self.status) = (active.to_owned(), status.to_owned());
        }
        let active = if self.active.is_empty() { "inactive" } else { &self.active };
        let load = if loaded { "loaded" } else { "not-found" };
        let enabled = if self.enabled { "enabled" } else { "disabled" };
        format!(
            "Result=exit-code\nNRestarts=0\nLoadState={load}\nActiveState={active}\nSubState=x\n\
             StatusText={}\nId={name}\nUnitFileState={enabled}\nNeedDaemonReload=no\n\
             InvocationID={}\n\n",
            self.status, self.starts
        )
    }
}

impl Run for Fake {
    fn run(&self, call: &Call) -> Result<Done> {
        self.state.lock().unwrap().said.push(call.line());
        if self.state.lock().unwrap().missing.contains(&call.program) {
            return Err(ApplyError::NoCommand { program: call.program.clone() });
        }
        let args: Vec<&str> = call.args.iter().map(String::as_str).collect();
        let name = args.last().copied().unwrap_or_default();
        let fine = Done { code: Some(0), ..Done::default() };
        match call.program.as_str() {
            "systemctl" => return Ok(self.systemctl(&args)),
            "journalctl" => return Ok(Done { stdout: "last words\n".into(), ..fine }),
            "useradd" | "adduser" => {
                self.add("etc/passwd", format!("{name}:x:990:990::/:/usr/sbin/nologin"));
                if call.program == "useradd" {
                    self.add("etc/group", format!("{name}:x:990:"));
                }
            }
            "addgroup" => self.add("etc/group", format!("{name}:x:990:")),
            "userdel" | "deluser" => self.remove("etc/passwd", name),
            "groupdel" | "delgroup" => self.remove("etc/group", name),
            other => panic!("{other}"),
        }
        Ok(fine)
    }
}
