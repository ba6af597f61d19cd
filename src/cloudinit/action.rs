use crate::accounts::Accounts;
use crate::host::{Kind, Look, Seen};
use crate::{CloudInitError, Record, Result};
use mesoform_plan::{Change, Diff, SecretText, Thing, What};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Longer texts are not shown as differences.
const MAX_TEXT: usize = 64 * 1024;

/// Something that a module wants done, unless it is so already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    File(FileAction),
    /// A file of ours that a command of the same module reads: it is not told.
    Script(FileAction),
    /// `keep`: one that is there is left as it is.
    Folder {
        path: PathBuf,
        mode: u32,
        owner: Owner,
        keep: bool,
    },
    Link {
        path: PathBuf,
        target: PathBuf,
    },
    Rename {
        from: PathBuf,
        to: PathBuf,
    },
    /// The running host's name.
    Hostname(String),
    /// Something worth knowing that stops nothing.
    Note(String),
    Run(Command),
}

/// A file, its content and whose it is.
#[derive(Clone, PartialEq, Eq)]
pub struct FileAction {
    pub path: PathBuf,
    pub content: Vec<u8>,
    pub mode: u32,
    pub owner: Owner,
    /// One that is there keeps its mode and its owner.
    pub keep: bool,
    /// Appended, and under which name that is remembered.
    pub append: Option<String>,
}

/// Whose a file is. What is not named stays as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    Names {
        user: Option<String>,
        group: Option<String>,
    },
    /// A user, and the group that is first among his.
    User(String),
}

/// A program to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    pub what: What,
    pub thing: Thing,
    pub subject: String,
    pub reasons: Vec<String>,
    pub program: String,
    pub args: Vec<String>,
    pub env: Vec<(String, String)>,
    pub input: Option<SecretText>,
    pub limit: Duration,
    /// cloud-init only warns where it fails, and so do we.
    pub may_fail: bool,
    /// What comes after it in its module is done also where it fails; the module fails at its end.
    pub goes_on: bool,
    /// Not worth telling by itself: it makes another change take effect.
    pub silent: bool,
}

impl Action {
    /// What it would change; none where all is so already.
    ///
    /// # Errors
    /// The host cannot be looked at.
    pub fn change(&self, look: &dyn Look, record: &Record) -> Result<Option<Change>> {
        match self {
            Self::File(file) => file.change(look, record),
            Self::Script(file) => Ok(file.change(look, record)?.map(|c| c.without_diff())),
            Self::Note(_) => Ok(None),
            Self::Folder { path, mode, owner, keep } => {
                let seen = look.entry(path)?;
                let is_folder = seen.as_ref().is_some_and(|seen| seen.kind == Kind::Folder);
                if is_folder && *keep {
                    return Ok(None);
                }
                let reasons = reasons(look, seen.as_ref(), *mode, owner)?;
                Ok(match (is_folder, reasons.is_empty()) {
                    (true, true) => None,
                    (true, false) => Some(change(What::Update, Thing::Directory, path, reasons)),
                    _ => Some(change(What::Create, Thing::Directory, path, Vec::new())),
                })
            }
            Self::Link { path, target } => {
                let seen = look.entry(path)?.map(|seen| seen.kind);
                let what = if seen.is_some() { What::Update } else { What::Create };
                let same = seen == Some(Kind::Link(target.clone()));
                let reasons = vec![format!("to {}", target.display())];
                Ok((!same).then(|| change(what, Thing::Link, path, reasons)))
            }
            Self::Rename { from, to } => {
                let reasons = vec![format!("renamed to {}", to.display())];
                let there = look.entry(from)?.is_some();
                Ok(there.then(|| change(What::Update, Thing::File, from, reasons)))
            }
            Self::Hostname(name) => {
                let now = look.text(Path::new("/proc/sys/kernel/hostname"))?.unwrap_or_default();
                let reasons = vec![format!("{} → {name}", now.trim())];
                let change = change(What::Update, Thing::Hostname, Path::new(name), reasons);
                Ok((now.trim() != name).then_some(change))
            }
            Self::Run(command) => Ok(Some(command.change())),
        }
    }

    /// Whether it is told, and counts.
    pub fn is_told(&self) -> bool {
        !matches!(self, Self::Script(_)) && !self.follows()
    }

    /// What must not be done twice.
    pub fn is_once(&self) -> bool {
        match self {
            Self::Run(command) => command.thing == Thing::Command && !command.silent,
            Self::File(file) => file.append.is_some(),
            _ => false,
        }
    }

    /// Where it fails, what comes after it is done nevertheless.
    pub fn goes_on(&self) -> bool {
        matches!(self, Self::Run(Command { goes_on: true, .. }))
    }

    /// It makes a change before it take effect, and has nothing to do where there is none.
    pub fn follows(&self) -> bool {
        matches!(self, Self::Run(Command { silent: true, .. }))
    }
}

impl FileAction {
    pub fn new(path: impl Into<PathBuf>, content: impl Into<Vec<u8>>) -> Self {
        let (path, content) = (path.into(), content.into());
        Self { path, content, mode: 0o644, owner: Owner::root(), keep: false, append: None }
    }

    /// The content of the whole file, where `there` is what it has.
    ///
    /// # Errors
    /// It would be larger than what can be read again.
    pub fn whole(&self, there: Option<Vec<u8>>) -> Result<Vec<u8>> {
        let mut whole = there.filter(|_| self.append.is_some()).unwrap_or_default();
        if whole.len().saturating_add(self.content.len()) > 64 * 1024 * 1024 {
            let error = std::io::Error::other("it would be larger than 64 MiB");
            return Err(CloudInitError::io("appending", &self.path)(error));
        }
        whole.extend_from_slice(&self.content);
        Ok(whole)
    }

