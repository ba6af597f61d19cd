use crate::journal::{self, Journal};
use crate::state::{State, make_folder, write_file};
use crate::{ApplyError, Materials, Result};
use mesoform_plan::{DocumentWish, LastRun, Outcome, Plan};
use nix::fcntl::{Flock, FlockArg};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// How many runs are kept.
const KEEP: usize = 20;

/// One run's folder.
#[derive(Debug, Clone)]
pub struct RunFolder {
    pub id: String,
    pub dir: PathBuf,
}

impl RunFolder {
    /// The folder that a job was given.
    pub fn at(dir: &Path) -> Result<Self> {
        let id = dir.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        check_id(id)?;
        Ok(Self { id: id.to_owned(), dir: dir.to_owned() })
    }

    /// A run that may be there.
    pub fn of(state: &State, id: &str) -> Result<Self> {
        check_id(id)?;
        Ok(Self { id: id.to_owned(), dir: state.runs().join(id) })
    }

    /// Puts everything in place that the job needs, and makes this run the last.
    pub fn create(state: &State, id: &str, plan: &Plan, materials: &Materials) -> Result<Self> {
        Self::create_with(state, id, |run| {
            write_file(&run.plan(), &plan.to_json()?, 0o600)?;
            run.write_secret(&run.materials(), materials)
        })
    }

    /// The same for a document.
    pub fn create_for(state: &State, id: &str, document: &DocumentWish) -> Result<Self> {
        Self::create_with(state, id, |run| run.write_secret(&run.document_file(), document))
    }

    fn create_with(
        state: &State,
        id: &str,
        fill: impl FnOnce(&Self) -> Result<()>,
    ) -> Result<Self> {
        let run = Self::of(state, id)?;
        state.prepare()?;
        if run.dir.exists() {
            return Err(ApplyError::RunExists { id: id.to_owned() });
        }
        prune(state);
        // What is only half there must not keep its secrets there.
        run.fill(state, fill).inspect_err(|_| {
            run.forget_materials();
            drop(fs::remove_dir_all(&run.dir));
        })?;
        Ok(run)
    }

    fn write_secret(&self, path: &Path, what: &impl serde::Serialize) -> Result<()> {
        let text = serde_json::to_string(what)
            .map_err(|error| ApplyError::io("write", path)(error.into()))?;
        write_file(path, &text, 0o600)
    }

    fn fill(&self, state: &State, fill: impl FnOnce(&Self) -> Result<()>) -> Result<()> {
        make_folder(&self.dir, 0o700)?;
        fill(self)?;
        write_file(&self.journal(), "", 0o600)?;
        write_file(&self.running(), "", 0o600)?;
        write_file(&state.last(), &format!("{}\n", self.id), 0o644)
    }

    pub fn plan(&self) -> PathBuf {
        self.dir.join("plan.json")
    }

    pub fn materials(&self) -> PathBuf {
        self.dir.join("secrets")
    }

    fn document_file(&self) -> PathBuf {
        self.dir.join("document")
    }

    /// The document that this run is about; none where it is about a plan.
    pub fn document(&self) -> Result<Option<DocumentWish>> {
        let path = self.document_file();
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(ApplyError::io("read", path)(error)),
        };
        let wish = serde_json::from_str(&text);
        wish.map(Some).map_err(|error| ApplyError::io("read", path)(error.into()))
    }

    pub fn journal(&self) -> PathBuf {
        self.dir.join("journal.jsonl")
    }

    fn outcome_file(&self) -> PathBuf {
        self.dir.join("outcome.json")
    }

    /// Locked by the job as long as it works.
    fn running(&self) -> PathBuf {
        self.dir.join("running")
    }

    /// `None`: a job works on this run now.
    pub fn try_work(&self) -> Result<Option<Flock<File>>> {
        self.open_running().and_then(|file| try_lock(file, &self.running()))
    }

    pub fn open_running(&self) -> Result<File> {
        File::open(self.running()).map_err(ApplyError::io("open", self.running()))
    }

    pub fn outcome(&self) -> Option<Outcome> {
        let text = fs::read_to_string(self.outcome_file()).ok()?;
        serde_json::from_str(&text).ok()
    }

    /// Writes how the run ended. A run that removed its own folder has no place for that.
    pub fn end(&self, outcome: &Outcome) -> Result<()> {
        self.forget_materials();
        if !self.dir.exists() {
            return Ok(());
        }
        let text = serde_json::to_string(outcome)
            .map_err(|error| ApplyError::io("write", self.outcome_file())(error.into()))?;
        write_file(&self.outcome_file(), &format!("{text}\n"), 0o600)
    }

    /// Secrets are overwritten before they are removed.
    pub fn forget_materials(&self) {
        let drafts = ["secrets.new", "document.new"].map(|name| self.dir.join(name));
        for path in [self.materials(), self.document_file()].iter().chain(&drafts) {
            drop(overwrite(path));
            drop(fs::remove_file(path));
        }
    }
}

