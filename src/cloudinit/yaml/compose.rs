//! From the events of a YAML parser to nodes.

use super::{Entry, Node, Value};
use crate::mistake::Notes;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mesoform_inventory::yaml_word;
use serde_json::Value as Word;
use serde_saphyr::granit_parser::{Event, Marker, Parser, ScalarStyle, Span, StrInput, Tag};
use std::collections::{BTreeSet, HashMap};

/// More nodes than this, aliases counted as often as they are used, are an attack or a slip.
const MOST_NODES: usize = 200_000;
/// So many bytes of texts, counted in the same way: four times what a document may have.
const MOST_BYTES: usize = 16 * 1024 * 1024;
/// No document of anybody's is nested deeper.
const DEEPEST: usize = 64;

struct Failure(usize, String);

/// Reads the only document in `text`; what is no YAML is noted.
pub fn document(text: &str, notes: &Notes) -> Option<Node> {
    let parser = Parser::new_from_str(text);
    let mut composer =
        Composer { parser, anchors: HashMap::new(), nodes: 0, bytes: 0, depth: 0, notes };
    match composer.whole() {
        Ok(node) => node,
        Err(Failure(line, cause)) => {
            notes.add(line, cause, "mend the YAML");
            None
        }
    }
}

struct Composer<'a> {
    parser: Parser<'a, StrInput<'a>>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
    bytes: usize,
    depth: usize,
    notes: &'a Notes,
}

impl<'a> Composer<'a> {
    fn whole(&mut self) -> Result<Option<Node>, Failure> {
        let Some((event, span)) = self.next()? else { return Ok(None) };
        let node = self.node(event, &span)?;
        match self.next()? {
            None => Ok(Some(node)),
            Some((_, span)) => Err(at(&span.start, "there is a second document; keep only one")),
        }
    }

    /// The next event that matters; none at the end.
    fn next(&mut self) -> Result<Option<(Event<'a>, Span)>, Failure> {
        loop {
            let event = self.parser.next_event().transpose();
            match event.map_err(|e| at(e.marker(), &e.info()))? {
                None => return Ok(None),
                Some((event, span)) if event.is_node() => return Ok(Some((event, span))),
                Some(end @ (Event::SequenceEnd | Event::MappingEnd, _)) => return Ok(Some(end)),
                Some(_) => {}
            }
        }
    }

    fn required(&mut self) -> Result<(Event<'a>, Span), Failure> {
        self.next()?.ok_or_else(|| Failure(1, "the document ends too early".to_owned()))
    }

    fn count(&mut self, nodes: usize, span: &Span) -> Result<(), Failure> {
        self.nodes += nodes;
        if self.nodes > MOST_NODES || self.bytes > MOST_BYTES || self.depth > DEEPEST {
            return Err(at(
                &span.start,
                "the document is too large or too deep, or its aliases make it so",
            ));
        }
        Ok(())
    }

