use thiserror::Error;

/// Why resources in a message cannot be reckoned with.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ResourceError {
    #[error("resource '{name}' has no value of the type that it says it has")]
    Value { name: String },
    #[error("resource '{name}' is {value}; an amount is a number from 0 to 10^12")]
    Amount { name: String, value: String },
    #[error("resource '{name}' has the range {begin}-{end}, which ends before it begins")]
    Range { name: String, begin: u64, end: u64 },
    #[error("resource '{name}' is {what}; only unreserved, non-revocable resources are offered")]
    Unsupported { name: String, what: &'static str },
}
