/// A place in a quorum's history. A revision alone says nothing: another quorum's begin again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// etcd's cluster id; 0: not known.
    pub quorum: u64,
    pub revision: i64,
}

impl Position {
    /// Wherever the quorum is when it is asked.
    pub const NOW: Self = Self { quorum: 0, revision: 0 };

    /// Right behind this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self { revision: self.revision + 1, ..self }
    }
}
