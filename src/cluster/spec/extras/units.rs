//! `mesoform_extra_units` and `mesoform_unit_needs`.

use super::{ExtraUnit, NEEDS, OUR_UNITS, Reader, UNITS};
use crate::Service;
use mesoform_inventory::{Value, Var};
use mesoform_plan::Step;
use std::collections::BTreeMap;

impl Reader<'_> {
    pub(super) fn units(&mut self, var: &Var) -> Vec<ExtraUnit> {
        let Some(map) = var.value.as_object() else {
            let cure = "write the units below their names: my.service: \"[Service]…\"";
            self.wrong(var, format!("{UNITS} is no dictionary"), cure);
            return Vec::new();
        };
        map.iter().filter_map(|(name, item)| self.unit(var, name, item)).collect()
    }

    fn unit(&mut self, var: &Var, name: &str, item: &Value) -> Option<ExtraUnit> {
        if name.starts_with(OUR_UNITS) {
            let cure = "give it another name: mesoform-… are mesoform's own";
            self.wrong(var, format!("{UNITS} has {name}"), cure);
            return None;
        }
        let step = Step::Unit { name: name.to_owned(), enabled: true, inputs: Vec::new() };
        if !self.allowed(var, name, &step) {
            return None;
        }
        let content = match item {
            Value::String(content) => content.clone(),
            _ => self.content(var, name, item)?,
        };
        let known = |key: &&String| matches!(key.as_str(), "content" | "src" | "enabled");
        if let Some(key) = item.as_object().and_then(|map| map.keys().find(|key| !known(key))) {
            let cause = format!("{name} in {UNITS} has a {key:?}");
            self.wrong(var, cause, "the keys are content, src, enabled");
        }
        let enabled = match item.get("enabled") {
            None | Some(Value::Null) => true,
            Some(Value::Bool(enabled)) => *enabled,
            Some(_) => {
                let cause = format!("{name} in {UNITS} is neither enabled nor not");
                self.wrong(var, cause, "write true or false, without quotes");
                true
            }
        };
        Some(ExtraUnit { name: name.to_owned(), content, enabled })
    }

    pub(super) fn needs(
        &mut self,
        var: &Var,
        units: &[ExtraUnit],
    ) -> BTreeMap<String, Vec<String>> {
        let cure = "write the needs of each unit below its name: my.service: [quorum]";
        let Some(map) = var.value.as_object() else {
            self.wrong(var, format!("{NEEDS} is no dictionary"), cure);
            return BTreeMap::new();
        };
        let mut all = BTreeMap::new();
        for (unit, needs) in map {
            let Some(needs) = needs.as_array() else {
                self.wrong(var, format!("the needs of {unit} in {NEEDS} are no list"), cure);
                continue;
            };
            let needs = needs.iter().map(|need| need.as_str().unwrap_or_default());
            let needs: Vec<String> =
                needs.filter_map(|need| self.named(var, need, units)).collect();
            if let Some(unit) = self.named(var, unit, units) {
                all.insert(unit, needs);
            }
        }
        all
    }

    /// A service by any of its names, or a unit of the operator's.
    fn named(&mut self, var: &Var, name: &str, units: &[ExtraUnit]) -> Option<String> {
        if units.iter().any(|unit| unit.name == name) {
            return Some(name.to_owned());
        }
        let plain = name.strip_prefix("mesoform-").and_then(|name| name.strip_suffix(".service"));
        match plain.unwrap_or(name).parse::<Service>() {
            Ok(service) => Some(service.name().to_owned()),
            Err(_) => {
                let cause = format!("{NEEDS} names {name:?}, which is no unit");
                self.wrong(var, cause, "name a service, or a unit of mesoform_extra_units");
                None
            }
        }
    }
}
