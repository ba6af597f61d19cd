use std::path::PathBuf;
use thiserror::Error;

/// Why a plan, or what a host said about itself, cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PlanError {
    #[error(
        "the plan is in format {found}, but this version of mesoform knows formats up to {known}; \
         use the version of mesoform that made the plan, or a later one"
    )]
    Format { found: u32, known: u32 },
    #[error("not a plan of mesoform: {cause}")]
    Shape { cause: String },
    #[error("step {step}: the path {} {cause}", path.display())]
    Path { step: usize, path: PathBuf, cause: &'static str },
    #[error("step {step}: {name:?} is not the name of a {what}; allowed are {allowed}")]
    Name { step: usize, what: &'static str, name: String, allowed: &'static str },
    #[error("step {step}: mode {mode:o} has more than permission bits (at most 7777)")]
    Mode { step: usize, mode: u32 },
    #[error("step {step}: {value:?} is not a SHA-256 in 64 lower-case hexadecimal digits")]
    Digest { step: usize, value: String },
    #[error("step {step}: the certificate in {} needs a file step for its ca.crt", dir.display())]
    NoCa { step: usize, dir: PathBuf },
    #[error(
        "the host's answer ends early ({lines} lines, no end mark): the connection was cut, or a \
         shell start-up file on the host ends the shell; {said}"
    )]
    ProbeCut { lines: usize, said: String },
    #[error("the host's answer cannot be understood: line {line}: {cause}")]
    Probe { line: usize, cause: String },
}
