//! Lists of commands, as `bootcmd` and `runcmd` take them.

use crate::fields::{Fields, items, wrong};
use crate::mistake::Notes;
use crate::yaml::{Node, Value};

/// A shell script of a list's commands: texts as they are, lists word by word, each in quotes.
pub fn read(fields: &mut Fields<'_>, key: &'static str) -> Option<String> {
    let node = fields.node(key)?;
    let mut script = "#!/bin/sh\n".to_owned();
    for (number, item) in items(node, key, fields.notes).iter().enumerate() {
        if let Some(line) = line(item, &format!("{key}[{number}]"), fields.notes) {
            script.push_str(&line);
            script.push('\n');
        }
    }
    Some(script)
}

fn line(item: &Node, place: &str, notes: &Notes) -> Option<String> {
    match &item.value {
        // An item that is a comment alone.
        Value::Null => None,
        Value::Text(text) => Some(text.clone()),
        Value::List(words) => {
            let quoted = words.iter().map(|word| match word.word() {
                Some(word) => format!("'{}'", word.replace('\'', r"'\''")),
                None => {
                    wrong(notes, word, place, "a list of words");
                    String::new()
                }
            });
            Some(quoted.collect::<Vec<_>>().join(" "))
        }
        _ => {
            wrong(notes, item, place, "a text, or a list of words");
            None
        }
    }
}

/// How many commands a script has.
pub fn commands(script: &str) -> String {
    match script.lines().skip(1).filter(|line| !line.trim().is_empty()).count() {
        1 => "1 line".to_owned(),
        lines => format!("{lines} lines"),
    }
}
