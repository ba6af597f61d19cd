//! Reading fields of a JSON object; every mistake is noted with its path, none ends the reading.

use super::Problems;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// An object of a request. A field that is `null` counts as absent.
pub struct Object<'a> {
    fields: &'a Map<String, Value>,
    path: String,
}

impl<'a> Object<'a> {
    /// The object `value` at `path` (empty for the whole body).
    pub fn new(value: &'a Value, path: &str, problems: &mut Problems) -> Option<Self> {
        let Some(fields) = value.as_object() else {
            problems.add(if path.is_empty() { "/" } else { path }, "error.expected.jsobject");
            return None;
        };
        Some(Self { fields, path: path.to_owned() })
    }

    /// The path of the field `name`.
    pub fn path(&self, name: &str) -> String {
        format!("{}/{name}", self.path)
    }

    /// The field `name`, whatever it is.
    pub fn get(&self, name: &str) -> Option<&'a Value> {
        self.fields.get(name).filter(|v| !v.is_null())
    }

    /// A text.
    pub fn string(&self, name: &str, problems: &mut Problems) -> Option<String> {
        let value = self.get(name)?;
        let text = value.as_str().map(str::to_owned);
        self.expect(text, name, "error.expected.jsstring", problems)
    }

    /// A truth value.
    pub fn boolean(&self, name: &str, problems: &mut Problems) -> Option<bool> {
        let value = self.get(name)?;
        self.expect(value.as_bool(), name, "error.expected.jsboolean", problems)
    }

    /// A number, or a text that is one (`".25"` is met in old definitions).
    pub fn number(&self, name: &str, problems: &mut Problems) -> Option<f64> {
        let value = self.get(name)?;
        let number = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok());
        let number = number.filter(|n: &f64| n.is_finite());
        self.expect(number, name, "error.expected.jsnumber", problems)
    }

    /// A whole number from 0 to `max`.
    pub fn whole(&self, name: &str, max: u64, problems: &mut Problems) -> Option<u64> {
        let number = self.number(name, problems)?;
        let whole = (number.fract() == 0.0 && number >= 0.0 && number <= max as f64)
            .then_some(number as u64);
        let message = format!("must be a whole number from 0 to {max}");
        self.expect(whole, name, &message, problems)
    }

    /// A list.
    pub fn list(&self, name: &str, problems: &mut Problems) -> Option<&'a Vec<Value>> {
        let value = self.get(name)?;
        self.expect(value.as_array(), name, "error.expected.jsarray", problems)
    }

    /// A list of texts.
    pub fn strings(&self, name: &str, problems: &mut Problems) -> Option<Vec<String>> {
        let list = self.list(name, problems)?;
        let strings = list.iter().map(|v| v.as_str().map(str::to_owned)).collect();
        self.expect(strings, name, "error.expected.jsstring", problems)
    }

    /// An object of texts; numbers and truth values count as the text they are written as.
    pub fn texts(&self, name: &str, problems: &mut Problems) -> Option<BTreeMap<String, String>> {
        let value = self.get(name)?;
        let object = value.as_object();
        let fields = self.expect(object, name, "error.expected.jsobject", problems)?;
        let mut texts = BTreeMap::new();
        for (key, value) in fields {
            match value {
                Value::String(text) => drop(texts.insert(key.clone(), text.clone())),
                Value::Number(_) | Value::Bool(_) => {
                    texts.insert(key.clone(), value.to_string());
                }
                Value::Object(inner) if inner.contains_key("secret") => problems.add(
                    &format!("{}/{key}", self.path(name)),
                    "secrets are not carried out by mesoform yet; give the value itself",
                ),
                _ => problems.add(&format!("{}/{key}", self.path(name)), "error.expected.jsstring"),
            }
        }
        Some(texts)
    }

    /// A field that serde reads; its error becomes the problem.
    pub fn parsed<T: DeserializeOwned>(&self, name: &str, problems: &mut Problems) -> Option<T> {
        let value = self.get(name)?;
        match serde_json::from_value(without_nulls(value)) {
            Ok(parsed) => Some(parsed),
            Err(e) => {
                problems.add(&self.path(name), e.to_string());
                None
            }
        }
    }

    fn expect<T>(
        &self,
        found: Option<T>,
        name: &str,
        message: &str,
        problems: &mut Problems,
    ) -> Option<T> {
        if found.is_none() {
            problems.add(&self.path(name), message);
        }
        found
    }
}

/// The same rule further down: clients that send back what they read write `null` for what is not set.
fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let set = fields.iter().filter(|(_, value)| !value.is_null());
            set.map(|(name, value)| (name.clone(), without_nulls(value))).collect()
        }
        Value::Array(list) => list.iter().map(without_nulls).collect(),
        other => other.clone(),
    }
}
