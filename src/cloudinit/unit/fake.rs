use crate::host::{Gate, Kind, Look, Seen};
use crate::{Action, Application, CloudInitError, Document, Result, Wish, apply};
use mesoform_plan::{Event, Outcome};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Content, mode, owner and group.
type File = (Vec<u8>, u32, (u32, u32));

#[derive(Debug, Default)]
struct State {
    files: BTreeMap<PathBuf, File>,
    folders: BTreeMap<PathBuf, u32>,
    /// Where they lead, and whose they are.
    links: BTreeMap<PathBuf, (PathBuf, u32)>,
    programs: BTreeSet<String>,
    commands: Vec<String>,
    /// Programs that fail.
    broken: BTreeSet<String>,
}

/// A host in memory; clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Fake(Rc<RefCell<State>>);

pub const DEBIAN: &str = "ID=debian\nVERSION_ID=\"12\"\n";

impl Fake {
    pub fn new() -> Self {
        let fake = Self::default();
        fake.put("/etc/os-release", DEBIAN);
        fake.put(
            "/etc/passwd",
            "root:x:0:0:root:/root:/bin/sh\nadmin:x:1000:1000::/home/admin:/bin/sh\n",
        );
        fake.put("/etc/group", "root:x:0:\nadmin:x:1000:\nusers:x:100:\n");
        fake.put("/etc/shadow", "root:*:1::::::\nadmin:$6$x:1::::::\n");
        fake.put("/etc/sudoers", "@includedir /etc/sudoers.d\n");
        fake.put("/proc/sys/kernel/hostname", "old\n");
        for program in ["passwd", "useradd", "apt-get"] {
            fake.0.borrow_mut().programs.insert(program.to_owned());
        }
        fake
    }

    pub fn put(&self, path: &str, text: &str) {
        let file = (text.as_bytes().to_vec(), 0o644, (0, 0));
        self.0.borrow_mut().files.insert(path.into(), file);
    }

    /// A link that admin has made.
    pub fn link_of_admin(&self, path: &str, target: &str) {
        self.0.borrow_mut().links.insert(path.into(), (target.into(), 1000));
    }

    pub fn unlink(&self, path: &str) {
        self.0.borrow_mut().links.remove(Path::new(path));
    }

    pub fn breaks(&self, program: &str, broken: bool) {
        let mut state = self.0.borrow_mut();
        if broken {
            state.broken.insert(program.to_owned())
        } else {
            state.broken.remove(program)
        };
    }

    pub fn read(&self, path: &str) -> String {
        let state = self.0.borrow();
        let file = state.files.get(Path::new(path));
        file.map(|(bytes, ..)| String::from_utf8_lossy(bytes).into_owned()).unwrap_or_default()
    }

    pub fn mode(&self, path: &str) -> u32 {
        self.0.borrow().files[Path::new(path)].1
    }

    /// What was run since the last question.
    pub fn ran(&self) -> Vec<String> {
        std::mem::take(&mut self.0.borrow_mut().commands)
    }

    /// Applies a document; what was told of changes.
    pub fn apply(&self, text: &str) -> (Vec<String>, Outcome) {
        self.apply_as(text, Wish { check: false, diff: true })
    }

    pub fn apply_as(&self, text: &str, wish: Wish) -> (Vec<String>, Outcome) {
        let document = Document::parse("d.yaml", text).unwrap();
        let mut told = Vec::new();
        let mut tell = |event: Event| match event {
            Event::Did { change } => {
                let diff = change.unified_diff().unwrap_or_default();
                told.push(format!("{change}\n{diff}").trim().to_owned());
            }
            Event::Note { text } => told.push(format!("note: {text}")),
            _ => {}
        };
        let mut gate = self.clone();
        let outcome =
            apply(&document, Application { look: self, gate: &mut gate, wish, tell: &mut tell });
        (told, outcome)
    }
}

impl Look for Fake {
    fn entry(&self, path: &Path) -> Result<Option<Seen>> {
        let state = self.0.borrow();
        if let Some((_, mode, (uid, gid))) = state.files.get(path) {
            return Ok(Some(Seen { kind: Kind::File, uid: *uid, gid: *gid, mode: *mode }));
        }
        let seen = |kind, uid, mode| Some(Seen { kind, uid, gid: 0, mode });
        if let Some((target, uid)) = state.links.get(path) {
            return Ok(seen(Kind::Link(target.clone()), *uid, 0o777));
        }
        Ok(state.folders.get(path).and_then(|mode| seen(Kind::Folder, 0, *mode)))
    }

    fn bytes(&self, path: &Path) -> Result<Option<Vec<u8>>> {
        Ok(self.0.borrow().files.get(path).map(|(bytes, ..)| bytes.clone()))
    }

    fn which(&self, program: &str) -> Option<PathBuf> {
        self.0.borrow().programs.contains(program).then(|| Path::new("/bin").join(program))
    }

    fn asked(&self, _: &str, _: &[&str]) -> Option<String> {
        None
    }

    fn real(&self, path: &Path) -> Option<PathBuf> {
        let state = self.0.borrow();
        let there = state.files.contains_key(path) || state.folders.contains_key(path);
        there
            .then(|| path.to_owned())
            .or_else(|| state.links.get(path).map(|(target, _)| target.clone()))
    }

    fn free(&self, _: &Path) -> Option<u64> {
        Some(1 << 40)
    }
}

impl Gate for Fake {
    fn perform(&mut self, look: &dyn Look, action: &Action) -> Result<()> {
        match action {
            Action::File(file) | Action::Script(file) => {
                let bytes = file.whole(look.bytes(&file.path)?)?;
                let mode =
                    look.entry(&file.path)?.filter(|_| file.keep).map_or(file.mode, |s| s.mode);
                self.0.borrow_mut().files.insert(file.path.clone(), (bytes, mode, (0, 0)));
            }
            Action::Folder { path, mode, .. } => {
                self.0.borrow_mut().folders.insert(path.clone(), *mode);
            }
            Action::Link { path, target } => {
                self.0.borrow_mut().links.insert(path.clone(), (target.clone(), 0));
            }
            Action::Rename { from, to } => {
                let mut state = self.0.borrow_mut();
                if let Some(file) = state.files.remove(from) {
                    state.files.insert(to.clone(), file);
                }
            }
            Action::Hostname(name) => self.put("/proc/sys/kernel/hostname", name),
            Action::Note(_) => {}
            Action::Run(command) => {
                let line = [&[command.program.clone()][..], &command.args].concat().join(" ");
                let mut state = self.0.borrow_mut();
                let broken = state.broken.contains(&command.program);
                state.commands.push(line);
                if broken {
                    return Err(CloudInitError::host(command.title(), "it fails", ""));
                }
            }
        }
        Ok(())
    }

    fn settle(&mut self) -> Result<()> {
        Ok(())
    }
}
