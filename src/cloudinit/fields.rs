use crate::mistake::Notes;
use crate::yaml::{Entry, Node, Value};
use mesoform_inventory::nearest;

/// The keys of a mapping, each of which somebody must ask for.
pub struct Fields<'a> {
    /// What the mapping is, for who is told about it: `users[2]`.
    pub place: String,
    pub line: usize,
    pub notes: &'a Notes,
    entries: &'a [Entry],
    asked: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    /// None where `node` is no mapping, which is noted.
    pub fn of(node: &'a Node, place: impl Into<String>, notes: &'a Notes) -> Option<Self> {
        let place = place.into();
        match &node.value {
            Value::Map(entries) => {
                Some(Self { place, line: node.line, notes, entries, asked: Vec::new() })
            }
            _ => {
                wrong(notes, node, &place, "a mapping");
                None
            }
        }
    }

    /// The value of `key`, also where that is null.
    pub fn any(&mut self, key: &'static str) -> Option<&'a Node> {
        self.asked.push(key);
        self.entries.iter().find(|entry| entry.key == key).map(|entry| &entry.node)
    }

    /// The value of `key`; null is none.
    pub fn node(&mut self, key: &'static str) -> Option<&'a Node> {
        self.any(key).filter(|node| node.value != Value::Null)
    }

    pub fn at(&self, key: &str) -> String {
        if self.place.is_empty() { key.to_owned() } else { format!("{}: {key}", self.place) }
    }

    pub fn text(&mut self, key: &'static str) -> Option<String> {
        let node = self.node(key)?;
        text(node, &self.at(key), self.notes)
    }

    /// A text that is not empty.
    pub fn required(&mut self, key: &'static str) -> Option<String> {
        match self.node(key) {
            Some(node) => text(node, &self.at(key), self.notes).filter(|text| {
                let given = !text.trim().is_empty();
                if !given {
                    self.notes.add(node.line, format!("{} is empty", self.at(key)), "say which");
                }
                given
            }),
            None => {
                self.notes.add(self.line, format!("{} is missing", self.at(key)), "add it");
                None
            }
        }
    }

    /// True or false, also in the words that cloud-init takes for them.
    pub fn flag(&mut self, key: &'static str) -> Option<bool> {
        let node = self.node(key)?;
        let word = node.word().unwrap_or_default().to_lowercase();
        match word.trim() {
            "true" | "1" | "on" | "yes" => Some(true),
            "false" | "0" | "off" | "no" => Some(false),
            _ => {
                wrong(self.notes, node, &self.at(key), "true or false");
                None
            }
        }
    }

    /// A list of texts; one text alone counts as a list.
    pub fn texts(&mut self, key: &'static str) -> Option<Vec<String>> {
        let node = self.node(key)?;
        texts(node, &self.at(key), self.notes)
    }

    /// Notes that `key` asks for what is not there.
    pub fn unsupported(&mut self, key: &'static str, cure: &str) {
        if let Some(node) = self.node(key) {
            self.notes.add(node.line, format!("{} is not supported", self.at(key)), cure);
        }
    }

    /// Notes the keys that nobody has asked for.
    pub fn finish(self) {
        for entry in self.entries.iter().filter(|entry| !self.asked.contains(&entry.key.as_str())) {
            let cure = match nearest(&entry.key, self.asked.iter().copied()) {
                Some(word) => format!("was {word} meant?"),
                None => "take it out".to_owned(),
            };
            self.notes.add(entry.line, format!("{} is not known", self.at(&entry.key)), cure);
        }
    }
}

/// One value that Python would take for a text.
pub fn text(node: &Node, place: &str, notes: &Notes) -> Option<String> {
    match node.value {
        Value::Text(_) | Value::Int(..) | Value::Float(_) => node.word(),
        _ => {
            wrong(notes, node, place, "a text");
            None
        }
    }
}

/// A list of texts, or one.
pub fn texts(node: &Node, place: &str, notes: &Notes) -> Option<Vec<String>> {
    match &node.value {
        Value::List(items) => {
            let numbered = items.iter().enumerate();
            let item = |(n, item)| text(item, &format!("{place}[{n}]"), notes);
            Some(numbered.filter_map(item).collect())
        }
        _ => text(node, place, notes).map(|text| vec![text]),
    }
}

/// The items of a list.
pub fn items<'a>(node: &'a Node, place: &str, notes: &Notes) -> &'a [Node] {
    match &node.value {
        Value::List(items) => items,
        _ => {
            wrong(notes, node, place, "a list");
            &[]
        }
    }
}

pub fn wrong(notes: &Notes, node: &Node, place: &str, wanted: &str) {
    notes.add(node.line, format!("{place} is {}", node.kind()), format!("it must be {wanted}"));
}
