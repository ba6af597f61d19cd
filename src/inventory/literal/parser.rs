use super::{number, string};
use serde_json::{Map, Value};

/// Python gives up at 200 nested brackets.
const DEEPEST: usize = 199;

/// The literal that the whole text is; none for anything else.
pub(super) fn parse(text: &str) -> Option<Value> {
    let mut parser = Parser { rest: text.trim_start_matches([' ', '\t']), depth: 0 };
    let first = parser.item()?;
    let value = match parser.next_is(',') {
        true => parser.items(Some(first), None)?,
        false => first,
    };
    parser.skip_blanks();
    parser.rest.is_empty().then_some(value)
}

pub(super) struct Parser<'a> {
    pub rest: &'a str,
    depth: usize,
}

impl Parser<'_> {
    /// Skips what separates tokens; a comment reaches to the end.
    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\x0c']);
        if self.rest.starts_with('#') {
            self.rest = "";
        }
    }

    /// Takes `c` if it comes next.
    fn next_is(&mut self, c: char) -> bool {
        self.skip_blanks();
        match self.rest.strip_prefix(c) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn item(&mut self) -> Option<Value> {
        self.skip_blanks();
        let first = self.rest.chars().next()?;
        match first {
            '(' => self.nested(Self::tuple),
            '[' => self.nested(|parser| parser.items(None, Some(']'))),
            '{' => self.nested(Self::braces),
            '+' | '-' => {
                self.rest = &self.rest[1..];
                self.skip_blanks();
                number::parse(&mut self.rest, first == '-')
            }
            '.' | '0'..='9' => number::parse(&mut self.rest, false),
            _ => string::parse(self).or_else(|| self.name()),
        }
    }

    fn nested(&mut self, inner: impl FnOnce(&mut Self) -> Option<Value>) -> Option<Value> {
        if self.depth == DEEPEST {
            return None;
        }
        self.depth += 1;
        self.rest = &self.rest[1..];
        let value = inner(self);
        self.depth -= 1;
        value
    }

    /// Items up to `close`, or for a bare tuple up to the end; `first` was read with its comma.
    fn items(&mut self, first: Option<Value>, close: Option<char>) -> Option<Value> {
        let mut items: Vec<Value> = first.into_iter().collect();
        loop {
            self.skip_blanks();
            match close {
                Some(close) if self.next_is(close) => break,
                None if self.rest.is_empty() => break,
                _ => items.push(self.item()?),
            }
            if !self.next_is(',') {
                match close {
                    Some(close) if !self.next_is(close) => return None,
                    _ => break,
                }
            }
        }
        Some(Value::Array(items))
    }

    /// `()` and `(1,)` are tuples, `(1)` is 1.
    fn tuple(&mut self) -> Option<Value> {
        if self.next_is(')') {
            return Some(Value::Array(Vec::new()));
        }
        let first = self.item()?;
        if self.next_is(',') {
            return self.items(Some(first), Some(')'));
        }
        self.next_is(')').then_some(first)
    }

    /// A dictionary, or a set.
    fn braces(&mut self) -> Option<Value> {
        if self.next_is('}') {
            return Some(Value::Object(Map::new()));
        }
        let first = self.item()?;
        if self.next_is(':') {
            return self.dictionary(first);
        }
        let set = match self.next_is(',') {
            true => self.items(Some(first), Some('}'))?,
            false => self.next_is('}').then_some(Value::Array(vec![first]))?,
        };
        distinct(set)
    }

    fn dictionary(&mut self, first_key: Value) -> Option<Value> {
        let mut map = Map::new();
        let mut key = first_key;
        loop {
            let value = self.item()?;
            map.insert(key_text(key)?, value);
            if self.next_is('}') {
                return Some(Value::Object(map));
            }
            if !self.next_is(',') {
                return None;
            }
            if self.next_is('}') {
                return Some(Value::Object(map));
            }
            key = self.item()?;
            if !self.next_is(':') {
                return None;
            }
        }
    }

    fn name(&mut self) -> Option<Value> {
        let end = self.rest.find(|c: char| !c.is_alphanumeric() && c != '_');
        let (name, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        match name {
            "True" => Some(Value::Bool(true)),
            "False" => Some(Value::Bool(false)),
            "None" => Some(Value::Null),
            "set" => (self.next_is('(') && self.next_is(')')).then(|| Value::Array(Vec::new())),
            _ => None,
        }
    }
}

/// A set holds nothing twice, and only what can be a key.
fn distinct(set: Value) -> Option<Value> {
    let Value::Array(items) = set else { return None };
    let mut distinct: Vec<Value> = Vec::new();
    for item in items {
        if matches!(item, Value::Array(_) | Value::Object(_)) {
            return None;
        }
        if !distinct.contains(&item) {
            distinct.push(item);
        }
    }
    Some(Value::Array(distinct))
}

/// A dictionary's key as JSON writes it.
fn key_text(key: Value) -> Option<String> {
    match key {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null => Some("null".to_owned()),
        Value::Array(_) | Value::Object(_) => None,
    }
}
