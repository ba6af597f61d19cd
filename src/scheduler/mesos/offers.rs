use crate::core::{Offer, Update, decimal, milli};
use mesoform_mesos::{Attribute, Resource, TaskStatus, ValueType};
use std::collections::BTreeMap;

/// Fields of a resource that bind it to someone or something: it is not for every app.
const BINDING: [&str; 4] = ["reservation", "reservations", "disk", "revocable"];

/// What of an offer any app may use.
pub fn offer(offer: mesoform_mesos::Offer) -> Offer {
    let mut attributes: BTreeMap<String, String> = offer
        .attributes
        .iter()
        .filter_map(|a| Some((a.name.clone(), attribute_text(a)?)))
        .collect();
    for part in ["region", "zone"] {
        let name = &offer.extra.get("domain").unwrap_or_default()["fault_domain"][part]["name"];
        if let Some(name) = name.as_str() {
            attributes.insert(format!("@{part}"), name.to_owned());
        }
    }
    let free: Vec<&Resource> = offer.resources.iter().filter(|r| is_free(r)).collect();
    Offer {
        id: offer.id.value,
        agent_id: offer.agent_id.value,
        host: offer.hostname,
        attributes,
        cpus: amount(&free, "cpus"),
        mem: amount(&free, "mem"),
        disk: amount(&free, "disk"),
        ports: ports(&free),
    }
}

fn is_free(resource: &Resource) -> bool {
    resource.role.as_deref().is_none_or(|role| role == "*")
        && !BINDING.iter().any(|field| resource.extra.contains_key(*field))
}

fn amount(resources: &[&Resource], name: &str) -> i64 {
    let named = resources.iter().filter(|r| r.name == name);
    named.filter_map(|r| r.scalar).map(|s| milli(s.value)).sum()
}

fn ports(resources: &[&Resource]) -> Vec<(u16, u16)> {
    let named = resources.iter().filter(|r| r.name == "ports");
    let ranges = named.filter_map(|r| r.ranges.as_ref()).flat_map(|r| &r.range);
    let valid = ranges.filter(|r| r.begin <= r.end);
    valid.filter_map(|r| Some((u16::try_from(r.begin).ok()?, u16::try_from(r.end).ok()?))).collect()
}

/// An attribute as constraints see it, in Marathon's form.
fn attribute_text(attribute: &Attribute) -> Option<String> {
    match attribute.kind {
        ValueType::Text => Some(attribute.text.as_ref()?.value.clone()),
        ValueType::Scalar => Some(decimal(attribute.scalar?.value)),
        ValueType::Set => {
            let mut items = attribute.set.as_ref()?.item.clone();
            items.sort();
            Some(format!("{{{}}}", items.join(",")))
        }
        ValueType::Ranges => {
            let mut ranges = attribute.ranges.as_ref()?.range.clone();
            ranges.sort_by_key(|r| r.begin);
            let ranges: Vec<String> =
                ranges.iter().map(|r| format!("{}-{}", r.begin, r.end)).collect();
            Some(format!("[{}]", ranges.join(",")))
        }
    }
}

/// A status as the core takes it.
pub fn update(status: TaskStatus) -> Update {
    Update {
        task_id: status.task_id.value,
        agent_id: status.agent_id.map(|id| id.value),
        state: status.state,
        uuid: status.uuid.map(|uuid| uuid.0),
        message: status.message.unwrap_or_default(),
        reason: status.reason,
    }
}
