use super::reply::Problem;
use http::StatusCode;
use std::collections::BTreeMap;

/// A label query: `team, env==prod, tier!=db, zone in (a, b), zone notin (c)`, all of which must hold.
#[derive(Debug, PartialEq, Eq)]
pub struct Selector(Vec<Wish>);

#[derive(Debug, PartialEq, Eq)]
struct Wish {
    label: String,
    test: Test,
}

#[derive(Debug, PartialEq, Eq)]
enum Test {
    There,
    In(Vec<String>),
    NotIn(Vec<String>),
}

impl Selector {
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let wishes = split(text).into_iter().map(|part| wish(part.trim()));
        let wishes: Option<Vec<Wish>> = wishes.collect();
        wishes.map(Self).ok_or_else(|| {
            let message = format!("Couldn't parse label selector '{text}'");
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, message)
        })
    }

    pub fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        self.0.iter().all(|wish| {
            let value = labels.get(&wish.label);
            match &wish.test {
                Test::There => value.is_some(),
                Test::In(values) => value.is_some_and(|v| values.contains(v)),
                Test::NotIn(values) => value.is_some_and(|v| !values.contains(v)),
            }
        })
    }
}

/// At commas that stand in no parentheses.
fn split(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut depth = 0_usize;
    for c in text.chars() {
        depth = match c {
            '(' => depth + 1,
            ')' => depth.saturating_sub(1),
            _ => depth,
        };
        match parts.last_mut() {
            Some(last) if c != ',' || depth > 0 => last.push(c),
            _ => parts.push(String::new()),
        }
    }
    parts
}

fn wish(part: &str) -> Option<Wish> {
    let one = |value: &str| vec![name(value).unwrap_or_default()];
    if let Some((label, value)) = part.split_once("==") {
        return Some(Wish { label: name(label)?, test: Test::In(one(value)) });
    }
    if let Some((label, value)) = part.split_once("!=") {
        return Some(Wish { label: name(label)?, test: Test::NotIn(one(value)) });
    }
    let Some((head, set)) = part.split_once('(') else {
        return Some(Wish { label: name(part)?, test: Test::There });
    };
    let values = set.trim_end().strip_suffix(')')?.split(',').map(name).collect::<Option<_>>()?;
    let (label, word) = head.trim().rsplit_once(char::is_whitespace)?;
    let test = match word {
        "in" => Test::In(values),
        "notin" => Test::NotIn(values),
        _ => return None,
    };
    Some(Wish { label: name(label)?, test })
}

/// A label or a value; other characters than the usual ones are escaped with a backslash.
fn name(text: &str) -> Option<String> {
    let mut name = String::new();
    let mut chars = text.trim().chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => name.push(chars.next()?),
            c if c.is_ascii_alphanumeric() || "-_.".contains(c) => name.push(c),
            _ => return None,
        }
    }
    (!name.is_empty()).then_some(name)
}
