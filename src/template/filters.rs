//! Ansible's filters that Jinja2 itself does not have, and one of our own for unit files.

use minijinja::value::{Value, ValueKind};
use minijinja::{Environment, Error, ErrorKind};

pub(crate) fn add(environment: &mut Environment<'static>) {
    environment.add_filter("bool", to_bool);
    environment.add_filter("ternary", ternary);
    environment.add_filter("to_json", to_json);
    environment.add_filter("to_nice_json", to_nice_json);
    environment.add_filter("unit", unit);
}

/// A text in a unit file, where `%` begins a word of systemd's.
fn unit(text: &str) -> String {
    text.replace('%', "%%")
}

/// Ansible's notion of truth: the words `yes`, `on`, `true` and `1` in any case, and nothing else.
fn to_bool(value: &Value) -> bool {
    match value.kind() {
        ValueKind::Bool => value.is_true(),
        ValueKind::Number => value.as_i64() == Some(1),
        _ => value
            .as_str()
            .is_some_and(|s| matches!(s.to_lowercase().as_str(), "yes" | "on" | "true" | "1")),
    }
}

fn ternary(value: &Value, then: Value, otherwise: Value) -> Value {
    if value.is_true() { then } else { otherwise }
}

fn to_json(value: &Value) -> Result<String, Error> {
    serde_json::to_string(value).map_err(unwritable)
}

fn to_nice_json(value: &Value) -> Result<String, Error> {
    serde_json::to_string_pretty(value).map_err(unwritable)
}

fn unwritable(error: serde_json::Error) -> Error {
    Error::new(ErrorKind::BadSerialization, error.to_string())
}
