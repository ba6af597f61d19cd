//! How a host is reached: Ansible's connection variables, with the place of a wrong one.

use super::Mistakes;
use mesoform_inventory::{Host, Inventory, Value};
use mesoform_transport::{TransportError, Wanted};

pub(super) fn wanted(_inventory: &Inventory, host: &Host, mistakes: &mut Mistakes) -> Wanted {
    let lookup = |name: &str| {
        let var = host.var(name)?;
        match &var.value {
            Value::Bool(truth) => Some(truth.to_string()),
            _ => var.text(),
        }
    };
    Wanted::from_variables(host.name(), lookup).unwrap_or_else(|error| {
        let place = match &error {
            TransportError::Variable { name, .. } => host.var(name).map(|var| &var.origin),
            _ => None,
        };
        mistakes.add(
            place.unwrap_or(host.origin()),
            error.to_string(),
            "correct it, or take it out",
        );
        Wanted::default()
    })
}
