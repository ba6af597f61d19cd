use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What is wrong with a definition, by JSON path; answered all together as 422.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problems(BTreeMap<String, Vec<String>>);

impl Problems {
    /// One problem alone.
    pub fn one(path: &str, message: impl Into<String>) -> Self {
        let mut problems = Self::default();
        problems.add(path, message);
        problems
    }

    /// Notes that `path` (`/cmd`) is wrong.
    pub fn add(&mut self, path: &str, message: impl Into<String>) {
        let messages = self.0.entry(path.to_owned()).or_default();
        let message = message.into();
        if !messages.contains(&message) {
            messages.push(message);
        }
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `value`, if nothing is wrong.
    ///
    /// # Errors
    /// The problems.
    pub fn or<T>(self, value: T) -> Result<T, Self> {
        if self.is_empty() { Ok(value) } else { Err(self) }
    }

    /// The body that Marathon answers.
    pub fn to_json(&self) -> Value {
        let details: Vec<Value> =
            self.0.iter().map(|(path, errors)| json!({ "path": path, "errors": errors })).collect();
        json!({ "message": "Object is not valid", "details": details })
    }
}
