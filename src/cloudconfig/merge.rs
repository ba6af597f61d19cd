use serde_json::Value;
use serde_json::map::Entry;

/// Merges `more` into `document`, as cloud-init does with `list(append)+dict(recurse_list)`: lists are
/// appended, mappings become one, and of two other values that of `more` counts.
pub fn merge(document: &mut Value, more: Value) {
    match (document, more) {
        (Value::Object(map), Value::Object(more)) => {
            for (key, value) in more {
                match map.entry(key) {
                    Entry::Occupied(mut there) => merge(there.get_mut(), value),
                    Entry::Vacant(free) => drop(free.insert(value)),
                }
            }
        }
        (Value::Array(list), Value::Array(more)) => list.extend(more),
        (place, value) => *place = value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn lists_are_appended_and_mappings_become_one() {
        let mut document = json!({"runcmd": [["a"]], "ntp": {"enabled": true}, "hostname": "h"});
        merge(
            &mut document,
            json!({"runcmd": [["b"]], "ntp": {"servers": ["s"]}, "hostname": "x", "swap": {"size": 1}}),
        );
        let wanted = json!({
            "runcmd": [["a"], ["b"]], "ntp": {"enabled": true, "servers": ["s"]},
            "hostname": "x", "swap": {"size": 1},
        });
        assert_eq!(document, wanted);
    }
}
