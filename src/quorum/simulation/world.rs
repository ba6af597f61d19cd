use super::disk::{Disk, Platter};
use super::lie::Lie;
use super::network::Network;
use super::power::Power;
use mesoform_checks::Dice;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

thread_local! {
    static HERE: RefCell<Option<Arc<World>>> = const { RefCell::new(None) };
}

/// Everything that is made up, of the one simulation of this thread.
pub struct World {
    pub network: Network,
    pub lie: Lie,
    dice: Mutex<Dice>,
    platters: Mutex<BTreeMap<PathBuf, Arc<Mutex<Platter>>>>,
    /// The power of the last life of each voter, by its folder.
    lives: Mutex<BTreeMap<PathBuf, Power>>,
    /// Files that took others' names, and may not have them any more after a power cut.
    renamed: Mutex<Vec<Renamed>>,
    /// How many files took others' names, and of how many a power cut undid it.
    names: Mutex<(u32, u32)>,
}

struct Renamed {
    from: PathBuf,
    to: PathBuf,
    /// What had the name.
    before: Option<Arc<Mutex<Platter>>>,
}

impl World {
    /// A world for this thread.
    pub fn make(dice: Dice, lie: Lie) -> Arc<Self> {
        let world = Arc::new(Self {
            network: Network::default(),
            lie,
            dice: Mutex::new(dice),
            platters: Mutex::default(),
            lives: Mutex::default(),
            renamed: Mutex::default(),
            names: Mutex::default(),
        });
        HERE.set(Some(world.clone()));
        world
    }

    pub fn here() -> Option<Arc<Self>> {
        HERE.with_borrow(Clone::clone)
    }

    /// The end of this thread's world.
    pub fn end() {
        HERE.set(None);
    }

    pub fn with_dice<T>(&self, throw: impl FnOnce(&mut Dice) -> T) -> T {
        throw(&mut self.dice.lock().unwrap())
    }

    pub fn percent(&self, cases: u64) -> bool {
        self.with_dice(|dice| dice.percent(cases))
    }

    pub fn millis(&self, low: u64, high: u64) -> Duration {
        self.with_dice(|dice| dice.millis(low, high))
    }

    /// A life begins, of the voter whose data are in `folder`.
    pub fn begin(&self, folder: &Path, power: &Power) {
        self.lives.lock().unwrap().insert(folder.to_owned(), power.clone());
    }

    fn power(&self, path: &Path) -> Power {
        let lives = self.lives.lock().unwrap();
        path.parent().and_then(|folder| lives.get(folder)).cloned().unwrap_or_default()
    }

    pub fn disk(&self, path: &Path) -> Disk {
        // The voter looks whether its files are there.
        std::fs::write(path, "").unwrap();
        let power = self.power(path);
        let mut platters = self.platters.lock().unwrap();
        let flushes = self.lie != Lie::Flushes;
        Disk::open(platters.entry(path.to_owned()).or_default(), power, flushes)
    }

    /// A file takes another's name.
    pub fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.has_power(from)?;
        let mut platters = self.platters.lock().unwrap();
        let platter = platters.remove(from).ok_or(io::ErrorKind::NotFound)?;
        let before = platters.insert(to.to_owned(), platter);
        let (from, to) = (from.to_owned(), to.to_owned());
        self.renamed.lock().unwrap().push(Renamed { from, to, before });
        self.names.lock().unwrap().0 += 1;
        Ok(())
    }

    /// How many files took others' names so far, and of how many a power cut undid it.
    pub fn renamed_and_undone(&self) -> (u32, u32) {
        *self.names.lock().unwrap()
    }

    /// What has which name in the folder of `path` stays so.
    pub fn sync_folder(&self, path: &Path) -> io::Result<()> {
        self.has_power(path)?;
        if !self.power(path).flush() {
            return Err(io::Error::other("the power failed"));
        }
        self.renamed.lock().unwrap().retain(|renamed| renamed.to.parent() != path.parent());
        Ok(())
    }

    pub fn remove(&self, path: &Path) -> io::Result<()> {
        self.has_power(path)?;
        self.platters.lock().unwrap().remove(path);
        Ok(())
    }

    fn has_power(&self, path: &Path) -> io::Result<()> {
        if self.power(path).is_off() {
            return Err(io::Error::other("the power is off"));
        }
        Ok(())
    }

    /// The disks below `folder` are gone.
    pub fn wipe(&self, folder: &Path) {
        self.platters.lock().unwrap().retain(|path, _| !path.starts_with(folder));
        std::fs::remove_dir_all(folder).unwrap();
    }

    /// What was on the disks below `folder` and was not flushed may be lost.
    pub fn lose(&self, folder: &Path) {
        let mut platters = self.platters.lock().unwrap();
        let undone = self
            .renamed
            .lock()
            .unwrap()
            .extract_if(.., |renamed| renamed.to.starts_with(folder))
            .collect::<Vec<_>>();
        for Renamed { from, to, before } in undone.into_iter().rev() {
            if self.percent(50) {
                self.names.lock().unwrap().1 += 1;
                platters.remove(&to).map(|platter| platters.insert(from, platter));
                before.map(|platter| platters.insert(to, platter));
            }
        }
        for (_, platter) in platters.iter().filter(|(path, _)| path.starts_with(folder)) {
            self.with_dice(|dice| platter.lock().unwrap().lose(dice));
        }
    }
}