    fn node(&mut self, event: Event<'a>, span: &Span) -> Result<Node, Failure> {
        self.count(1, span)?;
        self.depth += 1;
        let line = span.start.line();
        let (value, anchor) = match event {
            Event::Alias(id) => {
                let node = self.anchors.get(&id);
                let node = node.ok_or_else(|| at(&span.start, "an alias refers to itself"))?;
                let (nodes, bytes) = size(node);
                self.bytes += bytes;
                self.count(nodes, span)?;
                (self.anchors[&id].value.clone(), 0)
            }
            Event::Scalar(text, style, anchor, tag) => {
                (self.scalar(&text, style, tag.as_deref(), span)?, anchor)
            }
            Event::SequenceStart(_, anchor, _) => (self.sequence()?, anchor),
            Event::MappingStart(_, anchor, _) => (self.mapping()?, anchor),
            _ => return Err(at(&span.start, "a value is missing here")),
        };
        self.depth -= 1;
        let node = Node { line, value };
        if anchor != 0 {
            self.bytes += size(&node).1;
            self.count(0, span)?;
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn sequence(&mut self) -> Result<Value, Failure> {
        let mut items = Vec::new();
        loop {
            match self.required()? {
                (Event::SequenceEnd, _) => return Ok(Value::List(items)),
                (event, span) => items.push(self.node(event, &span)?),
            }
        }
    }

    /// Merged entries (`<<`) give way to a mapping's own.
    fn mapping(&mut self) -> Result<Value, Failure> {
        let (mut own, mut merged) = (Vec::<Entry>::new(), Vec::new());
        let mut names = BTreeSet::new();
        loop {
            let (event, span) = self.required()?;
            if event == Event::MappingEnd {
                break;
            }
            let is_merge = matches!(&event, Event::Scalar(t, ScalarStyle::Plain, ..) if t == "<<");
            let line = span.start.line();
            let key = self.node(event, &span)?.word();
            let key = key.ok_or_else(|| at(&span.start, "a key must be a plain word"))?;
            let (event, span) = self.required()?;
            let node = self.node(event, &span)?;
            if is_merge {
                merged.append(&mut sources(node)?);
            } else if names.insert(key.clone()) {
                own.push(Entry { key, line, node });
            } else {
                let cure = "keep one of them: cloud-init would see the last one alone";
                self.notes.add(line, format!("{key} is there twice"), cure);
            }
        }
        for entry in merged {
            if names.insert(entry.key.clone()) {
                own.push(entry);
            }
        }
        Ok(Value::Map(own))
    }

    fn scalar(
        &self,
        text: &str,
        style: ScalarStyle,
        tag: Option<&Tag>,
        span: &Span,
    ) -> Result<Value, Failure> {
        let Some(tag) = tag else {
            return Ok(if style == ScalarStyle::Plain {
                plain(text)
            } else {
                Value::Text(text.into())
            });
        };
        match (tag.core_suffix(), tag.original().as_str()) {
            (Some("str"), _) | (_, "!") => Ok(Value::Text(text.to_owned())),
            (_, "!!binary" | "tag:yaml.org,2002:binary") => {
                let letters: String = text.split_whitespace().collect();
                let bytes = STANDARD.decode(letters);
                bytes
                    .map(Value::Bytes)
                    .map_err(|e| at(&span.start, &format!("!!binary is no base64: {e}")))
            }
            (Some("bool" | "int" | "float" | "null" | "timestamp"), _) => Ok(plain(text)),
            (_, name) => Err(at(&span.start, &format!("the tag {name} is not known"))),
        }
    }
}

fn plain(text: &str) -> Value {
    match yaml_word(text) {
        Word::Null => Value::Null,
        Word::Bool(value) => Value::Bool(value),
        Word::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Value::Int(whole, text.to_owned()),
            (None, Some(float)) => Value::Float(float),
            (None, None) => Value::Text(text.to_owned()),
        },
        _ => Value::Text(text.to_owned()),
    }
}

/// What a merge key brings in, the strongest first.
fn sources(node: Node) -> Result<Vec<Entry>, Failure> {
    let line = node.line;
    match node.value {
        Value::Map(entries) => Ok(entries),
        Value::List(parts) => {
            let parts: Result<Vec<_>, _> = parts.into_iter().map(sources).collect();
            parts.map(|parts| parts.into_iter().flatten().collect())
        }
        _ => Err(Failure(line, "<< takes a mapping, or a list of mappings".to_owned())),
    }
}

/// Nodes, and bytes of texts.
fn size(node: &Node) -> (usize, usize) {
    let sum = |(a, b): (usize, usize), (c, d): (usize, usize)| (a + c, b + d);
    match &node.value {
        Value::List(items) => items.iter().map(size).fold((1, 0), sum),
        Value::Map(entries) => {
            let entry = |entry: &Entry| sum((0, entry.key.len()), size(&entry.node));
            entries.iter().map(entry).fold((1, 0), sum)
        }
        Value::Text(text) | Value::Int(_, text) => (1, text.len()),
        Value::Bytes(bytes) => (1, bytes.len()),
        Value::Null | Value::Bool(_) | Value::Float(_) => (1, 0),
    }
}

fn at(marker: &Marker, cause: &str) -> Failure {
    Failure(marker.line(), cause.to_owned())
}
