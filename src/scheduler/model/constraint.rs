use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// How a constraint compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Operator {
    Unique,
    Cluster,
    GroupBy,
    Like,
    Unlike,
    MaxPer,
    Is,
}

impl Operator {
    const NAMES: [(&'static str, Self); 7] = [
        ("UNIQUE", Self::Unique),
        ("CLUSTER", Self::Cluster),
        ("GROUP_BY", Self::GroupBy),
        ("LIKE", Self::Like),
        ("UNLIKE", Self::Unlike),
        ("MAX_PER", Self::MaxPer),
        ("IS", Self::Is),
    ];
}

impl FromStr for Operator {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::NAMES.iter().find(|(name, _)| *name == text).map(|(_, op)| *op).ok_or(())
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::NAMES.iter().find(|(_, op)| op == self).map_or("", |(name, _)| name);
        f.write_str(name)
    }
}

/// A placement wish: `["hostname", "UNIQUE"]`, `["rack", "LIKE", "a.*"]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct Constraint {
    /// `hostname`, `@region`, `@zone`, or an attribute of agents.
    pub field: String,
    pub operator: Operator,
    pub value: Option<String>,
}

impl Constraint {
    /// Whether the value does for the operator.
    fn check(self) -> Result<Self, String> {
        let value = self.value.as_deref();
        match (self.operator, value) {
            (Operator::Unique, Some(_)) => Err("Value specified but not used".to_owned()),
            (Operator::Like | Operator::Unlike, Some(pattern)) => full_match(pattern).map(drop),
            (Operator::Like | Operator::Unlike, None) => {
                Err(format!("A regular expression value must be provided for {}", self.operator))
            }
            (Operator::MaxPer, value) => number(value)
                .map(drop)
                .ok_or_else(|| "MAX_PER needs a whole number of instances as its value".to_owned()),
            (Operator::GroupBy, Some(v)) if v != "inf" => number(Some(v))
                .map(drop)
                .ok_or_else(|| "Value was specified but is not a number".to_owned()),
            (Operator::Is, None) => Err("IS needs a value".to_owned()),
            _ => Ok(()),
        }?;
        Ok(self)
    }
}

fn number(value: Option<&str>) -> Option<u32> {
    value?.parse().ok()
}

/// A pattern as Java's `matches` takes it: the whole text must match.
///
/// # Errors
/// The pattern is no regular expression that can be carried out.
pub(crate) fn full_match(pattern: &str) -> Result<regex::Regex, String> {
    regex::RegexBuilder::new(&format!("^(?:{pattern})$"))
        .size_limit(1 << 20)
        .build()
        .map_err(|e| format!("'{pattern}' is not a valid regular expression: {e}"))
}

impl TryFrom<Vec<String>> for Constraint {
    type Error = String;

    fn try_from(parts: Vec<String>) -> Result<Self, String> {
        let mut parts = parts.into_iter();
        let (Some(field), Some(operator), value, None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err("must have 2 or 3 elements: field, operator, value".to_owned());
        };
        if field.is_empty() {
            return Err("the field must not be empty".to_owned());
        }
        let operator = operator.parse().map_err(|()| {
            let known: Vec<&str> = Operator::NAMES.iter().map(|(name, _)| *name).collect();
            format!("'{operator}' is not an operator; the operators are {}", known.join(", "))
        })?;
        Self { field, operator, value: value.filter(|v| !v.is_empty()) }.check()
    }
}

impl From<Constraint> for Vec<String> {
    fn from(constraint: Constraint) -> Self {
        let mut parts = vec![constraint.field, constraint.operator.to_string()];
        parts.extend(constraint.value);
        parts
    }
}
