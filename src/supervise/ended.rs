use std::fmt;

/// How a unit's process ended, or why there was none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    Code(i32),
    Signal(i32),
    /// The program could not be started: why.
    NotStarted(String),
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "ended with exit code {code}"),
            Self::Signal(signal) => match nix::sys::signal::Signal::try_from(*signal) {
                Ok(name) => write!(f, "was ended by {}", name.as_str()),
                Err(_) => write!(f, "was ended by signal {signal}"),
            },
            Self::NotStarted(cause) => write!(f, "could not be started: {cause}"),
        }
    }
}
