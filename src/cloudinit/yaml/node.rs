/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// From 1.
    pub line: usize,
    pub value: Value,
}

/// A key of a mapping.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub key: String,
    pub line: usize,
    pub node: Node,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Null,
    Bool(bool),
    /// With how it was written: `0644` is 420.
    Int(i64, String),
    Float(f64),
    Text(String),
    /// `!!binary`
    Bytes(Vec<u8>),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

impl Node {
    /// What it is, for who is told that it should be something else.
    pub fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "nothing",
            Value::Bool(_) => "true or false",
            Value::Int(..) | Value::Float(_) => "a number",
            Value::Text(_) => "a text",
            Value::Bytes(_) => "binary",
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
        }
    }

    /// As Python's `str` writes it, where it is a single value.
    pub fn word(&self) -> Option<String> {
        Some(match &self.value {
            Value::Null => "None".to_owned(),
            Value::Bool(true) => "True".to_owned(),
            Value::Bool(false) => "False".to_owned(),
            Value::Int(number, _) => number.to_string(),
            Value::Float(number) => format!("{number:?}"),
            Value::Text(text) => text.clone(),
            Value::Bytes(_) | Value::List(_) | Value::Map(_) => return None,
        })
    }
}
