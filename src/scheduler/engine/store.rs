use crate::core::Op;
use mesoform_coordination::{Leadership, WriteError};

/// Where the records go. To add another one: all of `ops` or none, and only while this leads.
pub trait Store: Send + Sync {
    /// Carries out `ops` in one transaction.
    fn write(&self, ops: Vec<Op>) -> impl Future<Output = Result<(), WriteError>> + Send;

    /// Whether this still leads, as far as the clock can tell.
    fn is_current(&self) -> bool;
}

impl Store for Leadership {
    async fn write(&self, ops: Vec<Op>) -> Result<(), WriteError> {
        Self::write(self, ops.into_iter().map(Into::into).collect()).await.map(drop)
    }

    fn is_current(&self) -> bool {
        Self::is_current(self)
    }
}

impl From<Op> for mesoform_coordination::Op {
    fn from(op: Op) -> Self {
        match op {
            Op::Put { key, value } => Self::put(key, value),
            Op::Delete { key } => Self::delete(key),
            Op::DeletePrefix { prefix } => Self::DeletePrefix { prefix },
        }
    }
}
