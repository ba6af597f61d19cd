use super::exec::Exec;
use super::{FOLDER, Gate, Look, parents};
use crate::accounts::Accounts;
use crate::action::FileAction;
use crate::{Action, CloudInitError, Owner, Result};
use mesoform_apply::{Owner as Ids, Tree};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What lies there is the kernel's: it is written to, and never replaced.
const KERNELS: [&str; 3] = ["/proc", "/sys", "/dev"];

/// Changes this machine.
pub struct RealGate {
    tree: Tree,
    exec: Exec,
    /// Written, and perhaps not on the disk yet: to wait for each would take most of the time.
    unflushed: BTreeSet<PathBuf>,
}

impl RealGate {
    /// # Errors
    /// `/` cannot be opened, or the folder for what commands say cannot be made.
    pub fn new() -> Result<Self> {
        let tree = Tree::real()?;
        parents::make(&tree, &Path::new(FOLDER).join("_"))?;
        tree.own(Path::new(FOLDER), 0o700, Ids { uid: Some(0), gid: Some(0) })?;
        let exec = Exec::new(Path::new(FOLDER).join("output.log"));
        Ok(Self { tree, exec, unflushed: BTreeSet::new() })
    }

    fn file(&mut self, look: &dyn Look, file: &FileAction) -> Result<()> {
        let path = parents::behind_links(look, &file.path)?;
        let bytes = file.whole(look.bytes(&path)?)?;
        if KERNELS.iter().any(|folder| path.starts_with(folder)) {
            return std::fs::write(&path, bytes).map_err(CloudInitError::io("writing", path));
        }
        parents::make(&self.tree, &path)?;
        let seen = look.entry(&path)?.filter(|_| file.keep);
        let owner = match &seen {
            Some(seen) => Ids { uid: Some(seen.uid), gid: Some(seen.gid) },
            None => numbers(look, &path, &file.owner)?,
        };
        let mode = seen.map_or(file.mode, |seen| seen.mode);
        self.tree.write_unflushed(&path, &bytes, mode, owner)?;
        self.unflushed.insert(path);
        Ok(())
    }

    fn folder(&self, look: &dyn Look, path: &Path, mode: u32, owner: &Owner) -> Result<()> {
        parents::make(&self.tree, path)?;
        Ok(self.tree.folder(path, mode, numbers(look, path, owner)?)?)
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        Ok(self.tree.rename(from, to)?)
    }

    fn link(&self, path: &Path, target: &Path) -> Result<()> {
        parents::make(&self.tree, path)?;
        Ok(self.tree.link(path, target)?)
    }
}

impl Gate for RealGate {
    fn perform(&mut self, look: &dyn Look, action: &Action) -> Result<()> {
        match action {
            Action::File(file) | Action::Script(file) => self.file(look, file),
            Action::Folder { path, mode, owner, .. } => self.folder(look, path, *mode, owner),
            Action::Note(_) => Ok(()),
            Action::Link { path, target } => self.link(path, target),
            Action::Rename { from, to } => self.rename(from, to),
            Action::Hostname(name) => {
                nix::unistd::sethostname(name).map_err(|errno| hostname(name, errno))
            }
            Action::Run(command) => self.exec.run(command),
        }
    }

    fn settle(&mut self) -> Result<()> {
        Ok(self.tree.flush(&std::mem::take(&mut self.unflushed))?)
    }
}

/// A new file is root's where nobody is named: whoever is left out stays as it is.
fn numbers(look: &dyn Look, path: &Path, owner: &Owner) -> Result<Ids> {
    let accounts = Accounts::of(look)?;
    let there = look.entry(path)?;
    let (uid, gid) = owner.numbers(&accounts).map_err(|(kind, name)| {
        let cure = "files are written before users are made: `defer: true` writes them after that";
        CloudInitError::host(
            path.display().to_string(),
            format!("there is no {kind} {name:?}"),
            cure,
        )
    })?;
    let kept = |number: Option<u32>, now: Option<u32>| number.or(now).or(Some(0));
    Ok(Ids {
        uid: kept(uid, there.as_ref().map(|seen| seen.uid)),
        gid: kept(gid, there.as_ref().map(|seen| seen.gid)),
    })
}

fn hostname(name: &str, errno: nix::Error) -> CloudInitError {
    CloudInitError::io("naming this host", PathBuf::from(name))(errno.into())
}
