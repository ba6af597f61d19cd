//! Python literals, as `ast.literal_eval` reads them: the types of INI values.
//!
//! Tuples and sets become lists, bytes become strings. What JSON cannot hold (whole numbers beyond
//! 64 bits, infinities, complex numbers) stays the string that was written.

mod number;
mod parser;
mod string;

#[cfg(test)]
mod tests;

pub(crate) use string::unescape;

use serde_json::Value;

/// The value of `text`: a literal, else the string itself.
pub(crate) fn value(text: &str) -> Value {
    parser::parse(text).unwrap_or_else(|| Value::String(text.to_owned()))
}
