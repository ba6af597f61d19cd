//! Documents, held against the plan that they were made from.

mod equal;
mod joins;
mod limits;
mod plans;
mod tree;

use crate::{Boot, Dialect, Packer, Supply, document};
use mesoform_plan::Plan;
use mesoform_template::Templates;
use serde_json::Value;

pub fn templates() -> Templates {
    Templates::embedded().unwrap()
}

/// What there is for a host whose binary somebody serves.
pub fn supply<'a>(templates: &'a Templates, packer: &'a Packer) -> Supply<'a> {
    Supply {
        templates,
        packer,
        artifact_url: Some("http://192.0.2.1/m%20m"),
        join: None,
        address: None,
        extra_cloud_config: None,
    }
}

pub fn boot(plan: &Plan) -> Boot {
    Boot::of(plan, &supply(&templates(), &Packer::default())).unwrap()
}

pub fn text(dialect: Dialect, boot: &Boot, limit: Option<usize>) -> String {
    document(dialect, boot, &supply(&templates(), &Packer::default()), limit).unwrap()
}

pub fn yaml(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap()
}
