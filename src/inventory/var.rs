use crate::Origin;
use indexmap::IndexMap;
use serde_json::Value;
use std::fmt;
use std::sync::Arc;

/// Variables by name. Names and values are shared: ten thousand hosts of one group hold one copy.
pub type Vars = IndexMap<Arc<str>, Arc<Var>>;

/// A variable's value, typed as Ansible types it, and where it was written.
#[derive(Clone, PartialEq)]
pub struct Var {
    pub value: Value,
    pub origin: Origin,
}

impl Var {
    /// The value as text, when it is a string or something that reads the same as one: `5`, `1.5`.
    pub fn text(&self) -> Option<String> {
        match &self.value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// The value as a truth, in all the words that Ansible takes for one.
    pub fn truth(&self) -> Option<bool> {
        match &self.value {
            Value::Bool(truth) => Some(*truth),
            Value::Number(n) if n.as_f64() == Some(1.0) => Some(true),
            Value::Number(n) if n.as_f64() == Some(0.0) => Some(false),
            Value::String(word) => truth_of(word),
            _ => None,
        }
    }

    /// The value as a whole number that is not negative; `-e` and quotes make them strings.
    pub fn whole(&self) -> Option<u64> {
        match &self.value {
            Value::Number(number) => number.as_u64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        }
    }
}

fn truth_of(word: &str) -> Option<bool> {
    match word.to_ascii_lowercase().as_str() {
        "y" | "yes" | "on" | "1" | "true" | "t" | "1.0" => Some(true),
        "n" | "no" | "off" | "0" | "false" | "f" | "0.0" => Some(false),
        _ => None,
    }
}

/// A value may be a password, so only its kind is shown.
impl fmt::Debug for Var {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Var({} at {})", kind(&self.value), self.origin)
    }
}

/// What a value is, in a word for people.
pub(crate) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "a dictionary",
    }
}

/// A value in an error message; it must not be a secret.
pub(crate) fn shown(value: &Value) -> String {
    match value {
        Value::Array(_) | Value::Object(_) => kind(value).to_owned(),
        Value::String(text) => format!("'{text}'"),
        other => other.to_string(),
    }
}
