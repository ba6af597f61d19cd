use thiserror::Error;

/// Why a leader's write did not, or may not, have happened.
#[derive(Debug, Error)]
pub enum WriteError {
    /// Nothing was written: someone else leads, or may by now.
    #[error("this leadership is over: nothing was written")]
    Deposed,
    /// It may have been written or not, now or a little later. Read before deciding what to do; the
    /// write must not simply be repeated unless repeating it is harmless.
    #[error("it is unknown whether this was written: {cause}")]
    Unknown { cause: String },
    /// Nothing was written: the quorum could not be reached or has no majority.
    #[error("nothing was written, the quorum is not available: {cause}")]
    Unavailable { cause: String },
    /// Nothing was written: the quorum does not accept it.
    #[error("nothing was written, the quorum refuses it: {cause}")]
    Refused { cause: String },
    #[error("nothing was written: {ops} operations are more than the {max} of one transaction")]
    TooManyOps { ops: usize, max: usize },
}
