use super::disk::{Disk, Platter};
use super::lie::Lie;
use super::network::Network;
use super::power::Power;
use mesoform_checks::Dice;
use std::cell::RefCell;
use std::collections::BTreeMap;
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
    /// The power of the voter whose life is beginning.
    pub starting: Mutex<Power>,
}

impl World {
    /// A world for this thread.
    pub fn make(dice: Dice, lie: Lie) -> Arc<Self> {
        let world = Arc::new(Self {
            network: Network::default(),
            lie,
            dice: Mutex::new(dice),
            platters: Mutex::default(),
            starting: Mutex::default(),
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

    pub fn disk(&self, path: &Path) -> Disk {
        // The voter looks whether its files are there.
        std::fs::write(path, "").unwrap();
        let power = self.starting.lock().unwrap().clone();
        let mut platters = self.platters.lock().unwrap();
        let flushes = self.lie != Lie::Flushes;
        Disk::open(platters.entry(path.to_owned()).or_default(), power, flushes)
    }

    /// The disks below `folder` are gone.
    pub fn wipe(&self, folder: &Path) {
        self.platters.lock().unwrap().retain(|path, _| !path.starts_with(folder));
        std::fs::remove_dir_all(folder).unwrap();
    }

    /// What was on the disks below `folder` and was not flushed may be lost.
    pub fn lose(&self, folder: &Path) {
        let platters = self.platters.lock().unwrap();
        for (_, platter) in platters.iter().filter(|(path, _)| path.starts_with(folder)) {
            self.with_dice(|dice| platter.lock().unwrap().lose(dice));
        }
    }
}
