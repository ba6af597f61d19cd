use crate::run::{Commands, Run};
use crate::systemd::Systemd;
use crate::tree::Tree;
use crate::{Machine, Materials, Result, UnitView, Verb, observe, perform};
use mesoform_plan::{Change, Interest, Observed, Plan, inputs_file};
use std::collections::BTreeMap;
use std::path::Path;

/// A host: this machine, or a folder that stands for one with commands of its own.
pub struct Host {
    pub(crate) tree: Tree,
    pub(crate) run: Box<dyn Run>,
    /// systemd has not read all changed unit files yet.
    pub(crate) stale: bool,
}

impl Host {
    /// This machine.
    ///
    /// # Errors
    /// `/` cannot be opened.
    pub fn real() -> Result<Self> {
        Ok(Self { tree: Tree::real()?, run: Box::new(Commands), stale: false })
    }

    /// The folder `root` stands for a host; `run` stands for its commands.
    ///
    /// # Errors
    /// `root` cannot be opened.
    pub fn rooted(root: &Path, run: Box<dyn Run>) -> Result<Self> {
        Ok(Self { tree: Tree::rooted(root)?, run, stale: false })
    }

    pub(crate) fn systemd(&self) -> Systemd<'_> {
        Systemd(self.run.as_ref())
    }
}

impl Machine for Host {
    fn observe(&self, interest: &Interest) -> Result<Observed> {
        observe::observe(self, interest)
    }

    fn perform(&mut self, plan: &Plan, change: &Change, materials: &Materials) -> Result<()> {
        perform::perform(self, plan, change, materials)
    }

    fn settle(&mut self) -> Result<()> {
        if std::mem::take(&mut self.stale) {
            self.systemd().tell(Verb::Reload, &[])?;
        }
        Ok(())
    }

    fn units(&self, units: &[String]) -> Result<BTreeMap<String, UnitView>> {
        self.systemd().show(units)
    }

    fn tell(&mut self, verb: Verb, units: &[String]) -> Result<()> {
        self.systemd().tell(verb, units)
    }

    fn note_inputs(&mut self, unit: &str, inputs: Option<&str>) -> Result<()> {
        let path = inputs_file(unit);
        match inputs {
            Some(inputs) => {
                let text = format!("{inputs}\n");
                self.tree.write(&path, text.as_bytes(), 0o644, Default::default())
            }
            None => self.tree.remove(&path, false),
        }
    }

    fn journal(&self, unit: &str, lines: u32) -> Result<Vec<String>> {
        self.systemd().journal(unit, lines)
    }
}
