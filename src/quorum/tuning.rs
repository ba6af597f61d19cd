use crate::levels::Levels;
use crate::space::FreeSpace;
use std::time::Duration;

/// Sizes and times that suit a cluster of any size; tests choose others.
#[derive(Debug, Clone)]
pub struct Tuning {
    /// Memory for the pages of the state's database, in bytes.
    pub state_cache: usize,
    /// Memory for the pages of the log's database, in bytes.
    pub log_cache: usize,
    /// After so many log entries the log is cut.
    pub entries_to_snapshot: u64,
    /// So many entries stay when it is, for voters that lag behind.
    pub entries_to_keep: u64,
    /// After so many bytes of entries the log is cut as well.
    pub bytes_to_snapshot: u64,
    /// So many bytes of them stay when it is.
    pub bytes_to_keep: u64,
    /// Who tells how full the disk is.
    pub free_space: FreeSpace,
    /// How often watches that want to hear of progress do, where nothing else happens.
    pub progress: Duration,
    /// Which levels this voter knows; tests have it pretend to be of an older version.
    pub levels: Levels,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            state_cache: 64 * 1024 * 1024,
            log_cache: 8 * 1024 * 1024,
            entries_to_snapshot: 5_000,
            entries_to_keep: 2_000,
            bytes_to_snapshot: 64 * 1024 * 1024,
            bytes_to_keep: 16 * 1024 * 1024,
            free_space: FreeSpace::default(),
            progress: Duration::from_secs(60),
            levels: Levels::default(),
        }
    }
}
