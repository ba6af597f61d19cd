//! Backups: the whole state at one revision, as a file that can be checked and that other versions can
//! read.
//!
//! | bytes | what |
//! |---|---|
//! | [`MAGIC`] | a line that says what this is |
//! | a line of JSON | [`About`]: format, cluster, revision |
//! | records | as in a snapshot between voters (`machine::transfer`) |
//! | zeros | up to a multiple of 512 |
//! | 32 bytes | SHA-256 of all before |
//!
//! The last two are as in etcd's own snapshots: `etcdctl snapshot save` looks for them, and so saves
//! ours too. Only `mesoform restore` restores it.

mod about;
mod read;
mod salvage;
mod seed;
mod write;

pub use about::About;
pub use read::{check, open};
use salvage::salvage;
pub use seed::{Seeded, stage, stage_own};
pub use write::write;

/// The first line of a backup.
const MAGIC: &[u8] = b"mesoform quorum backup\n";
const BLOCK: u64 = 512;
const DIGEST: u64 = 32;
/// No [`About`] comes near it.
const MAX_ABOUT: u64 = 4096;

#[cfg(test)]
mod tests;
