use crate::{Join, Missing, RenderError, Supply, hostname};
use mesoform_plan::place::{FETCH_UNIT, JOIN, JOIN_UNIT, PROGRAM};
use mesoform_plan::{Joining, Ownership, Plan, Step, UNKNOWN_NAME, is_unknown, unit_file};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// What is to be made of a bare machine, so that it is the host of a plan; in the plan's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Boot {
    pub cluster: String,
    /// Its name in the inventory.
    pub host: String,
    /// The machine's own name, where it is given one.
    pub hostname: Option<String>,
    pub users: Vec<User>,
    pub directories: Vec<Directory>,
    pub files: Vec<File>,
    pub links: Vec<Link>,
    /// Units that start whenever the machine does, in the order of the unit graph.
    pub units: Vec<String>,
    /// The unit that fetches the binary at the first boot; it takes itself away.
    pub fetch: Option<String>,
    /// The unit that joins at the first boot; it takes itself away too.
    pub join: Option<String>,
    pub missing: Missing,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub name: String,
    pub home: PathBuf,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directory {
    pub path: PathBuf,
    pub ownership: Ownership,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    pub path: PathBuf,
    pub ownership: Ownership,
    pub content: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub path: PathBuf,
    pub target: PathBuf,
}

/// What units of ours begin with; others wait for nothing of ours.
const OURS: &str = "mesoform-";

impl Boot {
    /// Sorts the steps of `plan`. What the plan wants gone is not there on a bare machine.
    ///
    /// # Errors
    /// A template fails.
    pub fn of(plan: &Plan, supply: &Supply) -> Result<Self, RenderError> {
        let mut boot = Self::empty(plan);
        let mut binary = None;
        for step in plan.steps.iter().cloned() {
            match step {
                Step::User { name, home } => boot.users.push(User { name, home }),
                Step::Directory { path, ownership } => {
                    boot.directories.push(Directory { path, ownership });
                }
                Step::File { path, ownership, content } => {
                    boot.files.push(File { path, ownership, content });
                }
                Step::Link { path, target } => boot.links.push(Link { path, target }),
                Step::Binary { path, sha256, size } => {
                    binary = Some(Binary { path, sha256, size });
                }
                Step::Unit { name, enabled: true, .. } => boot.units.push(name),
                Step::Certificate { .. } => boot.missing.certificates += 1,
                Step::Credential { .. } => boot.missing.credentials += 1,
                Step::Unit { enabled: false, .. }
                | Step::UnitAbsent { .. }
                | Step::Absent { .. }
                | Step::UserAbsent { .. }
                | Step::Versions { .. } => {}
            }
        }
        if let Some(binary) = binary {
            boot.fetches(&binary, supply)?;
        }
        // Who has no binary cannot ask for anything.
        if let Some(join) = supply.join.filter(|_| boot.fetch.is_some()) {
            boot.joins(plan, join, supply)?;
        }
        Ok(boot)
    }

    fn empty(plan: &Plan) -> Self {
        Self {
            cluster: plan.cluster.clone(),
            host: plan.host.clone(),
            hostname: hostname(&plan.host).filter(|_| plan.host != UNKNOWN_NAME),
            users: Vec::new(),
            directories: Vec::new(),
            files: Vec::new(),
            links: Vec::new(),
            units: Vec::new(),
            fetch: None,
            join: None,
            missing: Missing::default(),
        }
    }

    /// The binary's content is in no plan: a unit fetches it before anything else starts.
    fn fetches(&mut self, binary: &Binary, supply: &Supply) -> Result<(), RenderError> {
        let Some(url) = supply.artifact_url else {
            self.missing.binaries += 1;
            return Ok(());
        };
        let context = Fetch {
            cluster: &self.cluster,
            binary,
            folder: folder(&binary.path),
            versions: folder(folder(&binary.path)),
            url,
            units: self.ours(),
            program: PROGRAM,
            unit_file: unit_file(FETCH_UNIT),
        };
        let content = supply.templates.render(&format!("units/{FETCH_UNIT}"), context)?;
        let path = unit_file(FETCH_UNIT);
        self.files.push(File { path, ownership: Ownership::root(0o644), content });
        self.fetch = Some(FETCH_UNIT.to_owned());
        Ok(())
    }

    /// What is in no document is asked for by a unit, before anything starts that needs it.
    fn joins(&mut self, plan: &Plan, join: &Join, supply: &Supply) -> Result<(), RenderError> {
        let units = self.ours();
        let (program, unit_file) = (PROGRAM, unit_file(JOIN_UNIT));
        let context = JoinContext { cluster: &self.cluster, units, file: JOIN, program, unit_file };
        let content = supply.templates.render(&format!("units/{JOIN_UNIT}"), &context)?;
        let unit = File { path: context.unit_file, ownership: Ownership::root(0o644), content };
        let ticket = Joining::new(plan, join.token.clone(), join.places.clone());
        // The host writes them itself, when it knows its name.
        self.files.retain(|file| !is_unknown(&file.content));
        let (ownership, content) = (Ownership::root(0o600), ticket.to_json()?);
        self.files.push(File { path: JOIN.into(), ownership, content });
        self.files.push(unit);
        self.join = Some(JOIN_UNIT.to_owned());
        (self.missing.certificates, self.missing.credentials) = (0, 0);
        Ok(())
    }

    /// The units that need the binary, keys and certificates. Not the operator's: mounts come before whatever
    /// the units of the first boot need, and a network of his may lead to whom these ask.
    fn ours(&self) -> Vec<String> {
        self.units.iter().filter(|unit| unit.starts_with(OURS)).cloned().collect()
    }

    /// All units that are enabled: what fetches the binary comes before all others.
    pub(crate) fn enabled(&self) -> impl Iterator<Item = &str> {
        self.fetch.iter().chain(&self.join).chain(&self.units).map(String::as_str)
    }
}

fn folder(path: &Path) -> &Path {
    path.parent().unwrap_or(path)
}

#[derive(Serialize)]
struct Binary {
    path: PathBuf,
    sha256: String,
    size: u64,
}

#[derive(Serialize)]
struct Fetch<'a> {
    cluster: &'a str,
    binary: &'a Binary,
    /// The folder of this version, and that of all.
    folder: &'a Path,
    versions: &'a Path,
    url: &'a str,
    /// What must not start before.
    units: Vec<String>,
    /// Leads to the binary, once there is one.
    program: &'a str,
    unit_file: PathBuf,
}

#[derive(Serialize)]
struct JoinContext<'a> {
    cluster: &'a str,
    /// What must not start before.
    units: Vec<String>,
    /// What it goes by.
    file: &'a str,
    program: &'a str,
    unit_file: PathBuf,
}
