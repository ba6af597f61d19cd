//! A cluster in one thread, under a clock, a network and disks that are made up: thousands of short lives
//! in minutes, each from a seed.
//!
//! The voters are the real ones (see [`crate::run`]); Raft, its log and the state in redb included. What is
//! made up: the time (tokio's paused clock), what carries their messages ([`Network`]: lost, late, twice, out
//! of order, cut), and what their databases write to ([`Disk`]: what was not flushed can be lost, in part,
//! when the power fails, also in the middle of a flush). They are used and judged by `mesoform-checks`.
//!
//! `MESOFORM_SEED=n` tells one life again; `MESOFORM_LONG=1` tells very many.

mod chance;
mod disk;
mod heavy;
mod lie;
mod lives;
mod network;
mod pen;
mod power;
mod power_cuts;
mod rounds;
mod story;
mod versions;
mod voter;
mod world;

pub use network::Dialler;
pub use pen::write;
pub use voter::{lay_alone, serve_alone};
use world::World;

use std::path::Path;

/// Whether this thread lives in a simulation.
pub fn is_running() -> bool {
    World::here().is_some()
}

/// Raft draws how long it waits for a leader; in a simulation the settings say it.
pub fn without_chance(config: openraft::Config) -> openraft::Config {
    if !is_running() {
        return config;
    }
    openraft::Config { election_timeout_min: config.election_timeout_max - 1, ..config }
}

/// A file takes another's name; none: it is a real one. The same holds for the next two.
pub fn rename(from: &Path, to: &Path) -> Option<std::io::Result<()>> {
    World::here().map(|world| world.rename(from, to))
}

/// See [`crate::files::sync_folder`].
pub fn sync_folder(path: &Path) -> Option<std::io::Result<()>> {
    World::here().map(|world| world.sync_folder(path))
}

/// See [`crate::files::remove`].
pub fn remove(path: &Path) -> Option<std::io::Result<()>> {
    World::here().map(|world| world.remove(path))
}

/// Whether a leader raises the level as soon as it knows a later one itself.
pub fn nobody_is_asked() -> bool {
    World::here().is_some_and(|world| world.lie == lie::Lie::Levels)
}

/// The disk for a database of the voter in whose folder it is; none: use a real one.
pub fn disk(path: &Path) -> Option<disk::Disk> {
    World::here().map(|world| world.disk(path))
}
