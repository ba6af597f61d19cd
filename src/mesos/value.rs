use crate::Extra;
use serde::{Deserialize, Serialize};

/// `Value.Type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ValueType {
    Scalar,
    Ranges,
    Set,
    Text,
}

/// `Value.Scalar`.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Scalar {
    pub value: f64,
}

/// `Value.Range`, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    pub begin: u64,
    pub end: u64,
}

/// `Value.Ranges`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Ranges {
    #[serde(default)]
    pub range: Vec<Range>,
}

/// `Value.Set`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Set {
    #[serde(default)]
    pub item: Vec<String>,
}

/// `Value.Text`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Text {
    pub value: String,
}

/// `Attribute`: what an agent says about itself, for constraints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attribute {
    pub name: String,
    #[serde(rename = "type")]
    pub kind: ValueType,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scalar: Option<Scalar>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ranges: Option<Ranges>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set: Option<Set>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Text>,
    #[serde(flatten)]
    pub extra: Extra,
}

impl Attribute {
    /// A text attribute.
    pub fn text(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            kind: ValueType::Text,
            text: Some(Text { value: value.into() }),
            ..Self::empty(name.into())
        }
    }

    /// A number.
    pub fn scalar(name: impl Into<String>, value: f64) -> Self {
        Self { kind: ValueType::Scalar, scalar: Some(Scalar { value }), ..Self::empty(name.into()) }
    }

    /// The value as Marathon's constraints see it: text as it is, a number without needless zeros,
    /// ranges as `[a-b,c-d]`, a set as `{a,b}`.
    pub fn value_text(&self) -> String {
        if let Some(text) = &self.text {
            return text.value.clone();
        }
        if let Some(scalar) = &self.scalar {
            return scalar.value.to_string();
        }
        if let Some(ranges) = &self.ranges {
            let parts: Vec<_> =
                ranges.range.iter().map(|r| format!("{}-{}", r.begin, r.end)).collect();
            return format!("[{}]", parts.join(","));
        }
        self.set.as_ref().map_or_else(String::new, |set| format!("{{{}}}", set.item.join(",")))
    }

    fn empty(name: String) -> Self {
        Self {
            name,
            kind: ValueType::Text,
            scalar: None,
            ranges: None,
            set: None,
            text: None,
            extra: Extra::new(),
        }
    }
}
