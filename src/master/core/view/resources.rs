use mesoform_mesos::{Attribute, Resources};
use serde_json::{Map, Value, json};

/// Resources as Mesos shows them: amounts as numbers, the common ones always; ranges and sets as text.
pub fn resources_json(resources: &Resources) -> Value {
    let mut shown = Map::new();
    for name in ["cpus", "gpus", "mem", "disk"] {
        shown.insert(name.to_owned(), json!(resources.scalar(name)));
    }
    for resource in resources.to_message() {
        let value = if resource.scalar.is_some() {
            json!(resources.scalar(&resource.name))
        } else if let Some(ranges) = resources.ranges(&resource.name) {
            json!(ranges.to_string())
        } else {
            json!(resource.set.map(|set| format!("{{{}}}", set.item.join(", "))))
        };
        shown.insert(resource.name, value);
    }
    Value::Object(shown)
}

/// Attributes as Mesos shows them: numbers as numbers, all else as text.
pub fn attributes_json(attributes: &[Attribute]) -> Value {
    let shown = attributes.iter().map(|attribute| {
        let value = match attribute.scalar {
            Some(scalar) => json!(scalar.value),
            None => json!(attribute.value_text()),
        };
        (attribute.name.clone(), value)
    });
    Value::Object(shown.collect())
}