/// The latest run and how it ended; one whose job is gone without a word was interrupted, and that
/// is written down. Only for who holds the host's lock: another's job may be about to begin.
pub fn last(state: &State) -> Result<Option<LastRun>> {
    let Some(run) = latest(state) else { return Ok(None) };
    Ok(Some(LastRun { outcome: settle(&run)?, id: run.id }))
}

/// The latest run, and how it ended as far as that is written down.
pub fn seen(state: &State) -> Option<LastRun> {
    latest(state).map(|run| LastRun { outcome: run.outcome(), id: run.id })
}

/// Whether the latest run's job works at this moment.
pub fn is_at_work(state: &State) -> bool {
    latest(state).is_some_and(|run| run.try_work().is_ok_and(|work| work.is_none()))
}

fn latest(state: &State) -> Option<RunFolder> {
    let id = fs::read_to_string(state.last()).ok()?;
    RunFolder::of(state, id.trim()).ok().filter(|run| run.dir.exists())
}

/// How a run ended; `None`: it has not.
pub fn settle(run: &RunFolder) -> Result<Option<Outcome>> {
    if let Some(outcome) = run.outcome() {
        return Ok(Some(outcome));
    }
    let Some(_work) = run.try_work()? else { return Ok(None) };
    if let Some(outcome) = run.outcome() {
        return Ok(Some(outcome));
    }
    let outcome = Outcome::Interrupted { changed: journal::done(&run.journal()) };
    run.end(&outcome)?;
    if let Ok(mut journal) = Journal::append(run) {
        journal.ended(&outcome);
    }
    Ok(Some(outcome))
}

pub fn try_lock(file: File, path: &Path) -> Result<Option<Flock<File>>> {
    match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
        Ok(work) => Ok(Some(work)),
        Err((_, nix::errno::Errno::EWOULDBLOCK)) => Ok(None),
        Err((_, errno)) => Err(ApplyError::errno("lock", path)(errno)),
    }
}

fn overwrite(path: &Path) -> io::Result<()> {
    let length = usize::try_from(fs::metadata(path)?.len()).unwrap_or(0);
    let mut file = OpenOptions::new().write(true).open(path)?;
    file.write_all(&vec![0; length])?;
    file.sync_all()
}

/// A run's id is a folder's name and part of a unit's.
fn check_id(id: &str) -> Result<()> {
    let plain = id.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
    if id.is_empty() || id.len() > 64 || !plain || id.starts_with(['.', '-']) || id == "last" {
        return Err(ApplyError::RunId { id: id.to_owned() });
    }
    Ok(())
}

/// Removes the oldest runs; where that fails nothing is lost but space.
fn prune(state: &State) {
    let Ok(folder) = fs::read_dir(state.runs()) else { return };
    let mut runs: Vec<(SystemTime, PathBuf)> = folder
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .collect();
    runs.sort();
    for (_, dir) in runs.iter().take((runs.len() + 1).saturating_sub(KEEP)) {
        drop(fs::remove_dir_all(dir));
    }
}
