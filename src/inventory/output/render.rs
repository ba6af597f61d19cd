use serde::Serialize;
use serde_json::ser::{PrettyFormatter, Serializer};
use serde_json::{Map, Value};

/// JSON as `ansible-inventory` prints it: keys sorted, four blanks of indent.
pub fn render_json(value: &Value) -> String {
    let mut bytes = Vec::new();
    let formatter = PrettyFormatter::with_indent(b"    ");
    // Writing to memory, with string keys only, cannot fail.
    let _ = sorted(value).serialize(&mut Serializer::with_formatter(&mut bytes, formatter));
    String::from_utf8(bytes).unwrap_or_default()
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
        Value::Object(map) => {
            let mut entries: Vec<(&String, &Value)> = map.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            let map = entries.into_iter().map(|(key, value)| (key.clone(), sorted(value)));
            Value::Object(map.collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}
