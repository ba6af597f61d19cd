//! From the events of a YAML parser to values.

use super::scalar;
use crate::var::kind;
use serde_json::{Map, Value};
use serde_saphyr::granit_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span, Tag};
use std::collections::HashMap;

/// What stands at the top of a document.
pub(super) enum Top {
    Empty,
    Mapping(Vec<Entry>),
    /// Something that holds no variables: what it is, in a word.
    Other(&'static str),
}

/// A key of the topmost mapping, and where it stands (counted from 1).
pub(super) struct Entry {
    pub key: String,
    pub value: Value,
    pub line: usize,
    pub column: usize,
}

pub(super) enum Failure {
    Syntax { line: usize, column: usize, cause: String },
    Vault { line: usize },
}

/// More nodes than this, aliases counted as often as they are used, are an attack or a slip.
const MOST_NODES: usize = 1_000_000;

/// Reads the only document in `text`.
pub(super) fn document(text: &str) -> Result<Top, Failure> {
    let parser = Parser::new_from_str(text);
    let mut composer = Composer { parser, anchors: HashMap::new(), nodes: 0 };
    let top = match composer.next()? {
        None => return Ok(Top::Empty),
        Some((Event::MappingStart(..), _)) => Top::Mapping(composer.entries()?),
        Some((event, span)) => match composer.node(event, &span)? {
            Value::Null => Top::Empty,
            value => Top::Other(kind(&value)),
        },
    };
    match composer.next()? {
        None => Ok(top),
        Some((_, span)) => Err(at(&span.start, "there is a second document; keep only one")),
    }
}

struct Composer<'a> {
    parser: Parser<'a, serde_saphyr::granit_parser::StrInput<'a>>,
    anchors: HashMap<usize, Value>,
    nodes: usize,
}

impl<'a> Composer<'a> {
    /// The next event that matters; none at the end.
    fn next(&mut self) -> Result<Option<(Event<'a>, Span)>, Failure> {
        loop {
            match self.parser.next_event().transpose().map_err(|e| scan(&e))? {
                None => return Ok(None),
                Some((event, span)) if event.is_node() => return Ok(Some((event, span))),
                Some(end @ (Event::SequenceEnd | Event::MappingEnd, _)) => return Ok(Some(end)),
                Some(_) => {}
            }
        }
    }

    fn required(&mut self) -> Result<(Event<'a>, Span), Failure> {
        let end = Marker::new(0, 1, 0);
        self.next()?.ok_or_else(|| at(&end, "the document ends too early"))
    }

    fn count(&mut self, nodes: usize, span: &Span) -> Result<(), Failure> {
        self.nodes += nodes;
        if self.nodes > MOST_NODES {
            return Err(at(&span.start, "the document is too large, or its aliases make it so"));
        }
        Ok(())
    }

    fn node(&mut self, event: Event<'a>, span: &Span) -> Result<Value, Failure> {
        self.count(1, span)?;
        let (value, anchor) = match event {
            Event::Alias(id) => {
                let value = self.anchors.get(&id).cloned();
                let value = value.ok_or_else(|| at(&span.start, "an alias refers to itself"))?;
                self.count(size(&value), span)?;
                return Ok(value);
            }
            Event::Scalar(text, style, anchor, tag) => {
                (scalar_value(&text, style, tag.as_deref(), span)?, anchor)
            }
            Event::SequenceStart(_, anchor, _) => (self.sequence()?, anchor),
            Event::MappingStart(_, anchor, _) => {
                let entries = self.entries()?;
                let map = entries.into_iter().map(|entry| (entry.key, entry.value));
                (Value::Object(map.collect::<Map<_, _>>()), anchor)
            }
            _ => return Err(at(&span.start, "a value is missing here")),
        };
        if anchor != 0 {
            self.anchors.insert(anchor, value.clone());
        }
        Ok(value)
    }

    fn sequence(&mut self) -> Result<Value, Failure> {
        let mut items = Vec::new();
        loop {
            match self.required()? {
                (Event::SequenceEnd, _) => return Ok(Value::Array(items)),
                (event, span) => items.push(self.node(event, &span)?),
            }
        }
    }

    /// The entries of a mapping that has begun, merged ones (`<<`) first, since others win.
    fn entries(&mut self) -> Result<Vec<Entry>, Failure> {
        let mut entries = Vec::new();
        let mut merged = Vec::new();
        loop {
            let (event, span) = self.required()?;
            if event == Event::MappingEnd {
                merged.append(&mut entries);
                return Ok(merged);
            }
            let merge = matches!(&event, Event::Scalar(t, ScalarStyle::Plain, ..) if t == "<<");
            let key = key_text(self.node(event, &span)?, &span)?;
            let (event, value_span) = self.required()?;
            let value = self.node(event, &value_span)?;
            let (line, column) = (span.start.line(), span.start.col() + 1);
            let entry = |(key, value)| Entry { key, value, line, column };
            if merge {
                merged.extend(sources(value, &value_span)?.into_iter().flatten().map(entry));
            } else {
                entries.push(entry((key, value)));
            }
        }
    }
}

/// What a merge key brings in, the strongest last: of several, the first one wins.
fn sources(value: Value, span: &Span) -> Result<Vec<Map<String, Value>>, Failure> {
    let parts = match value {
        Value::Array(parts) => parts,
        one => vec![one],
    };
    let map = |part| match part {
        Value::Object(map) => Ok(map),
        _ => Err(at(&span.start, "<< takes a mapping, or a list of mappings")),
    };
    parts.into_iter().rev().map(map).collect()
}

fn scalar_value(
    text: &str,
    style: ScalarStyle,
    tag: Option<&Tag>,
    span: &Span,
) -> Result<Value, Failure> {
    let string = || Value::String(text.to_owned());
    match tag {
        None if style == ScalarStyle::Plain => Ok(scalar::resolve(text)),
        None => Ok(string()),
        Some(tag) => match (tag.core_suffix(), tag.original().as_str()) {
            (Some("str" | "binary"), _) | (_, "!" | "!unsafe") => Ok(string()),
            (Some("bool" | "int" | "float" | "null" | "timestamp"), _) => Ok(scalar::resolve(text)),
            (_, "!vault" | "!vault-encrypted") => {
                // The text begins below its tag.
                Err(Failure::Vault { line: span.tag_start().unwrap_or(span.start).line() })
            }
            (_, name) => Err(at(&span.start, &format!("the tag {name} is not known"))),
        },
    }
}

fn key_text(key: Value, span: &Span) -> Result<String, Failure> {
    match key {
        Value::String(text) => Ok(text),
        Value::Array(_) | Value::Object(_) => Err(at(&span.start, "a key must be a plain word")),
        Value::Null => Ok("null".to_owned()),
        other => Ok(other.to_string()),
    }
}

fn size(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(size).sum::<usize>(),
        Value::Object(map) => 1 + map.values().map(size).sum::<usize>(),
        _ => 1,
    }
}

fn at(marker: &Marker, cause: &str) -> Failure {
    Failure::Syntax { line: marker.line(), column: marker.col() + 1, cause: cause.to_owned() }
}

fn scan(error: &ScanError) -> Failure {
    at(error.marker(), &error.info())
}
