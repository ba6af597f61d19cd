/// Sizes that suit a cluster of any size; tests choose others.
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
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            state_cache: 64 * 1024 * 1024,
            log_cache: 8 * 1024 * 1024,
            entries_to_snapshot: 5_000,
            entries_to_keep: 2_000,
        }
    }
}