    fn change(&self, look: &dyn Look, record: &Record) -> Result<Option<Change>> {
        if self.append.as_ref().is_some_and(|name| record.has_appended(name)) {
            return Ok(None);
        }
        let real = crate::host::behind_links(look, &self.path)?;
        let seen = look.entry(&real)?;
        let Some(old) = look.bytes(&real)? else {
            let mut change = change(What::Create, Thing::File, &self.path, Vec::new());
            change.diff = self.diff(None, &[], &self.content);
            return Ok(Some(change));
        };
        let mut reasons = match self.keep {
            true => Vec::new(),
            false => reasons(look, seen.as_ref(), self.mode, &self.owner)?,
        };
        let new = self.whole(Some(old.clone()))?;
        let differs = old != new;
        if differs {
            reasons.insert(0, "content".to_owned());
        }
        if reasons.is_empty() {
            return Ok(None);
        }
        let mut change = change(What::Update, Thing::File, &self.path, reasons);
        change.diff = if differs { self.diff(seen.as_ref(), &old, &new) } else { None };
        Ok(Some(change))
    }

    /// None where others may not read the file, or could not before: then it is nobody's business.
    fn diff(&self, seen: Option<&Seen>, old: &[u8], new: &[u8]) -> Option<Diff> {
        // The group is some, not all.
        let open = |mode: u32| mode & 0o004 != 0;
        let new_mode = seen.filter(|_| self.keep).map_or(self.mode, |seen| seen.mode);
        let is_open = open(new_mode) && seen.is_none_or(|seen| open(seen.mode));
        if !is_open || old.len().max(new.len()) > MAX_TEXT {
            return None;
        }
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_owned()).ok();
        Some(Diff { old: text(old)?, new: text(new)? })
    }
}

/// Contents may be secrets.
impl std::fmt::Debug for FileAction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut debug = f.debug_struct("FileAction");
        debug.field("path", &self.path).field("mode", &format_args!("{:04o}", self.mode));
        debug.field("owner", &self.owner).field("bytes", &self.content.len()).finish()
    }
}

impl Owner {
    pub fn root() -> Self {
        Self::Names { user: Some("root".into()), group: Some("root".into()) }
    }

    /// # Errors
    /// What kind of name is not known, and the name.
    #[allow(clippy::type_complexity, reason = "it is used once")]
    pub fn numbers(
        &self,
        accounts: &Accounts,
    ) -> Result<(Option<u32>, Option<u32>), (&'static str, String)> {
        let user = |name: &String| accounts.user(name).ok_or(("user", name.clone()));
        match self {
            Self::User(name) => user(name).map(|user| (Some(user.uid), Some(user.gid))),
            Self::Names { user: name, group } => {
                let uid = name.as_ref().map(user).transpose()?.map(|user| user.uid);
                let group =
                    group.as_ref().map(|name| accounts.group(name).ok_or(("group", name.clone())));
                Ok((uid, group.transpose()?.map(|group| group.gid)))
            }
        }
    }
}

/// Why a file or folder is not as it should be, apart from its content.
fn reasons(look: &dyn Look, seen: Option<&Seen>, mode: u32, owner: &Owner) -> Result<Vec<String>> {
    let Some(seen) = seen else { return Ok(Vec::new()) };
    let mut reasons = Vec::new();
    if seen.mode != mode {
        reasons.push(format!("mode {:04o} → {mode:04o}", seen.mode));
    }
    let owned = match owner.numbers(&Accounts::of(look)?) {
        Ok((uid, gid)) => {
            uid.is_none_or(|uid| uid == seen.uid) && gid.is_none_or(|gid| gid == seen.gid)
        }
        Err(_) => false,
    };
    if !owned {
        reasons.push("owner".to_owned());
    }
    Ok(reasons)
}

fn change(what: What, thing: Thing, path: &Path, reasons: Vec<String>) -> Change {
    Change { step: 0, what, thing, subject: path.display().to_string(), reasons, diff: None }
}

impl Command {
    pub fn new(what: What, thing: Thing, subject: impl Into<String>) -> Self {
        Self {
            what,
            thing,
            subject: subject.into(),
            reasons: Vec::new(),
            program: String::new(),
            args: Vec::new(),
            env: Vec::new(),
            input: None,
            limit: Duration::from_secs(60),
            may_fail: false,
            goes_on: false,
            silent: false,
        }
    }

    #[must_use]
    pub fn call<S: AsRef<str>>(mut self, program: &str, args: &[S]) -> Self {
        self.program = program.to_owned();
        self.args = args.iter().map(|arg| arg.as_ref().to_owned()).collect();
        self
    }

    #[must_use]
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        self.reasons.push(reason.into());
        self
    }

    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    #[must_use]
    pub fn within(self, limit: Duration) -> Self {
        Self { limit, ..self }
    }

    #[must_use]
    pub fn told(self, input: String) -> Self {
        Self { input: Some(SecretText::new(input)), ..self }
    }

    #[must_use]
    pub fn or_warn(self) -> Self {
        Self { may_fail: true, ..self }
    }

    #[must_use]
    pub fn or_fail_late(self) -> Self {
        Self { goes_on: true, ..self }
    }

    #[must_use]
    pub fn silently(self) -> Self {
        Self { silent: true, ..self }
    }

    /// For errors: without arguments, which may be anything.
    pub fn title(&self) -> String {
        match self.subject.is_empty() {
            true => self.program.clone(),
            false => format!("{} ({})", self.program, self.subject),
        }
    }

    fn change(&self) -> Change {
        let (subject, reasons) = (self.subject.clone(), self.reasons.clone());
        Change { step: 0, what: self.what, thing: self.thing, subject, reasons, diff: None }
    }
}
