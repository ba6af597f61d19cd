//! A value as YAML that people can read and compare.

mod scalar;

use scalar::{block, scalar};
use serde_json::{Map, Value};

/// `value` as block-style YAML, with a newline at its end. The same value gives the same text; YAML 1.1
/// and 1.2 read the same from it.
pub fn to_yaml(value: &Value) -> String {
    let mut text = String::new();
    match value {
        Value::Object(map) if !map.is_empty() => mapping(map, 0, &mut text),
        Value::Array(items) if !items.is_empty() => sequence(items, 0, &mut text),
        other => {
            text.push_str(&flow(other));
            text.push('\n');
        }
    }
    text
}

fn mapping(map: &Map<String, Value>, depth: usize, text: &mut String) {
    for (number, (key, value)) in map.iter().enumerate() {
        // The first key of an item stands behind its dash.
        if number > 0 || !text.ends_with("- ") {
            indent(depth, text);
        }
        text.push_str(&scalar(key));
        text.push(':');
        below(value, depth, text);
    }
}

/// What stands behind a key.
fn below(value: &Value, depth: usize, text: &mut String) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            text.push('\n');
            mapping(map, depth + 1, text);
        }
        Value::Array(items) if !items.is_empty() => {
            text.push('\n');
            sequence(items, depth + 1, text);
        }
        Value::String(content) => match block(content, depth + 1) {
            Some(lines) => {
                text.push(' ');
                text.push_str(&lines);
            }
            None => line(&scalar(content), text),
        },
        other => line(&flow(other), text),
    }
}

fn line(value: &str, text: &mut String) {
    text.push(' ');
    text.push_str(value);
    text.push('\n');
}

fn sequence(items: &[Value], depth: usize, text: &mut String) {
    for item in items {
        indent(depth, text);
        text.push_str("- ");
        match item {
            Value::Object(map) if !map.is_empty() => mapping(map, depth + 1, text),
            other => {
                text.push_str(&flow(other));
                text.push('\n');
            }
        }
    }
}

/// In one line: JSON's brackets, YAML's words.
fn flow(value: &Value) -> String {
    match value {
        Value::String(text) => scalar(text),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(flow).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(map) => {
            let entries: Vec<String> = map
                .iter()
                .map(|(key, value)| format!("{}: {}", scalar(key), flow(value)))
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
        plain => plain.to_string(),
    }
}

fn indent(depth: usize, text: &mut String) {
    text.extend(std::iter::repeat_n("  ", depth));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn a_document_reads_well() {
        let value = json!({
            "hostname": "h1",
            "users": ["default", {"name": "u", "system": true}],
            "write_files": [
                {"path": "/etc/a b", "permissions": "0600", "content": "one\n  two\n\n"},
                {"path": "/etc/c", "content": "no end"},
            ],
            "runcmd": [["install", "-d", "/a"], ["echo", "yes", "it's", ""]],
            "ntp": {"enabled": false, "servers": []},
        });
        let wanted = "\
hostname: h1
users:
  - default
  - name: u
    system: true
write_files:
  - path: \"/etc/a b\"
    permissions: \"0600\"
    content: |+
      one
        two

  - path: /etc/c
    content: \"no end\"
runcmd:
  - [install, -d, /a]
  - [echo, \"yes\", \"it's\", \"\"]
ntp:
  enabled: false
  servers: []
";
        assert_eq!(to_yaml(&value), wanted);
    }

    fn value() -> impl Strategy<Value = Value> {
        let words = prop::sample::select(vec![
            "yes",
            "No",
            "null",
            "~",
            "1",
            "0x1f",
            "1e3",
            "0o7",
            "12:30:45",
            "-",
            "- a",
            "a: b",
            "#c",
            " a",
            "a ",
            "\n",
            "a\nb\n",
            "\na",
            "a\n\n",
            " a\nb",
            "\ta\nb\n",
            "---",
            "a #b",
            "=",
            "<<",
            "2001-01-01",
            "é\nü\n",
            "\u{85}\nx\n",
            "\u{feff}a\nb",
            "a\r\nb\n",
            "a\u{2028}b\nc\n",
            "%a",
            "@a",
            "`a",
            "!a",
            "&a",
            "*a",
            "\u{7f}",
            "😀\nb\n",
            ".5",
            "+1",
            ".inf",
            "1_000",
            "{}",
        ]);
        let text = prop_oneof![words.prop_map(str::to_owned), any::<String>()];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            text.clone().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 5, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::vec((text.clone(), inner), 0..5)
                    .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_reader_finds_what_was_written(value in value()) {
            let text = to_yaml(&value);
            let read: Value = serde_saphyr::from_str(&text)
                .map_err(|e| TestCaseError::fail(format!("{e}:\n{text}")))?;
            prop_assert_eq!(read, value, "{}", text);
        }
    }
}
