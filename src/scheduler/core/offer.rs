use std::collections::BTreeMap;

/// What an agent has free: only what any role may use.
#[derive(Debug, Clone, PartialEq)]
pub struct Offer {
    pub id: String,
    pub agent_id: String,
    pub host: String,
    /// As texts (see [`decimal`]); `@region` and `@zone` too where the agent has a fault domain.
    pub attributes: BTreeMap<String, String>,
    /// Thousandths of a core.
    pub cpus: i64,
    /// Thousandths of a MiB.
    pub mem: i64,
    /// Thousandths of a MiB.
    pub disk: i64,
    /// Inclusive ranges.
    pub ports: Vec<(u16, u16)>,
}

impl Offer {
    /// What a constraint's field is on this agent.
    pub fn field(&self, name: &str) -> Option<&str> {
        match name {
            "hostname" | "@hostname" => Some(&self.host),
            attribute => self.attributes.get(attribute).map(String::as_str),
        }
    }
}

/// Thousandths, as Mesos counts.
pub fn milli(amount: f64) -> i64 {
    (amount * 1000.0).round() as i64
}

/// A number as constraints compare it: at most three digits behind the point, no zeros at the end.
pub fn decimal(number: f64) -> String {
    let text = format!("{number:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
